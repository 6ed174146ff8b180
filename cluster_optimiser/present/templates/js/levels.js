// Levels that fit into each other: one map, switched from local partnerships up to areas.
import { atLeast, byId, data, fill, isExempt, make, number, options, say, schools } from "./core.js";
import { makePane, showOption, whenNear } from "./maps.js";
import { chosen } from "./state.js";

const LEVELS = /** @type {const} */ (["today", "clusters", "groupings", "area"]);
/** @typedef {typeof LEVELS[number]} Level */
/** @type {{ pair: number, level: Level, pane: Pane | null }} */
export const levels = { pair: 0, level: "clusters", pane: null };
/** @type {Map<Levels, Clusters>} */
const areaOptions = new Map();
// An area is drawn and counted as its groupings put together.
/** @param {Levels} pair @param {Area} area */
const areaOption = (pair, area) => {
  if (!areaOptions.has(pair)) {
    const upper = options[pair.upper];
    /** @param {number[]} values */
    const sum = (values) =>
      area.names.map((_, i) => values.reduce((all, value, c) => all + (area.of[c] === i ? value : 0), 0));
    areaOptions.set(pair, {
      names: area.names,
      exempt: area.exempt,
      colour: area.colour,
      spots: area.spots,
      number: area.names.map((_, i) => String(i + 1)),
      pupils: sum(upper.pupils),
      schools: sum(upper.schools),
      meets: area.names.map(() => -1),
      links: {},
      mean: area.names.map(() => null),
      longest: area.names.map(() => null),
      of: upper.of.map((cluster) => area.of[cluster]),
      pieces: upper.pieces.map((cluster) => (cluster < 0 ? -1 : area.of[cluster])),
    });
  }
  return /** @type {Clusters} */ (areaOptions.get(pair));
};
/** @param {Levels} pair @param {Level} level @returns {Clusters | null | undefined} */
const optionAt = (pair, level) => {
  if (level === "area") return pair.area && areaOption(pair, pair.area);
  return options[{ today: pair.today, clusters: pair.lower, groupings: pair.upper }[level]];
};
/** @param {Levels} pair @param {Level} level */
const levelTitle = (pair, level) => (level === "area" ? pair.area_title : say[`level_${level}`]);
/** @param {Clusters} option @param {number} school */
const memberOf = (option, school) => {
  const cluster = option.of[school];
  return isExempt(option, cluster) ? fill(say.level_exempt, { name: option.names[cluster] }) : option.names[cluster];
};
/** @param {Clusters} option */
const levelSize = (option) => {
  const own = option.pupils.filter((_, i) => !isExempt(option, i));
  return fill(say.level_sum, {
    n: number(own.length),
    low: atLeast(Math.min(...own)),
    high: number(Math.max(...own)),
  });
};
export const sayLevel = () => {
  const pair = data.levels[levels.pair];
  const option = /** @type {Clusters} */ (optionAt(pair, levels.level));
  const parts = [`${levelTitle(pair, levels.level)}: ${levelSize(option)}`];
  if (chosen.school !== null)
    parts.push(fill(say.level_school, { school: schools.name[chosen.school], name: memberOf(option, chosen.school) }));
  byId("levels-sum").textContent = parts.join(" ");
};
export const sayAllLevels = () => {
  const pair = data.levels[levels.pair];
  const { school } = chosen;
  byId("levels-none").hidden = school !== null;
  byId("levels-school").hidden = school === null;
  if (school === null) return;
  byId("levels-of").textContent = fill(say.levels_of, { school: schools.name[school] });
  byId("levels-list").replaceChildren(...LEVELS.filter((level) => optionAt(pair, level)).map((level) => {
    const item = make("li", `${levelTitle(pair, level)}: `);
    item.append(make("strong", memberOf(/** @type {Clusters} */ (optionAt(pair, level)), school)));
    return item;
  }));
};
const drawLevel = () => {
  const pair = data.levels[levels.pair];
  const option = /** @type {Clusters} */ (optionAt(pair, levels.level));
  if (!levels.pane) return;
  levels.pane.node.setAttribute("aria-label", fill(say.levels_map, { level: levelTitle(pair, levels.level) }));
  showOption(levels.pane, option, { dots: true, today: levels.level !== "today", areas: false });
};
const showLevels = () => {
  const pair = data.levels[levels.pair];
  if (!optionAt(pair, levels.level)) levels.level = "clusters";
  LEVELS.forEach((level) => {
    const button = byId(`level-${level}`);
    const option = optionAt(pair, level);
    button.hidden = !option;
    button.setAttribute("aria-pressed", String(level === levels.level));
    if (option)
      button.textContent = fill(say.level_button, {
        title: levelTitle(pair, level),
        n: number(option.names.length - option.exempt.length),
      });
  });
  sayLevel();
  sayAllLevels();
  drawLevel();
};
export const setUpLevels = () => {
  if (!data.levels.length) return;
  LEVELS.forEach((level) =>
    byId(`level-${level}`).addEventListener("click", () => {
      levels.level = level;
      showLevels();
    }),
  );
  const pick = byId("levels-pair");
  if (pick) pick.addEventListener("change", () => { levels.pair = Number(pick.value); showLevels(); });
  showLevels();
  whenNear("levels-box", () => {
    levels.pane = makePane(byId("levels-map"), "");
    drawLevel();
  });
};
