// Two options side by side: maps that move together, and what changes from one to the other.
import { byId, fill, options, say } from "./core.js";
import { showChanges } from "./changes.js";
import { legendFor, sumOf } from "./first.js";
import { changedBorders, flyTo, keepTogether, makePane, markSchool, setUpZoom, showOption, whenNear } from "./maps.js";
import { choose, chosen } from "./state.js";

/** @type {Pane[]} */
export const panes = [];
const shown = { dots: true, today: true, areas: true, changes: false };
const sides = /** @type {const} */ (["a", "b"]);
const narrow = matchMedia("(max-width: 899px)");
/** @param {number} side */
const drawSide = (side) => {
  const name = sides[side];
  const option = options[chosen[name]];
  byId(`pick-${name}`).value = String(chosen[name]);
  byId(`turn-${name}`).textContent = fill(say.turn, { label: option.label });
  byId(`sum-${name}`).textContent = sumOf(option);
  if (byId("lists").open) byId(`legend-${name}`).replaceChildren(...legendFor(option));
  const pane = panes[side];
  if (!pane) return;
  pane.node.setAttribute("aria-label", fill(say.map_name, { label: option.label, title: option.title }));
  showOption(pane, option, shown);
};
/** @param {(keyof Chosen)[]} changed */
export const drawCompare = (changed) => {
  sides.forEach((name, side) => { if (changed.includes(name) || shown.changes) drawSide(side); });
  showChanges();
};
/** @param {number} side */
const turnTo = (side) => {
  byId("panes").dataset.turn = sides[side];
  sides.forEach((name, i) => byId(`turn-${name}`).setAttribute("aria-pressed", String(i === side)));
  const [from, to] = [panes[1 - side], panes[side]];
  if (!narrow.matches || !to) return;
  to.map.invalidateSize({ animate: false });
  to.map.setView(from.map.getCenter(), from.map.getZoom(), { animate: false });
};
export const markCompared = () => {
  panes.forEach(markSchool);
  if (!panes.length) return;
  if (chosen.school === null) panes.forEach((pane) => pane.fit()); else flyTo(panes, chosen.school);
};
/** Make both maps, if they are not there yet. */
export const openCompare = () => {
  if (panes.length) return;
  sides.forEach((name) => {
    const pane = makePane(byId(`map-${name}`), "");
    pane.changes = () => changedBorders(options[chosen.a], options[chosen.b]);
    panes.push(pane);
  });
  keepTogether(panes);
  sides.forEach((_, side) => drawSide(side));
  markCompared();
};
export const setUpCompare = () => {
  byId("panes").hidden = false;
  sides.forEach((name, side) => {
    byId(`pick-${name}`).addEventListener("change", (event) =>
      choose({ [name]: Number(/** @type {HTMLSelectElement} */ (event.target).value) }),
    );
    byId(`turn-${name}`).addEventListener("click", () => { openCompare(); turnTo(side); });
    drawSide(side);
  });
  byId("lists").addEventListener("toggle", () => sides.forEach((_, side) => drawSide(side)));
  /** @type {(keyof typeof shown)[]} */ (Object.keys(shown)).forEach((name) => {
    const box = byId(`show-${name}`);
    if (!box) return;
    box.checked = shown[name];
    box.addEventListener("change", () => { shown[name] = box.checked; sides.forEach((_, side) => drawSide(side)); });
  });
  setUpZoom("zoom", () => panes);
  turnTo(1);
  // At once: what is written later moves whatever a link has led to below.
  showChanges();
  whenNear("panes", openCompare);
};
