// What the options mean for one school, in words: options that give it the same company are told together.
import {
  HUNDREDTHS,
  byId,
  chip,
  counted,
  data,
  fill,
  homes,
  isExempt,
  join,
  language,
  make,
  number,
  options,
  pupilsOf,
  say,
  schools,
  sorted,
  titleNode,
  unknownPupils,
} from "./core.js";
import { chosen } from "./state.js";
import { way } from "./ways.js";

const everyone = schools.urn.map((_, school) => school).filter((school) => !homes.has(school));
/** @param {number[]} list @param {number} school */
const companyOf = (list, school) => everyone.filter((other) => list[other] === list[school] && other !== school);
/**
 * Today's local clusters whose ordinary schools are in the school's new cluster.
 * @param {Option} option
 * @param {number} school
 */
const todayParts = (option, school) => {
  const cluster = option.of[school];
  const ground = data.grounds[option.ground];
  const parts = new Map();
  option.of.forEach((other, i) => {
    if (ground.group[i] >= 0) return;
    const name = schools.locals[schools.local[i]];
    const part = parts.get(name) || { n: 0, inside: 0 };
    part.n += 1;
    part.inside += other === cluster ? 1 : 0;
    parts.set(name, part);
  });
  return [...parts]
    .filter(([, part]) => part.inside)
    .map(([name, part]) => ({ name, ...part, isWhole: part.inside === part.n }));
};
/** @param {string} title @param {number[]} list of schools */
export const namedList = (title, list) => {
  const more = make("details");
  const items = make("ul", undefined, "names");
  list
    .map((i) => schools.name[i])
    .sort((x, y) => x.localeCompare(y, language))
    .forEach((name) => items.append(make("li", name)));
  more.append(make("summary", title), items);
  return more;
};
/** @param {Option} option @param {number} school */
const withWhom = (option, school) => {
  const own = schools.locals[schools.local[school]];
  const parts = todayParts(option, school);
  const others = parts.filter(({ name }) => name !== own);
  if (!others.length) return fill(parts.every(({ isWhole }) => isWhole) ? say.alone : say.alone_part, { own });
  if (others.length === 1)
    return fill(others[0].isWhole ? say.with_one : say.with_one_part, { others: others[0].name });
  const names = others.map(({ name, isWhole }) => (isWhole ? name : fill(say.part_of, { name })));
  return fill(say.with_many, { others: join(sorted(names)) });
};
// A school whose cluster of today is divided: how many of it stay together.
/** @param {Option} option @param {number} school */
const divided = (option, school) => {
  const own = schools.locals[schools.local[school]];
  const part = todayParts(option, school).find(({ name }) => name === own);
  if (!part || part.isWhole) return null;
  return part.inside === 1
    ? fill(say.divided_one, { own, all: number(part.n) })
    : fill(say.divided_many, { own, n: number(part.inside), all: number(part.n) });
};
/** @param {Option} option @param {number} school */
const wayTo = (option, school) => {
  const meets = option.meets[option.of[school]];
  if (meets === school) return say.meets_here;
  const found = meets < 0 ? -1 : way(school, meets);
  if (found < 0) return say.minutes_unknown;
  return counted(Math.round(found / HUNDREDTHS), say.minutes, { place: schools.name[meets] });
};
/** @param {Option} option @param {number} cluster */
export const sizeOf = (option, cluster) => {
  const n = number(option.pupils[cluster]);
  const isOpen = [...unknownPupils].some((school) => option.of[school] === cluster);
  const text = counted(option.schools[cluster], say.size, { pupils: isOpen ? fill(say.at_least, { n }) : n });
  return text[0].toUpperCase() + text.slice(1);
};
/**
 * What two options have in common if they mean the same for a school.
 * @param {Option} option
 * @param {number} school
 */
const sameness = (option, school) => {
  const link = option.links[school];
  return JSON.stringify([
    companyOf(option.of, school),
    link === undefined ? null : option.names[link],
    option.meets[option.of[school]],
  ]);
};
/**
 * Options that give a school the same company: [[option, ...], ...] in the order of the page.
 * @param {number} school
 * @returns {Option[][]}
 */
export const groupsFor = (school) => {
  const groups = new Map();
  options.forEach((option) => {
    const key = sameness(option, school);
    groups.set(key, [...(groups.get(key) || []), option]);
  });
  return [...groups.values()];
};
const MOST_TITLES = 3;
// Partners up to which all are named, and names of those that are new or gone.
const MANY_PARTNERS = 8;
const NAMED = 5;
/** @param {Option[]} group @param {number} school */
const answerFor = (group, school) => {
  const [option] = group;
  const cluster = option.of[school];
  const item = make("li");
  item.dataset.options = group.map(({ label }) => label).join(" ");
  const head = make("p", undefined, "answer-option");
  group.forEach((one) => head.append(chip(one), " "));
  if (group.length > MOST_TITLES) head.append(counted(group.length, say.same_in));
  else head.append(...group.flatMap((one, i) => [i ? "; " : "", titleNode(one)]));
  const text = make("p");
  const names = [...new Set(group.map((one) => one.names[one.of[school]]))];
  text.append(make("strong", names.join(" / ")));
  if (isExempt(option, cluster)) {
    const link = option.links[school];
    text.append(
      `. ${link === undefined ? say.exempt_alone : fill(say.exempt, { link: option.names[link] })} `,
      `${sizeOf(option, cluster)} ${wayTo(option, school)}`,
    );
    item.append(head, text);
    return item;
  }
  text.append(
    ` ${fill(say.on_map, { n: [...new Set(group.map((one) => one.number[one.of[school]]))].join(", ") })}. `,
    `${withWhom(option, school)} ${sizeOf(option, cluster)} ${wayTo(option, school)}`,
  );
  const before = new Set(companyOf(schools.today, school));
  const now = new Set(companyOf(option.of, school));
  const joined = [...now].filter((i) => !before.has(i));
  const left = [...before].filter((i) => !now.has(i));
  const cut = divided(option, school);
  item.append(head, text, ...(cut ? [make("p", cut, "sub")] : []));
  data.levels.filter((pair) => group.includes(options[pair.lower])).forEach(({ upper }) => {
    const { of, names: above, label } = options[upper];
    item.append(make("p", fill(say.level_inside, { name: above[of[school]], label }), "sub"));
  });
  if (!joined.length && !left.length) item.append(make("p", say.same_company, "sub"));
  if (joined.length) item.append(namedList(counted(joined.length, say.joined), joined));
  if (left.length) item.append(namedList(counted(left.length, say.left), left));
  return item;
};
/**
 * How many different answers there are, and who is with the school whatever is chosen.
 * @param {Option[][]} groups
 * @param {number} school
 */
const inShort = (groups, school) => {
  if (options.length < 2) return "";
  const changed = groups.map(([option]) => new Set(companyOf(option.of, school)));
  const always = [...changed[0]].filter((i) => changed.every((set) => set.has(i)));
  // Of partners alone: groups differ by the place where they meet as well.
  /** @param {Option} option */
  const company = (option) => companyOf(option.of, school).join();
  const same = options.filter((option) => company(option) === company(options[data.today]));
  const sets = new Set(options.map(company)).size;
  const parts = [counted(sets, say.answers, { options: number(options.length) })];
  if (data.has_today && sets > 1)
    parts.push(counted(same.length, say.answers_same, { labels: join(same.map(({ label }) => label)) }));
  parts.push(always.length ? counted(always.length, say.answers_always) : say.answers_never);
  return parts.join(" ");
};
/** Some schools by name: those nearest to one where they are many. @param {number[]} list @param {number} school */
const nearest = (list, school) => {
  if (list.length <= NAMED) return join(sorted(list.map((i) => schools.name[i])));
  /** @param {number} i */
  const far = (i) => Math.hypot(schools.xy[i][0] - schools.xy[school][0], schools.xy[i][1] - schools.xy[school][1]);
  const few = [...list].sort((i, j) => far(i) - far(j) || i - j).slice(0, NAMED - 1);
  return counted(list.length - few.length, say.names_more, { names: few.map((i) => schools.name[i]).join(", ") });
};
/**
 * Whom the option that is on the map puts the school with: who is new and who is gone first, where they are many.
 * @param {boolean} [isWhole] every name in the sentence: paper has no list to open
 */
export const showPartners = (isWhole = false) => {
  const { school, b } = chosen;
  if (school === null) return;
  const [option, box] = [options[b], byId("answer-partners")];
  const { label } = option;
  const now = companyOf(option.of, school);
  const names = join(sorted(now.map((i) => schools.name[i])));
  if (isWhole || now.length <= MANY_PARTNERS) {
    box.replaceChildren(
      make("p", names ? counted(now.length, say.partners, { label, names }) : fill(say.partners_none, { label })),
    );
    return;
  }
  const before = new Set(companyOf(schools.today, school));
  const fresh = now.filter((i) => !before.has(i));
  const gone = [...before].filter((i) => !now.includes(i));
  const parts = [counted(now.length, say.partners_many, { label })];
  if (!fresh.length && !gone.length) parts.push(say.same_company);
  if (fresh.length) parts.push(counted(fresh.length, say.partners_new, { names: nearest(fresh, school) }));
  if (gone.length) parts.push(counted(gone.length, say.partners_gone, { names: nearest(gone, school) }));
  box.replaceChildren(make("p", parts.join(" ")), namedList(counted(now.length, say.partners_all), now));
};
export const showAnswer = () => {
  const { school } = chosen;
  const answer = byId("answer");
  answer.hidden = school === null;
  document.body.classList.toggle("has-school", school !== null);
  if (school === null) return;
  byId("answer-name").textContent = schools.name[school];
  byId("answer-today").textContent = fill(say.today, {
    cluster: schools.todays[schools.today[school]],
    pupils: pupilsOf(school),
    urn: schools.urn[school],
  });
  const groups = groupsFor(school);
  showPartners();
  byId("answer-short").textContent = inShort(groups, school);
  byId("answer-list").replaceChildren(...groups.map((group) => answerFor(group, school)));
};
