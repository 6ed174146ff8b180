// The data of the page, and how words and numbers are written.
import { unpackList } from "./packing.js";

/** @type {PageData & StudioData} What Python wrote into the page: each page is told its own part. */
export const data = JSON.parse(/** @type {HTMLElement} */ (document.getElementById("data")).textContent);
export const { say } = data;
export const schools = /** @type {Schools & { at: Place[] }} */ (data.schools);
// Once they are unpacked, below.
/** @type {Option[]} */
export const options = /** @type {never} */ (data.options);
export const language = document.documentElement.lang;
export const HUNDREDTHS = 100;
export const DASH = "\u2013";

/** @template {string} K @param {K} id */
export const byId = (id) => /** @type {ElementOf<K>} */ (document.getElementById(id));
/** What is made when it is first asked for. @template T @param {() => T} makeIt @returns {() => T} */
export const once = (makeIt) => {
  /** @type {T | undefined} */
  let found;
  return () => (found === undefined ? (found = makeIt()) : found);
};
/** @param {string} text @param {Values} values */
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => /** @type {string} */ (values[key]));
const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0, useGrouping: "always" });
const tenths = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
/** @param {number | null} value */
export const number = (value) => (value === null ? DASH : whole.format(value));
/** A number of pupils, the least that it may be where a school's roll is not known. @param {number} n */
export const atLeast = (n) =>
  schools.unknown && schools.unknown.length ? fill(say.at_least, { n: number(n) }) : number(n);
/** @param {number | null} value */
export const decimal = (value) => (value === null ? DASH : tenths.format(value));
const plurals = new Intl.PluralRules(language);
/**
 * A text in the plural form that n asks for, filled in.
 * @param {number} n
 * @param {Forms} forms
 * @param {Values} [values]
 */
export const counted = (n, forms, values = {}) =>
  fill(forms[plurals.select(n)] || forms.other, { n: number(n), ...values });
/** @param {string[]} names */
export const join = (names) =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} ${data.and} ${names[names.length - 1]}`;
/** @param {string[]} names */
export const sorted = (names) => [...names].sort((x, y) => x.localeCompare(y, language));
/** @param {(string | number)[]} list */
export const firstFive = (list) => list.slice(0, 5).join(", ") + (list.length > 5 ? ", \u2026" : "");
/** @template {keyof HTMLElementTagNameMap} K @param {K} tag @param {string} [text] @param {string} [className] */
export const make = (tag, text, className) => {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
};
/**
 * What is in another language than the page, marked for those who hear it.
 * @template {HTMLElement} T @param {T} node @param {string} [tongue]
 */
export const spokenIn = (node, tongue) => {
  if (tongue) node.lang = tongue; else node.removeAttribute("lang");
  return node;
};
/** @param {Option} option */
export const titleNode = (option) => spokenIn(make("span", option.title), option.title_lang);
/** An option as a choice of a list. @param {Option} option @param {string} value */
export const choice = (option, value) =>
  spokenIn(new Option(`${option.label}: ${option.title}`, value), option.title_lang);
/** @param {Option} option */
export const chip = (option) => make("span", option.label, "chip");
/** @param {string[]} cells @param {boolean} [isHead] */
export const row = (cells, isHead) => {
  const line = make("tr");
  cells.forEach((cell, i) => {
    const node = make(i === 0 || isHead ? "th" : "td", cell);
    if (i === 0 || isHead) node.scope = isHead ? "col" : "row";
    line.append(node);
  });
  return line;
};
/** @param {Clusters} option @param {number} cluster */
export const isExempt = (option, cluster) => option.exempt.includes(cluster);
/** A layer by its name. @param {string} name */
export const layerOf = (name) => /** @type {Layer} */ (schools.layers.find((layer) => layer.name === name));
export const atUrn = new Map(schools.urn.map((urn, i) => [String(urn), i]));
export const atLabel = new Map(options.map((option, i) => [option.label, i]));
export const unknownPupils = new Set(schools.unknown);
const estimatedPupils = new Set(schools.estimated);
/** How many pupils a school has, and whether anybody counted them. @param {number} school */
export const pupilsOf = (school) =>
  unknownPupils.has(school)
    ? say.pupils_unknown
    : counted(schools.pupils[school], estimatedPupils.has(school) ? say.pupils_estimated : say.pupils);
/**
 * What a unit is called: a single school by its name, and its number where several share that.
 * @param {Ground} ground @param {number} unit
 */
export const titleOf = (ground, unit) => {
  const school = ground.single[unit];
  if (school === undefined) return ground.units[unit];
  const name = schools.name[school];
  return schools.name.indexOf(name) === schools.name.lastIndexOf(name) ? name : `${name} (${schools.urn[school]})`;
};
// Where schools are drawn, in steps of 10 m from the corner of the map.
schools.at = schools.xy.map(([x, y]) => [
  Math.round((x - data.origin[0]) / 10),
  Math.round((y - data.origin[1]) / 10),
]);
// Said once where it is the same everywhere; a unit of one school that bears its number is that school.
data.grounds.forEach((ground) => {
  ground.group = ground.group || data.grounds[0].group;
  if (ground.single) return;
  const held = ground.units.map(() => /** @type {number[]} */ ([]));
  ground.unit.forEach((unit, i) => { if (unit >= 0 && ground.group[i] < 0) held[unit].push(i); });
  ground.single = {};
  held.forEach((list, unit) => {
    if (list.length === 1 && ground.units[unit].includes(String(schools.urn[list[0]]))) ground.single[unit] = list[0];
  });
});
// What lies in one cluster in every plan does so with its schools: one for each piece.
const heldIn = data.grounds.map((ground) => {
  const held = data.topology.pieces.map(() => -1);
  schools.piece.forEach((piece, i) => { if (held[piece] === -1 && ground.group[i] < 0) held[piece] = i; });
  return held;
});
options.forEach((option, i) => {
  option.of = unpackList(data.options[i].of);
  option.pieces = heldIn[option.ground].map((school) => (school < 0 ? -1 : option.of[school]));
});
export const secondary = new Set(schools.secondary);
// Rows that stand for those who live in an area: pupils, but no school.
export const homes = new Set(schools.homes);
/** @param {string} text @param {string} name @param {string} type */
export const download = (text, name, type) => {
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
