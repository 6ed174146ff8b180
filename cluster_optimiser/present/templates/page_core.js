// The data of the page, how words and numbers are written, and what is chosen at present.
const data = JSON.parse(document.getElementById("data").textContent);
const say = data.say;
const schools = data.schools;
const options = data.options;
const language = document.documentElement.lang;
const byId = (id) => document.getElementById(id);
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => values[key]);
const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const number = (value) => (value === null ? "\u2013" : whole.format(value));
const decimal = (value) => (value === null ? "\u2013" : tenths.format(value));
const counted = (n, one, many) => fill(n === 1 ? one : many, { n: number(n) });
const join = (names) => (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} ${data.and} ${names[names.length - 1]}`);
const make = (tag, text, className) => {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
};
const chip = (option) => make("span", option.label, "chip");
const isExempt = (option, cluster) => option.exempt.includes(cluster);
const atUrn = new Map(schools.urn.map((urn, i) => [String(urn), i]));
const atLabel = new Map(options.map((option, i) => [option.label, i]));
const unknownPupils = new Set(schools.unknown);
const secondary = new Set(schools.secondary);

// What is chosen: a school, and the options of the two maps. The address carries it.
const start = { school: null, a: 0, b: data.right };
const chosen = { ...start };
const listeners = [];
const onChoice = (listener) => listeners.push(listener);
const address = () => {
  const parts = chosen.school === null ? [] : [`school=${schools.urn[chosen.school]}`];
  parts.push(`a=${encodeURIComponent(options[chosen.a].label)}`, `b=${encodeURIComponent(options[chosen.b].label)}`);
  return `#${parts.join("&")}`;
};
const writeAddress = () => {
  // Some browsers let a file's address be changed only in this second way.
  try { history.replaceState(null, "", address()); } catch { location.replace(address()); }
};
const choose = (changes) => {
  const before = { ...chosen };
  Object.assign(chosen, changes);
  const changed = Object.keys(chosen).filter((key) => chosen[key] !== before[key]);
  if (!changed.length) return;
  writeAddress();
  listeners.forEach((listener) => listener(changed));
};
const readAddress = () => {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const found = {};
  if (atUrn.has(wanted.get("school"))) found.school = atUrn.get(wanted.get("school"));
  if (atLabel.has(wanted.get("a"))) found.a = atLabel.get(wanted.get("a"));
  if (atLabel.has(wanted.get("b"))) found.b = atLabel.get(wanted.get("b"));
  return found;
};

// Whole numbers as short texts, as the builder of the page packs them.
const DIGITS = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).filter((letter) => !'"&<>\\'.includes(letter));
const BASE = DIGITS.length;
const digitOf = new Map(DIGITS.map((letter, i) => [letter, i]));
const unpack = (text, at, n) => {
  let value = 0;
  for (let i = at; i < at + n; i += 1) value = value * BASE + digitOf.get(text[i]);
  return value;
};
