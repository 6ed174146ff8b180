// Find my school: a combobox after the WAI-ARIA pattern; one letter too few, too many, wrong or
// swapped is forgiven in each word of four letters or more (swapped: three), and so are the usual
// ways of writing.
import { byId, counted, data, decimal, fill, language, make, number, once, say, schools } from "./core.js";
import { asPostcode, nearSchools, midOf, spotOfPostcode } from "./places.js";

/** @param {string} text */
export const fold = (text) =>
  text
    .toLocaleLowerCase(language)
    .normalize("NFKD")
    .replace(/\p{Mn}|['\u2019\u02bc`]/gu, "");
// Ways of writing one thing, and the words of kind, are those that replies are counted by.
const { kinds, phases } = data.naming;
const usual = Object.fromEntries(
  Object.entries(data.naming.same).flatMap(([to, from]) => from.split(",").map((one) => [one, to])),
);
const PHRASES = RegExp(` (${Object.keys(usual).sort((a, b) => b.length - a.length).join("|")})(?= )`, "g");
// Words that tell few schools apart: one that a name lacks is forgiven.
const WEAK = new Set(kinds.split(" "));
const FEW = new Set([...phases.split(" "), "saint"]);
/** @param {string} text */
const apart = (text) => text.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
/** As it is usually written. @param {string} text @returns {string[]} */
export const wordsOf = (text) =>
  apart(
    ` ${apart(fold(text).replaceAll("&", " and ")).join(" ")} `.replace(PHRASES, (_, found) => ` ${usual[found]}`),
  );
/** As it is written. @param {string} text @returns {string[]} */
export const written = (text) => apart(fold(text));
// Names are taken apart when the first is looked for.
const entries = once(() => schools.name.map((name, i) => ({
  text: fold(name).trim(),
  name: [...new Set([...wordsOf(name), ...written(name)])],
  place: wordsOf(`${schools.place[i] || ""} ${schools.locals[schools.local[i]]}`),
  urn: String(schools.urn[i]),
  postcode: fold(schools.postcode[i] || "").replace(/\s/g, "").replace(/...$/, " $&"),
})));
const MOST = 8;

// Optimal string alignment distance of two short words is at most one.
/** @param {string} a @param {string} b */
const isOneOff = (a, b) => {
  if (Math.abs(a.length - b.length) > 1) return false;
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i += 1;
  /** @param {number} x @param {number} y */
  const same = (x, y) => a.slice(x) === b.slice(y);
  return same(i + 1, i + 1) || same(i + 1, i) || same(i, i + 1)
    || (a[i] === b[i + 1] && a[i + 1] === b[i] && same(i + 2, i + 2));
};
/** @param {string} word */
const letters = (word) => [...word].sort().join("");
// 0 the whole word, 1 its beginning, 3 with one letter forgiven; null not at all.
/** @param {string} asked @param {string} word @returns {number | null} */
const wordCost = (asked, word) => {
  if (word === asked) return 0;
  if (word.startsWith(asked)) return 1;
  // In a short word another letter makes another word; letters exchanged do not.
  if (asked.length < 4)
    return asked.length === 3 && letters(asked) === letters(word) && isOneOff(asked, word) ? 3 : null;
  for (const length of [asked.length, asked.length - 1, asked.length + 1]) {
    if (length <= word.length && isOneOff(asked, word.slice(0, length))) return word.length === length ? 2.5 : 3;
  }
  return isOneOff(asked, word) ? 3 : null;
};
/** @param {string} asked @param {string[]} words */
const leastCost = (asked, words) => words.reduce((least, word, i) => {
  const cost = wordCost(asked, word);
  return cost === null || (least !== null && least <= cost + i / 100) ? least : cost + i / 100;
}, /** @type {number | null} */ (null));
/** @param {string[]} asked @param {ReturnType<typeof entries>[number]} entry @param {string} joined */
const entryCost = (asked, entry, joined) => {
  if (/^\d{3,}$/.test(joined) && entry.urn.startsWith(joined)) return 0;
  // A space that is written tells where the first half ends.
  const whole = asked[1] ? entry.postcode : entry.postcode.replace(" ", "");
  if (joined.length > 2 && whole.startsWith(asked.join(" "))) return 0;
  let total = 0;
  const isTelling = asked.some((word) => !WEAK.has(word));
  for (const word of asked) {
    const inName = leastCost(word, entry.name);
    const inPlace = leastCost(word, entry.place);
    if (inName === null && inPlace === null) {
      if (!WEAK.has(word) || !isTelling) return null;
      total += 0.9;
      continue;
    }
    total += Math.min(inName === null ? Infinity : inName, inPlace === null ? Infinity : inPlace + 1.5);
  }
  return total + entry.name.length / 1000;
};
/** Schools by what they are called, the best first. @param {string} text @returns {number[]} */
export const search = (text) => {
  const asked = wordsOf(text);
  const plain = written(text);
  // The last word may not be finished: "st" may become "stalham". "S tAnne" is not in the south.
  const ways = [asked, [...asked.slice(0, -1), ...plain.slice(-1)], plain];
  const joined = asked.join("");
  const signs = fold(text).trim();
  /** @type {[cost: number, school: number][]} */
  const hits = [];
  entries().forEach((entry, i) => {
    const costs =
      plain.join("").length > 1
        ? ways.map((words) => entryCost(words, entry, words.join(""))).filter((cost) => cost !== null)
        : // Of one letter, or of signs alone, a name is found by itself.
          signs && (entry.text === signs || (!joined && entry.text.startsWith(signs)))
          ? [0]
          : [];
    if (costs.length) hits.push([Math.min(...costs), i]);
  });
  return hits
    .sort((x, y) => x[0] - y[0] || schools.name[x[1]].localeCompare(schools.name[y[1]], language) || x[1] - y[1])
    .map((hit) => hit[1]);
};

const villages = once(() =>
  data.places.map(([name, x, y]) => ({ name, words: wordsOf(name), spot: /** @type {Place} */ ([x, y]) })),
);
// The place that fits best, if all that was asked is in its name.
/** @param {string[]} asked */
const placeFor = (asked) => {
  let found = /** @type {{ name: string, words: string[], spot: Place, cost: number } | null} */ (null);
  villages().forEach((place) => {
    const costs = asked.map((word) => leastCost(word, place.words) ?? Infinity);
    if (!asked.length || costs.includes(Infinity)) return;
    const cost = costs.reduce((sum, one) => sum + one, 0) + place.words.length / 10;
    if (!found || cost < found.cost) found = { ...place, cost };
  });
  return found;
};
// Schools are renamed: what fits without the last words, or without the first, and those words.
/** @param {string} text */
const fewerWords = (text) => {
  const asked = apart(text);
  const parts = asked.slice(1).flatMap((_, i) => [asked.slice(0, -1 - i), asked.slice(1 + i)]);
  const less = parts.map((words) => words.join(" ")).find((words) => {
    const isTelling = wordsOf(words).some((word) => !WEAK.has(word) && !FEW.has(word));
    return isTelling && search(words).length;
  });
  return less ? { hits: search(less), less } : { hits: [], less: "" };
};
// Schools to choose from: by what they are called, and then by where they lie. `away` tells how
// far the latter are, in km, `from` what.
/** @param {string} text */
export const lookUp = (text) => {
  const named = search(text);
  const postcode = asPostcode(text);
  const spot = postcode && spotOfPostcode(postcode);
  const place = spot || named.length >= MOST
    ? null
    : midOf(text) || placeFor(wordsOf(text).join("").length > 2 ? wordsOf(text) : []);
  const [at, from] = spot && postcode ? [spot, postcode] : place ? [place.spot, place.name] : [null, ""];
  if (!at) return { ...(named.length ? { hits: named, less: "" } : fewerWords(text)), away: new Map(), from };
  const near = nearSchools(at);
  const shown = new Set(spot ? [] : named);
  const added = near.filter(([school]) => !shown.has(school));
  return { hits: [...shown, ...added.map(([school]) => school)], away: new Map(added), from, less: "" };
};

/** @param {(school: number) => void} onPick */
export const setUpSearch = (onPick) => {
  const input = byId("find");
  const list = byId("find-list");
  const status = byId("find-status");
  /** @type {number[]} */
  let hits = [];
  let active = -1;
  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  /** @param {number} i */
  const activate = (i) => {
    active = i;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === i)));
    if (i < 0) { input.removeAttribute("aria-activedescendant"); return; }
    input.setAttribute("aria-activedescendant", list.children[i].id);
    list.children[i].scrollIntoView({ block: "nearest" });
  };
  /** @param {number} school */
  const pick = (school) => {
    input.value = schools.name[school];
    close();
    status.textContent = "";
    onPick(school);
  };
  const look = () => {
    const { hits: found, away, from, less } = lookUp(input.value);
    hits = found.slice(0, MOST);
    list.replaceChildren(...hits.map((school, i) => {
      const item = make("li");
      item.id = `find-${i}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      const where = [
        schools.place[school] || schools.locals[schools.local[school]],
        schools.postcode[school],
        schools.urn[school],
      ];
      const words = away.has(school)
        ? fill(say.away, { km: decimal(away.get(school)), from })
        : where.filter(Boolean).join(", ");
      item.append(make("b", schools.name[school]), make("span", words));
      // Before the field loses the focus and closes the list.
      item.addEventListener("mousedown", (event) => { event.preventDefault(); pick(school); });
      return item;
    }));
    const isAsked = found.length || wordsOf(input.value).join("").length > 1;
    status.textContent = !isAsked
      ? ""
      : !found.length
        ? asPostcode(input.value)
          ? say.found_no_postcode
          : say.found_none
        : less
          ? fill(say.found_less, { asked: input.value.trim(), less })
          : found.every((school) => away.has(school))
            ? fill(say.found_near, { from })
            : found.length > MOST
              ? counted(found.length, say.found_more, { most: number(MOST) })
              : counted(found.length, say.found);
    list.hidden = !hits.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    activate(hits.length ? 0 : -1);
  };
  input.addEventListener("input", look);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const n = hits.length;
    if (event.key === "Escape") {
      if (list.hidden) { input.value = ""; status.textContent = ""; } else close();
      event.preventDefault();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && n) {
      event.preventDefault();
      if (list.hidden) { list.hidden = false; input.setAttribute("aria-expanded", "true"); }
      activate(
        (active + (event.key === "ArrowDown" ? 1 : n - 1) + (active < 0 && event.key === "ArrowUp" ? 1 : 0)) % n,
      );
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      pick(hits[active]);
    }
  });
  /** @param {number | null} school */
  const show = (school) => { input.value = school === null ? "" : schools.name[school]; };
  return { show };
};
