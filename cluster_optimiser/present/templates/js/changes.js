// What differs between two options: clusters kept, merged, split; schools in different company.
import { namedList } from "./answer.js";
import { byId, counted, fill, homes, join, language, make, number, options, say, schools, sorted } from "./core.js";
import { chosen } from "./state.js";

/** @param {Option} option */
const schoolsOf = (option) => {
  const members = option.names.map(() => /** @type {number[]} */ ([]));
  option.of.forEach((cluster, school) => members[cluster].push(school));
  return members;
};
/** @param {Option} a @param {Option} b */
const clusterChanges = (a, b) => {
  const inA = schoolsOf(a);
  const inB = schoolsOf(b);
  /**
   * @type {{
   *   kept: [number, number][], merged: [number[], number][], split: [number, number[]][],
   *   other: [[number, boolean][], number][],
   * }}
   */
  const found = { kept: [], merged: [], split: [], other: [] };
  const intoB = inA.map((members) => [...new Set(members.map((school) => b.of[school]))]);
  const fromA = inB.map((members) => [...new Set(members.map((school) => a.of[school]))]);
  inA.forEach((members, cluster) => {
    if (!members.length) return;
    const into = intoB[cluster];
    if (into.length === 1 && fromA[into[0]].length === 1) found.kept.push([cluster, into[0]]);
    else if (into.length > 1 && into.every((one) => fromA[one].length === 1)) found.split.push([cluster, into]);
  });
  inB.forEach((members, cluster) => {
    const from = fromA[cluster];
    if (from.length < 2) return;
    if (from.every((one) => intoB[one].length === 1)) found.merged.push([from, cluster]);
    else found.other.push([from.map((one) => [one, intoB[one].length === 1]), cluster]);
  });
  return found;
};
/** @param {Option} a @param {Option} b */
const changedCompany = (a, b) => {
  const inA = schoolsOf(a);
  const inB = schoolsOf(b);
  const isSame = inA.map(
    (members) =>
      members.length > 0
      && inB[b.of[members[0]]].length === members.length
      && members.every((school) => b.of[school] === b.of[members[0]]),
  );
  return a.of.flatMap((cluster, school) => (isSame[cluster] ? [] : [school]));
};
/** @param {string} title @param {string[]} lines */
const changeGroup = (title, lines) => {
  const part = make("div");
  const list = make("ul");
  lines.forEach((line) => list.append(make("li", line)));
  part.append(make("h4", title), list);
  return part;
};
export const showChanges = () => {
  const a = options[chosen.a];
  const b = options[chosen.b];
  const box = byId("changes");
  const head = byId("changes-head");
  head.textContent = fill(say.changes_head, { a: a.label, b: b.label });
  if (chosen.a === chosen.b) { box.replaceChildren(make("p", say.changes_same)); return; }
  const { kept, merged, split, other } = clusterChanges(a, b);
  const moved = changedCompany(a, b);
  const pupils = moved.reduce((sum, school) => sum + schools.pupils[school], 0);
  /** @param {Option} option @param {number[]} list */
  const names = (option, list) => join(sorted(list.map((i) => option.names[i])));
  const shown = moved.filter((school) => !homes.has(school));
  /** @type {HTMLElement[]} */
  const parts = [make("p", counted(shown.length, moved.length ? say.changes_moved : { other: say.changes_none }, {
    all: number(a.of.length - homes.size), pupils: number(pupils), a: a.label, b: b.label,
  }))];
  const columns = make("div", undefined, "change-lists");
  /** @template T @param {T[]} list @param {(one: T) => string} key */
  const byKey = (list, key) => [...list].sort((x, y) => key(x).localeCompare(key(y), language));
  if (merged.length)
    columns.append(
      changeGroup(
        counted(merged.length, say.n_merged),
        byKey(merged, (x) => b.names[x[1]]).map(([from, into]) =>
          fill(say.merged, { from: names(a, from), into: b.names[into] }),
        ),
      ),
    );
  if (split.length)
    columns.append(
      changeGroup(
        counted(split.length, say.n_split),
        byKey(split, (x) => a.names[x[0]]).map(([from, into]) =>
          fill(say.split, { from: a.names[from], into: names(b, into) }),
        ),
      ),
    );
  if (other.length)
    columns.append(
      changeGroup(
        counted(other.length, say.n_mixed),
        byKey(other, (x) => b.names[x[1]]).map(([from, into]) =>
          fill(say.mixed, {
            from: join(
              sorted(
                from.map(([one, isWhole]) => (isWhole ? a.names[one] : fill(say.part_of, { name: a.names[one] }))),
              ),
            ),
            into: b.names[into],
          }),
        ),
      ),
    );
  if (kept.length)
    columns.append(
      changeGroup(counted(kept.length, say.n_kept), [join(sorted(kept.map(([, into]) => b.names[into])))]),
    );
  parts.push(columns);
  if (shown.length) parts.push(namedList(counted(shown.length, say.n_moved), shown));
  box.replaceChildren(...parts);
};
