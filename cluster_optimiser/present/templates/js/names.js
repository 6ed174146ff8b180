// What clusters are called and numbered: the one rule that the plans were named by.
import { data, layerOf, schools } from "./core.js";
import { meetingPlaces, membersOf } from "./measure.js";

const MOST_NAMES = 3;
/** @param {number[]} list */
const sum = (list) => list.reduce((total, school) => total + schools.pupils[school], 0);
/** @param {string[]} names */
const joined = (names) => (names.length === 1 ? names[0]
  : names.length <= MOST_NAMES ? `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`
  : `${names[0]}, ${names[1]} and ${names.length - 2} more`);
/** @param {string} x @param {string} y */
const order = (x, y) => (x < y ? -1 : x > y ? 1 : 0);
/**
 * Pupils by today's cluster.
 * @param {number[]} held schools
 * @returns {[local: number, pupils: number][]} most first
 */
export const heldBy = (held) => {
  const found = new Map();
  held.forEach((i) => found.set(schools.local[i], [...(found.get(schools.local[i]) || []), i]));
  return [...found].map(([local, list]) => /** @type {[number, number]} */ ([local, sum(list)]))
    .sort((x, y) => y[1] - x[1] || order(schools.locals[x[0]], schools.locals[y[0]]));
};
/** @param {Option} option @param {number[]} units */
const wholeArea = (option, units) => Object.entries(option.rules.within).map(([layer, homes]) => {
  const area = homes[units[0]];
  const all = homes.flatMap((home, unit) => (home === area ? [unit] : []));
  const isAll = area >= 0 && all.length === units.length && all.every((unit) => units.includes(unit));
  return isAll ? layerOf(layer).areas[area] : null;
}).find((area) => area !== null);
/** @param {string[]} names */
const unique = (names) => {
  const times = new Map();
  return names.map((name) => {
    times.set(name, (times.get(name) || 0) + 1);
    return times.get(name) === 1 ? name : `${name} (${times.get(name)})`;
  });
};
/**
 * Name clusters, unique within the plan.
 * @param {Option} option
 * @param {number[][]} clusters units of each
 * @returns {string[]}
 */
export const namesOf = (option, clusters) => {
  const ground = data.grounds[option.ground];
  const members = membersOf(ground);
  const merged = unique(clusters.map((units) => {
    const today = heldBy(units.flatMap((unit) => members[unit])).map(([local]) => schools.locals[local]);
    return (today.length > MOST_NAMES && wholeArea(option, units)) || joined(today);
  }));
  if (!option.rules.hubs) return merged;
  // Drawn anew: after the hub, unless it consists of whole clusters of today.
  const size = new Map();
  schools.local.forEach((local, i) => { if (ground.group[i] < 0) size.set(local, (size.get(local) || 0) + 1); });
  const pairs = clusters.map((units, i) => {
    const held = units.flatMap((unit) => members[unit]);
    const mine = new Map();
    held.forEach((one) => mine.set(schools.local[one], (mine.get(schools.local[one]) || 0) + 1));
    const { allowed } = meetingPlaces(option, units, members);
    if ([...mine].every(([local, n]) => size.get(local) === n) || !allowed) return [merged[i], merged[i]];
    const short = schools.locals[schools.local[allowed.school]];
    return [short, `${short} (${schools.name[allowed.school]})`];
  });
  const times = new Map();
  pairs.forEach(([short]) => times.set(short, (times.get(short) || 0) + 1));
  return unique(pairs.map(([short, long]) => (times.get(short) === 1 ? short : long)));
};
/**
 * Number clusters: each by that of today's clusters with most of its pupils, if no other has more.
 * @param {number[][]} clusters schools of each
 * @returns {string[]}
 */
export const numbersOf = (clusters) => {
  const claims = clusters.flatMap((held, cluster) =>
    heldBy(held).map(([local, pupils]) => ({ local, cluster, pupils })),
  );
  claims.sort((x, y) => y.pupils - x.pupils || x.cluster - y.cluster || x.local - y.local);
  const found = new Map();
  const taken = new Set();
  claims.forEach(({ local, cluster }) => {
    if (found.has(cluster) || taken.has(local)) return;
    found.set(cluster, local + 1);
    taken.add(local);
  });
  let next = schools.locals.length;
  return clusters.map((_, cluster) => {
    if (!found.has(cluster)) { next += 1; found.set(cluster, next); }
    return String(found.get(cluster));
  });
};
