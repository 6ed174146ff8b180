// On paper: what is being looked at, on as few sheets as can be.
import { showPartners } from "./answer.js";
import { asked } from "./ask.js";
import { panes } from "./compare.js";
import { byId } from "./core.js";
import { first, followSchool } from "./first.js";
import { levels } from "./levels.js";
import { drawForPaper } from "./maps.js";
import { fillPart } from "./waiting.js";
import { tried } from "./workbench.js";

// A sheet of A4 less its margins and what stands above and between, in the pixels of paper.
const MAP_WIDTH = 690;
const ROOM = 870;
const MAP_LEAST = 200;
const MAP_MOST = 440;
const LINE = 12.9;
const LETTERS = 128;
const GAP = 30;
let wanted = "";
/** @type {[Pane, L.LatLng, number][]} maps as they were before they were put on paper */
let views = [];
/** The part of the page that is at the top of the window. */
const inView = () => {
  if (scrollY < 40) return "school";
  const sections = [...document.querySelectorAll("section, details.part[open], details.sheet[open]")].filter(
    (one) => one.offsetParent,
  );
  const top = innerHeight / 3;
  const seen = sections.filter(
    (one) => one.getBoundingClientRect().top <= top && one.getBoundingClientRect().bottom > 60,
  );
  const found = seen[seen.length - 1];
  return !found || found.id === "school" || found.id === "answer" ? "school" : found.id;
};
/** @param {Iterable<{ textContent: string }>} nodes @param {number} letters */
const printedLines = (nodes, letters) =>
  [...nodes].reduce((n, { textContent }) => n + Math.ceil(textContent.length / letters), 0);
/** How high the map may be on the sheet of a school, from how much there is to say in two columns. */
const mapHeight = () => {
  const items = [...byId("answer-list").children].map(
    (item) => LINE * (0.8 + printedLines(item.querySelectorAll("p"), LETTERS / 2.3)),
  );
  const columns = items.reduce((sum, one) => sum + one, 0) / 2 + Math.max(0, ...items) / 2;
  const above = LINE * printedLines([byId("answer-today"), byId("answer-short"), byId("answer-partners")], LETTERS);
  const left = ROOM - above - columns;
  document.body.classList.toggle("much", left < MAP_LEAST);
  return left < MAP_LEAST ? MAP_LEAST : Math.min(MAP_MOST, Math.floor(left));
};
/** @param {Pane} pane @param {string} width @param {string} height */
const sizeMap = ({ node, map }, width, height) => {
  Object.assign(node.style, { width, height });
  map.invalidateSize({ animate: false });
};
/** Put the maps of a part on paper, with what they show. @param {HTMLElement} place */
const drawMaps = (place) => {
  const maps = [first.pane, ...panes, tried.pane, asked.pane, levels.pane].flatMap((pane) =>
    pane && place.contains(pane.node) ? [pane] : [],
  );
  const seen = maps.map(({ map }) => map.getBounds());
  views = maps.map((pane) => [pane, pane.map.getCenter(), pane.map.getZoom()]);
  maps.forEach((pane) =>
    sizeMap(
      pane,
      `${panes.includes(pane) ? (MAP_WIDTH - GAP) / 2 : MAP_WIDTH}px`,
      `${pane === first.pane ? mapHeight() : MAP_MOST}px`,
    ),
  );
  maps.forEach((pane, i) => {
    if (pane === first.pane) followSchool(); else pane.map.fitBounds(seen[i], { animate: false });
  });
  maps.forEach(drawForPaper);
};
const prepare = () => {
  const part = wanted || inView();
  document.body.dataset.print = part;
  const place = byId(part);
  place.classList.add("target");
  if (place.matches("details")) place.open = true;
  for (let node = /** @type {HTMLElement | null} */ (place); node && node !== document.body; node = node.parentElement)
    node.classList.add("printed");
  showPartners(true);
  drawMaps(place);
};
const restore = () => {
  wanted = "";
  delete document.body.dataset.print;
  document.querySelectorAll(".printed").forEach((one) => one.classList.remove("printed", "target"));
  showPartners();
  views.forEach(([pane]) => sizeMap(pane, "", ""));
  views.forEach(([{ map }, at, zoom]) => map.setView(at, zoom, { animate: false }));
  views = [];
};
/** @param {string} part id of what is to be printed */
export const printPart = (part) => { wanted = part; print(); };
export const setUpPrinting = () => {
  addEventListener("beforeprint", prepare);
  addEventListener("afterprint", restore);
  byId("print-school").addEventListener("click", () => printPart("school"));
  byId("reply-print").addEventListener("click", () => printPart("reply"));
  document.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("[data-print-option]");
    if (!button) return;
    fillPart(byId("details"));
    printPart(`sheet-${button.dataset.printOption}`);
  });
};
