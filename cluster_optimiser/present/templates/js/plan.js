// An own plan as numbers: every unit by the first unit of its cluster. The address carries where it
// differs from the option it started from; a file carries every school.
import { atLabel, atUrn, counted, data, firstFive, options, say, schools, titleOf } from "./core.js";
import { csvCell, csvRows, fromCell } from "./csv.js";

/** The first unit of each unit's cluster. @param {unknown[]} clusterOf whatever tells clusters apart */
export const partOf = (clusterOf) => clusterOf.map((cluster) => clusterOf.indexOf(cluster));
/** @param {number[]} part @returns {number[][]} units of each cluster, by first unit */
export const clustersOf = (part) =>
  part.flatMap((first, unit) => (first === unit ? [part.flatMap((one, i) => (one === unit ? [i] : []))] : []));
/** How an option puts its units together. @param {Option} option @returns {number[]} */
export const partOfOption = (option) => {
  const ground = data.grounds[option.ground];
  return partOf(
    ground.units.map((_, unit) => option.of[ground.unit.findIndex((at, i) => at === unit && ground.group[i] < 0)]),
  );
};
/** @param {Option} option @param {number[]} part */
export const encodePlan = (option, part) => {
  const start = partOfOption(option);
  const moves = part.flatMap((first, unit) =>
    first === start[unit] ? [] : [`${unit.toString(36)}-${first.toString(36)}`],
  );
  return [encodeURIComponent(option.label), ...moves].join("~");
};
/** @param {string} text @returns {OwnPlan | null} null where it is no plan of this page */
export const decodePlan = (text) => {
  const [label, ...moves] = text.split("~");
  const option = options[atLabel.get(decodeURIComponent(label)) ?? -1];
  if (!option || !option.can_edit) return null;
  const part = partOfOption(option);
  for (const move of moves) {
    const [unit, first] = move.split("-").map((digits) => parseInt(digits, 36));
    if (!(unit >= 0 && unit < part.length && first >= 0 && first < part.length)) return null;
    part[unit] = first;
  }
  return part.every((first) => part[first] === first) ? { option, part: partOf(part) } : null;
};
/** The plan as a file. @param {Option} option @param {string[]} clusterOf name of each unit's cluster */
export const planCsv = (option, clusterOf) => {
  const ground = data.grounds[option.ground];
  const rows = schools.urn.map(
    (urn, i) => `${urn},${csvCell(ground.group[i] >= 0 ? ground.groups[ground.group[i]] : clusterOf[ground.unit[i]])}`,
  );
  return `urn,cluster\n${rows.join("\n")}\n`;
};
/**
 * Where a plan differs from the option it started from: "4a: Acle + Flegg; Loddon".
 * @param {Option} option @param {number[]} part
 */
export const planWords = (option, part) => {
  const ground = data.grounds[option.ground];
  const before = new Set(clustersOf(partOfOption(option)).map((units) => units.join()));
  const changed = clustersOf(part).filter((units) => !before.has(units.join()));
  return `${option.label}: ${changed.map((units) => units.map((unit) => ground.units[unit]).join(" + ")).join("; ")}`;
};
/**
 * Give the cluster of each unit, or what is wrong with the file, everything at once.
 * @param {string} text
 * @param {Option} option
 */
export const readPlan = (text, option) => {
  const ground = data.grounds[option.ground];
  const rows = csvRows(text.replace(/^\ufeff/, ""));
  const head = (rows.shift() || []).map((cell) => cell.trim().toLowerCase());
  const [urnAt, clusterAt] = [head.indexOf("urn"), head.indexOf("cluster")];
  if (urnAt < 0 || clusterAt < 0) return { faults: [say.file_columns] };
  const held = new Map();
  /** @type {Record<"strangers" | "twice" | "blank", string[]>} */
  const { strangers, twice, blank } = { strangers: [], twice: [], blank: [] };
  rows.forEach((row) => {
    const urn = (row[urnAt] || "").trim();
    const cluster = fromCell(row[clusterAt] || "");
    if (!atUrn.has(urn)) strangers.push(urn);
    else if (held.has(urn)) twice.push(urn);
    else if (!cluster.trim()) blank.push(urn);
    if (!held.has(urn)) held.set(urn, cluster);
  });
  const missing = [...atUrn.keys()].filter((urn) => !held.has(urn));
  /** @type {string[]} */
  const faults = [];
  /** @param {(string | number)[]} list @param {Forms} words */
  const report = (list, words) => {
    if (list.length) faults.push(counted(list.length, words, { urns: firstFive(list) }));
  };
  report(strangers, say.file_strangers);
  report(twice, say.file_twice);
  report(blank, say.file_blank);
  report(missing, say.file_missing);
  if (faults.length) return { faults };
  /** @type {number[]} */
  const wrong = [];
  const found = ground.units.map(() => new Set());
  schools.urn.forEach((urn, i) => {
    const cluster = held.get(String(urn));
    const group = ground.group[i];
    if (group >= 0 ? cluster !== ground.groups[group] : ground.groups.includes(cluster)) wrong.push(urn);
    else if (group < 0) found[ground.unit[i]].add(cluster);
  });
  report(wrong, say.file_exempt);
  report(ground.units.flatMap((_, unit) => (found[unit].size > 1 ? [titleOf(ground, unit)] : [])), say.file_divided);
  return faults.length ? { faults } : { clusterOf: found.map((names) => [...names][0]) };
};
