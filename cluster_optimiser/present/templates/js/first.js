// The first screen: the options in families, and a large map of the one that was chosen.
import {
  atLeast,
  byId,
  counted,
  decimal,
  fill,
  isExempt,
  make,
  number,
  options,
  row,
  say,
  spokenIn,
  titleNode,
} from "./core.js";
import { sizeOf } from "./answer.js";
import { flyTo, makePane, markSchool, setUpZoom, showOption } from "./maps.js";
import { choose, chosen } from "./state.js";

// Empty until the map is made.
export const first = /** @type {{ pane: Pane }} */ ({});
/** @param {Option} option */
export const sumOf = (option) => {
  const own = option.pupils.filter((_, i) => !isExempt(option, i));
  return own.length
    ? counted(own.length, say.pane_sum, { low: atLeast(Math.min(...own)), high: number(Math.max(...own)) })
    : say.pane_none;
};
/** The clusters of an option as rows of a table: number, name, pupils, schools, minutes. @param {Option} option */
export const legendFor = (option) => option.names.map((name, cluster) => {
  const line = row([
    "",
    name,
    number(option.pupils[cluster]),
    number(option.schools[cluster]),
    `${decimal(option.mean[cluster])}, ${decimal(option.longest[cluster])}`,
  ]);
  const out = isExempt(option, cluster);
  const [cell, head] = line.children;
  const swatch = make("td");
  swatch.append(make("span", out ? "" : option.number[cluster], `sw ${out ? "sw-x" : `c${option.colour[cluster]}`}`));
  const th = make("th", name);
  th.scope = "row";
  cell.replaceWith(swatch);
  head.replaceWith(th);
  return line;
});
/** @param {Option} option */
const sayCluster = (option) => {
  const { school } = chosen;
  const cluster = school === null ? -1 : option.of[school];
  byId("first-cluster").textContent =
    cluster < 0
      ? sumOf(option)
      : fill(isExempt(option, cluster) ? say.first_exempt : say.first_cluster, {
          name: option.names[cluster],
          n: option.number[cluster],
          size: sizeOf(option, cluster),
        });
};
export const drawFirst = () => {
  const option = options[chosen.b];
  byId("first-title").replaceChildren(make("span", option.label, "chip"), " ", titleNode(option));
  spokenIn(byId("first-text"), option.text_lang).textContent = option.text || "";
  sayCluster(option);
  document.querySelectorAll("#families [data-option]").forEach((link) => {
    const isChosen = Number(link.dataset.option) === chosen.b;
    link.tabIndex = isChosen ? 0 : -1;
    if (isChosen) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
  });
  first.pane.node.setAttribute("aria-label", fill(say.map_name, { label: option.label, title: option.title }));
  showOption(first.pane, option, { dots: true, today: true, areas: true });
  if (byId("first-list").open) byId("legend-first").replaceChildren(...legendFor(option));
};
/** Let the map follow the school that was chosen. */
export const followSchool = () => {
  if (chosen.school === null) first.pane.fit(); else flyTo([first.pane], chosen.school);
  markSchool(first.pane);
  sayCluster(options[chosen.b]);
};
export const setUpFirst = () => {
  first.pane = makePane(byId("map-first"), "");
  drawFirst();
  if (chosen.school !== null) followSchool();
  setUpZoom("first", () => [first.pane]);
  byId("families").addEventListener("click", (event) => {
    const link = /** @type {Element} */ (event.target).closest("[data-option]");
    if (!link) return;
    event.preventDefault();
    choose({ b: Number(link.dataset.option) });
  });
  // One stop of the Tab key: the arrow keys go from option to option.
  byId("families").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    choose({ b: (chosen.b + step + options.length) % options.length });
    document.querySelector(`#families [data-option="${chosen.b}"]`).focus();
  });
  byId("first-list").addEventListener("toggle", () => {
    if (byId("first-list").open) byId("legend-first").replaceChildren(...legendFor(options[chosen.b]));
  });
};
