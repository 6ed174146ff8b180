// What differs between two options: clusters kept, merged, split; schools in different company.
const schoolsOf = (option) => {
  const members = option.names.map(() => []);
  option.of.forEach((cluster, school) => members[cluster].push(school));
  return members;
};
const clusterChanges = (a, b) => {
  const inA = schoolsOf(a);
  const inB = schoolsOf(b);
  const kept = []; const merged = []; const split = []; const other = [];
  const intoB = inA.map((members) => [...new Set(members.map((school) => b.of[school]))]);
  const fromA = inB.map((members) => [...new Set(members.map((school) => a.of[school]))]);
  inA.forEach((members, cluster) => {
    if (!members.length) return;
    const into = intoB[cluster];
    if (into.length === 1 && fromA[into[0]].length === 1) kept.push([cluster, into[0]]);
    else if (into.length > 1 && into.every((one) => fromA[one].length === 1)) split.push([cluster, into]);
  });
  inB.forEach((members, cluster) => {
    const from = fromA[cluster];
    if (from.length < 2) return;
    if (from.every((one) => intoB[one].length === 1)) merged.push([from, cluster]);
    else other.push([from.map((one) => [one, intoB[one].length === 1]), cluster]);
  });
  return { kept, merged, split, other };
};
const changedCompany = (a, b) => {
  const inA = schoolsOf(a);
  const inB = schoolsOf(b);
  const isSame = inA.map((members) => members.length > 0 && inB[b.of[members[0]]].length === members.length && members.every((school) => b.of[school] === b.of[members[0]]));
  return a.of.flatMap((cluster, school) => (isSame[cluster] ? [] : [school]));
};
const changeGroup = (title, lines) => {
  const part = make("div");
  const list = make("ul");
  lines.forEach((line) => list.append(make("li", line)));
  part.append(make("h4", title), list);
  return part;
};
const showChanges = () => {
  const a = options[chosen.a];
  const b = options[chosen.b];
  const box = byId("changes");
  const head = byId("changes-head");
  head.textContent = fill(say.changes_head, { a: a.label, b: b.label });
  if (chosen.a === chosen.b) { box.replaceChildren(make("p", say.changes_same)); return; }
  const { kept, merged, split, other } = clusterChanges(a, b);
  const moved = changedCompany(a, b);
  const pupils = moved.reduce((sum, school) => sum + schools.pupils[school], 0);
  const names = (option, list) => join(bySize(list.map((i) => option.names[i])));
  const parts = [make("p", fill(moved.length ? say.changes_moved : say.changes_none, {
    schools: number(moved.length), all: number(a.of.length), pupils: number(pupils), a: a.label, b: b.label,
  }))];
  const columns = make("div", undefined, "change-lists");
  const sorted = (list, key) => [...list].sort((x, y) => key(x).localeCompare(key(y), language));
  if (merged.length) columns.append(changeGroup(counted(merged.length, say.merged_one, say.merged_many), sorted(merged, (x) => b.names[x[1]]).map(([from, into]) => fill(say.merged, { from: names(a, from), into: b.names[into] }))));
  if (split.length) columns.append(changeGroup(counted(split.length, say.split_one, say.split_many), sorted(split, (x) => a.names[x[0]]).map(([from, into]) => fill(say.split, { from: a.names[from], into: names(b, into) }))));
  if (other.length) columns.append(changeGroup(counted(other.length, say.mixed_one, say.mixed_many), sorted(other, (x) => b.names[x[1]]).map(([from, into]) => fill(say.mixed, { from: join(bySize(from.map(([one, isWhole]) => (isWhole ? a.names[one] : fill(say.part_of, { name: a.names[one] }))))), into: b.names[into] }))));
  if (kept.length) columns.append(changeGroup(counted(kept.length, say.kept_one, say.kept_many), [join(bySize(kept.map(([, into]) => b.names[into])))]));
  parts.push(columns);
  if (moved.length) parts.push(namedList(counted(moved.length, say.moved_one, say.moved_many), moved));
  box.replaceChildren(...parts);
};
// Borders that only one of the two options has.
const changedBorders = () => {
  const [a, b] = [options[chosen.a], options[chosen.b]];
  const gone = allArcs.filter((arc) => isBorder(a.pieces, arc) && !isBorder(b.pieces, arc));
  const fresh = allArcs.filter((arc) => !isBorder(a.pieces, arc) && isBorder(b.pieces, arc));
  const lines = (borders, style) => L.polyline(arcLines(borders), { interactive: false, ...style });
  // Lowest last: a group puts its members at the back one after another.
  return L.featureGroup([
    lines(fresh, { color: "#b3123e", weight: 4.5 }),
    lines(fresh, { color: "#fff", weight: 7 }),
    lines(gone, { color: "#b3123e", weight: 3, dashArray: "2 6" }),
    lines(gone, { color: "#fff", weight: 5 }),
  ]);
};
