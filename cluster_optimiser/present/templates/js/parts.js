// The parts of the page: what opens them, and what takes a reader to a place in one.
import { byId, counted, say } from "./core.js";
import { wordsOf, written } from "./search.js";
import { fillPart, onPart, placeOf, setStops } from "./waiting.js";

const setUpFilter = () => {
  const field = byId("filter");
  const lines = [...document.querySelectorAll("#all-schools tbody tr")];
  const texts = lines.map((line) => [...wordsOf(line.textContent), ...written(line.textContent)].join(" "));
  byId("filter-box").hidden = false;
  field.addEventListener("input", () => {
    const ways = [wordsOf(field.value), written(field.value)];
    let n = 0;
    lines.forEach((line, i) => {
      line.hidden = !ways.some((asked) => asked.every((word) => texts[i].includes(word)));
      n += line.hidden ? 0 : 1;
    });
    byId("filter-status").textContent = counted(n, say.filter);
  });
};
export const setUpParts = () => {
  byId("figures-all").open = false;
  document.querySelectorAll("details.part").forEach((part) => {
    part.open = false;
    // "toggle" comes a while after the part has opened; it also comes where a search in the page opens it.
    part.querySelector("summary").addEventListener("click", () => fillPart(part));
    part.addEventListener("toggle", () => { if (part.open) { fillPart(part); setStops(part); } });
  });
  onPart((part) => { if (part.id === "everyone") setUpFilter(); });
  addEventListener("resize", () => setStops());
  setTimeout(setStops);
};
/**
 * Open whatever holds a place of the page, and bring it to the top of the window.
 * @param {string} id
 * @param {boolean} [isAsked] whether the focus goes there too
 */
export const reveal = (id, isAsked = true) => {
  const place = placeOf(id);
  if (!place) return;
  for (
    let node = /** @type {HTMLDetailsElement | null} */ (place);
    node;
    node = /** @type {HTMLDetailsElement | null} */ (node.parentElement)
  ) {
    if (node.tagName === "DETAILS" && !node.open) {
      fillPart(node);
      node.open = true;
    }
  }
  const box = /** @type {HTMLDetailsElement} */ (byId(`${id}-box`) || byId(`${id}-all`));
  if (box) box.open = true;
  // The contents stay above, in one line or, on a phone, in three; not in a window that they would fill.
  const above = document.querySelector(".toc");
  const isAbove = above && getComputedStyle(above).position === "sticky";
  if (above) document.documentElement.style.scrollPaddingTop = `${isAbove ? above.clientHeight + 8 : 8}px`;
  place.scrollIntoView({ block: "start", behavior: "instant" });
  place.dispatchEvent(new Event("reveal", { bubbles: true }));
  const head = place.matches("details") ? place.querySelector("summary") : place.querySelector("h2, h3") || place;
  if (!/** @type {Element} */ (head).matches("summary")) head.tabIndex = -1;
  if (isAsked) head.focus({ preventScroll: true });
};
