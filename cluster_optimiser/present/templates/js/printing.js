// On paper: what is being looked at, on as few sheets as can be.
import { byId } from "./core.js";
import { first, followSchool } from "./first.js";
import { drawForPaper } from "./maps.js";
import { fillPart } from "./parts.js";

// A sheet of A4 less its margins, in the pixels of paper.
const MAP_WIDTH = 690;
const MAP_HEIGHT = 340;
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
  if (part === "school") { sizeMap(`${MAP_WIDTH}px`, `${MAP_HEIGHT}px`); drawForPaper(first.pane); }
};
const restore = () => {
  wanted = "";
  delete document.body.dataset.print;
  document.querySelectorAll(".printed").forEach((one) => one.classList.remove("printed", "target"));
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
    const button = event.target.closest("[data-print-option]");
    if (!button) return;
    fillPart(byId("details"));
    printPart(`sheet-${button.dataset.printOption}`);
  });
};
