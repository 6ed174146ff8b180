// On paper: what is being looked at, on as few sheets as can be.
import { byId } from "./core.js";
import { showPartners } from "./answer.js";
import { first, followSchool } from "./first.js";
import { drawForPaper } from "./maps.js";
import { fillPart } from "./waiting.js";

// A sheet of A4 less its margins and what stands above and between, in the pixels of paper.
const MAP_WIDTH = 690;
const ROOM = 870;
const MAP_LEAST = 200;
const MAP_MOST = 440;
const LINE = 12.9;
const LETTERS = 128;
let wanted = "";
/** The part of the page that is at the top of the window. */
const inView = () => {
  if (scrollY < 40) return "school";
  const sections = [...document.querySelectorAll("section, details.part[open]")].filter((one) => one.offsetParent);
  const top = innerHeight / 3;
  const seen = sections.filter((one) => one.getBoundingClientRect().top <= top && one.getBoundingClientRect().bottom > 60);
  const found = seen[seen.length - 1];
  return !found || found.id === "school" || found.id === "answer" ? "school" : found.id;
};
const printedLines = (nodes, letters) => [...nodes].reduce((n, { textContent }) => n + Math.ceil(textContent.length / letters), 0);
/** How high the map may be on the sheet of a school, from how much there is to say in two columns. */
const mapHeight = () => {
  const items = [...byId("answer-list").children].map((item) => LINE * (0.8 + printedLines(item.querySelectorAll("p"), LETTERS / 2.3)));
  const columns = items.reduce((sum, one) => sum + one, 0) / 2 + Math.max(0, ...items) / 2;
  const above = LINE * printedLines([byId("answer-today"), byId("answer-short"), byId("answer-partners")], LETTERS);
  const left = ROOM - above - columns;
  document.body.classList.toggle("much", left < MAP_LEAST);
  return left < MAP_LEAST ? MAP_LEAST : Math.min(MAP_MOST, Math.floor(left));
};
const sizeMap = (width, height) => {
  const { node, map } = first.pane;
  Object.assign(node.style, { width, height });
  map.invalidateSize({ animate: false });
  followSchool();
};
const prepare = () => {
  const part = wanted || inView();
  document.body.dataset.print = part;
  const place = byId(part);
  place.classList.add("target");
  if (place.matches("details")) place.open = true;
  for (let node = place; node && node !== document.body; node = node.parentElement) node.classList.add("printed");
  showPartners(true);
  if (part === "school") { sizeMap(`${MAP_WIDTH}px`, `${mapHeight()}px`); drawForPaper(first.pane); }
};
const restore = () => {
  wanted = "";
  delete document.body.dataset.print;
  document.querySelectorAll(".printed").forEach((one) => one.classList.remove("printed", "target"));
  showPartners();
  sizeMap("", "");
};
/** @param {string} part id of what is to be printed */
export const printPart = (part) => { wanted = part; print(); };
export const setUpPrinting = () => {
  addEventListener("beforeprint", prepare);
  addEventListener("afterprint", restore);
  byId("print-school").addEventListener("click", () => printPart("school"));
  byId("reply-print").addEventListener("click", () => printPart("reply"));
  document.addEventListener("click", (event) => {
    const button = /** @type {any} */ (event.target).closest("[data-print-option]");
    if (!button) return;
    fillPart(byId("details"));
    printPart(`sheet-${button.dataset.printOption}`);
  });
};
