// What is not looked at is not made: the content of a closed part waits as text, where readers
// without scripts see it.
import { byId, make } from "./core.js";

/** @type {((part: HTMLDetailsElement) => void)[]} */
const made = [];
/** @param {(part: HTMLDetailsElement) => void} listener called once for each part, when its content is there */
export const onPart = (listener) => { made.push(listener); };
/** @param {HTMLDetailsElement} part */
export const fillPart = (part) => {
  const waiting = part.querySelector("noscript");
  if (!waiting) return;
  const holder = make("template");
  // The page's own text: every value in it was escaped when the page was built.
  holder.innerHTML = waiting.textContent;
  holder.content.querySelectorAll("details[open]").forEach((inner) => { inner.open = false; });
  waiting.replaceWith(holder.content);
  setStops(part);
  made.forEach((listener) => listener(part));
};
/** A place of the page by its id; what waits as text is made if it is there. @param {string | null} id */
export const placeOf = (id) => {
  if (!id || !/^[\w-]+$/.test(id)) return null;
  const waiting = byId(id)
    ? null
    : [...document.querySelectorAll("details.part > noscript")].find(({ textContent }) =>
        textContent.includes(`id="${id}"`),
      );
  if (waiting) fillPart(/** @type {HTMLDetailsElement} */ (waiting.parentNode));
  return byId(id);
};
// A table that fits needs no stop of the Tab key; one that does not is scrolled with the arrow keys.
/** @param {HTMLElement} within */
export const setStops = (within = document.body) => within.querySelectorAll(".scroll[tabindex]").forEach((region) => {
  region.tabIndex = region.clientWidth && region.scrollWidth <= region.clientWidth ? -1 : 0;
});
