// The numbers of a plan made of whole units: the same as the command "evaluate" gives.
import { HUNDREDTHS, data, homes, schools, secondary } from "./core.js";
import { brokenRules, isBeyond, quotasOf } from "./rules.js";
import { way } from "./ways.js";

/** @param {Ground} ground */
export const membersOf = (ground) =>
  ground.units.map((_, unit) => ground.unit.flatMap((at, i) => (at === unit && ground.group[i] < 0 ? [i] : [])));
/** @type {Map<string, [sum: number, most: number]>} */
const cachedWays = new Map();
// Of a unit's schools to a place: pupil minutes and the longest minutes; -1 not known.
/** @param {number} groundNumber @param {number} unit @param {number[]} members @param {number} to */
const unitWay = (groundNumber, unit, members, to) => {
  const key = `${groundNumber} ${unit} ${to}`;
  let found = cachedWays.get(key);
  if (!found) {
    /** @type {[sum: number, most: number]} */
    const made = [0, 0];
    members.forEach((from) => {
      const one = way(from, to);
      if (one < 0) {
        made[1] = -1;
        if (schools.pupils[from]) made[0] = -1;
        return;
      }
      if (made[0] >= 0) made[0] += one * schools.pupils[from];
      if (made[1] >= 0) made[1] = Math.max(made[1], one);
    });
    cachedWays.set(key, made);
    found = made;
  }
  return found;
};
// Where a cluster meets: of all its schools, and of those it may meet at.
/** @param {Option} option @param {number[]} units @param {number[][]} members */
export const meetingPlaces = (option, units, members) => {
  const hubs = option.rules.hubs && new Set(option.rules.hubs);
  const candidates = units
    .flatMap((unit) => members[unit])
    .filter((school) => !homes.has(school))
    .sort((x, y) => x - y);
  /** @type {Record<"any" | "allowed", { school: number, total: number, longest: number } | null>} */
  const best = { any: null, allowed: null };
  candidates.forEach((to) => {
    let total = 0; let longest = 0; let isUsable = true;
    units.forEach((unit) => {
      const [sum, most] = unitWay(option.ground, unit, members[unit], to);
      if (sum < 0) isUsable = false;
      total += sum;
      longest = most < 0 || longest < 0 ? -1 : Math.max(longest, most);
    });
    if (!isUsable) return;
    if (best.any === null || total < best.any.total) best.any = { school: to, total, longest };
    if ((!hubs || hubs.has(to)) && (best.allowed === null || total < best.allowed.total))
      best.allowed = { school: to, total, longest };
  });
  return best;
};
/** @param {number[]} units @param {[number, number][]} edges */
const isConnected = (units, edges) => {
  const wanted = new Set(units);
  const seen = new Set([units[0]]);
  const waiting = [units[0]];
  while (waiting.length) {
    const unit = waiting.pop();
    edges.forEach(([a, b]) => {
      const next = a === unit ? b : b === unit ? a : -1;
      if (next >= 0 && wanted.has(next) && !seen.has(next)) { seen.add(next); waiting.push(next); }
    });
  }
  return seen.size === wanted.size;
};
/** @param {Layer} layer @param {number[]} members */
const layerHold = (layer, members) => {
  /** @type {Map<number, number>} */
  const held = new Map();
  members.forEach((school) => {
    if (layer.of[school] >= 0) held.set(layer.of[school], (held.get(layer.of[school]) || 0) + schools.pupils[school]);
  });
  const [[home, most] = [-1, 0]] = [...held].sort(([one, n], [other, m]) => m - n || one - other);
  const all = members.reduce((sum, school) => sum + schools.pupils[school], 0);
  return { home, misaligned: all - most };
};
/**
 * @param {Option} option
 * @param {string} name
 * @param {number[]} units
 * @param {number[][]} members
 * @returns {Cluster}
 */
export const measureCluster = (option, name, units, members) => {
  const ground = data.grounds[option.ground];
  const held = units.flatMap((unit) => members[unit]);
  const { any, allowed: place } = meetingPlaces(option, units, members);
  const pupils = held.reduce((sum, school) => sum + schools.pupils[school], 0);
  const longest = place && place.longest >= 0 ? place.longest / HUNDREDTHS : null;
  return {
    name,
    units,
    pupils,
    schools: held.filter((school) => !homes.has(school)).length,
    secondary: held.filter((school) => secondary.has(school)).length,
    meets: place ? place.school : -1,
    longest,
    total: place ? place.total : null,
    anyTotal: any ? any.total : null,
    mean: place && pupils ? place.total / HUNDREDTHS / pupils : null,
    isWhole: isConnected(units, ground.edges),
    layers: schools.layers.map((layer) => layerHold(layer, held)),
  };
};
// The largest sum of one number a row, no two in one column: the Hungarian method, row by row,
// with potentials. There are at least as many columns as rows.
/** @param {number[][]} rows @param {number} n */
const largestMatching = (rows, n) => {
  const [ofRow, ofColumn, rowAt, before] = [
    Array(rows.length + 1).fill(0),
    Array(n + 1).fill(0),
    Array(n + 1).fill(0),
    Array(n + 1).fill(0),
  ];
  rows.forEach((_, row) => {
    rowAt[0] = row + 1;
    let column = 0;
    const slack = Array(n + 1).fill(Infinity);
    const isDone = Array(n + 1).fill(false);
    while (rowAt[column]) {
      isDone[column] = true;
      let [least, next] = [Infinity, 0];
      for (let j = 1; j <= n; j += 1) {
        if (isDone[j]) continue;
        const cost = -rows[rowAt[column] - 1][j - 1] - ofRow[rowAt[column]] - ofColumn[j];
        if (cost < slack[j]) { slack[j] = cost; before[j] = column; }
        if (slack[j] < least) { least = slack[j]; next = j; }
      }
      for (let j = 0; j <= n; j += 1) {
        if (isDone[j]) { ofRow[rowAt[j]] += least; ofColumn[j] -= least; } else slack[j] -= least;
      }
      column = next;
    }
    for (; column; column = before[column]) rowAt[column] = rowAt[before[column]];
  });
  return rowAt.slice(1).reduce((sum, row, column) => sum + (row ? rows[row - 1][column] : 0), 0);
};
// Pupils whose cluster is not a continuation of today's: each new cluster continues at most one of
// today's, each of today's is continued at most once, and as many pupils as possible stay.
/** @param {Cluster[]} clusters @param {number[][]} members */
const changedPupils = (clusters, members) => {
  const n = Math.max(schools.locals.length, clusters.length);
  const rows = clusters.map((cluster) => {
    const held = Array(n).fill(0);
    cluster.units
      .flatMap((unit) => members[unit])
      .forEach((school) => {
        held[schools.local[school]] += schools.pupils[school];
      });
    return held;
  });
  return clusters.reduce((sum, cluster) => sum + cluster.pupils, 0) - largestMatching(rows, n);
};
// clusterOf: the name of the cluster of each unit. Exempt schools stay in theirs.
/** @param {Option} option @param {string[]} clusterOf @returns {Measured} */
export const measure = (option, clusterOf) => {
  const ground = data.grounds[option.ground];
  const members = membersOf(ground);
  const names = [...new Set(clusterOf)].sort();
  const clusters = names.map((name) =>
    measureCluster(
      option,
      name,
      clusterOf.flatMap((one, unit) => (one === name ? [unit] : [])),
      members,
    ),
  );
  /** @param {(cluster: Cluster) => number | null} value */
  const sum = (value) => clusters.reduce((total, cluster) => total + (value(cluster) || 0), 0);
  const pupils = sum((c) => c.pupils);
  const { rules } = option;
  const isKnown = clusters.every((c) => c.total !== null);
  const pupilMinutes = isKnown ? sum((c) => c.total) / HUNDREDTHS : null;
  const isLongKnown = clusters.every((c) => c.longest !== null);
  /** @type {Metrics} */
  const metrics = {
    n_clusters: clusters.length,
    n_exempt_clusters: ground.groups.length,
    n_joins: sum((c) => c.units.length) - clusters.length,
    n_schools: sum((c) => c.schools),
    n_schools_all: schools.urn.length - homes.size,
    pupils,
    pupils_all: schools.pupils.reduce((total, one) => total + one, 0),
    smallest_pupils: Math.min(...clusters.map((c) => c.pupils)),
    largest_pupils: Math.max(...clusters.map((c) => c.pupils)),
    mean_pupils: pupils / clusters.length,
    n_under_min: clusters.filter((c) => c.pupils < rules.min_pupils).length,
    n_over_max: clusters.filter((c) => c.pupils > rules.max_pupils).length,
    deviation: sum((c) => Math.abs(c.pupils - rules.target)),
    pupil_minutes: pupilMinutes,
    pupil_minutes_any_school: clusters.every((c) => c.anyTotal !== null) ? sum((c) => c.anyTotal) / HUNDREDTHS : null,
    mean_minutes: pupilMinutes !== null && pupils ? pupilMinutes / pupils : null,
    max_minutes: isLongKnown ? Math.max(...clusters.map((c) => c.longest || 0)) : null,
    n_over_travel_limit:
      rules.max_minutes === null
        ? null
        : clusters.filter((c) => c.longest !== null && c.longest > Number(rules.max_minutes)).length,
    n_not_contiguous: clusters.filter((c) => !c.isWhole).length,
    ...Object.fromEntries(
      quotasOf(rules)
        .filter(({ metric }) => metric)
        .map((quota) => [quota.metric, clusters.filter((c) => isBeyond(quota, c)).length]),
    ),
    changed_pupils: homes.size ? null : changedPupils(clusters, members),
  };
  schools.layers.forEach((layer, i) => {
    const outside = sum((c) => c.layers[i].misaligned);
    metrics[`misaligned_${layer.name}_pupils`] = outside;
    metrics[`misaligned_${layer.name}_share`] = pupils ? outside / pupils : null;
    metrics[`n_across_${layer.name}`] = clusters.filter((c) => c.layers[i].misaligned > 0).length;
  });
  return { clusters, metrics, broken: brokenRules(option, clusters, clusterOf, members) };
};
