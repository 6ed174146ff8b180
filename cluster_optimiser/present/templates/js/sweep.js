// All plans that are made of given groups, counted exactly: units are covered one after another,
// and ways that have covered the same are counted together.

/**
 * @typedef {{ mask: bigint, costs: number[], isException: boolean }} Group
 * @typedef {{ least: number, most: number, exceptions: number }} Limits clusters, and exceptions at most
 * @typedef {{ count: bigint, costs: number[], at: number, rest: bigint, key: number }} Entry
 */

const MANY = 4096;
/** @param {number[]} one @param {number[]} other whether the first is better in the order of its costs */
export const isBetter = (one, other) => {
  for (let i = 0; i < one.length; i += 1) if (one[i] !== other[i]) return one[i] < other[i];
  return false;
};
/**
 * Count the plans and find the best, by the first cost, then by the second and so on.
 * @param {Group[]} groups bit i of a mask is the i-th unit of the sweep
 * @param {number} nUnits
 * @param {Limits} limits
 */
export const sweep = (groups, nUnits, limits) => {
  const full = (1n << BigInt(nUnits)) - 1n;
  /** @type {number[][]} */
  const byFirst = Array.from({ length: nUnits }, () => []);
  groups.forEach(({ mask }, i) => {
    let first = 0;
    while (!((mask >> BigInt(first)) & 1n)) first += 1;
    byFirst[first].push(i);
  });
  const nCosts = groups.length ? groups[0].costs.length : 0;
  /** @type {Map<bigint, Map<number, Entry>>} what is left to cover -> clusters and exceptions -> plans */
  const known = new Map([[0n, new Map([[0, { count: 1n, costs: Array(nCosts).fill(0), at: -1, rest: 0n, key: 0 }]])]]);
  /** @param {bigint} left @param {number} from @returns {Map<number, Entry>} */
  const plansOf = (left, from) => {
    const before = known.get(left);
    if (before) return before;
    let unit = from;
    while (!((left >> BigInt(unit)) & 1n)) unit += 1;
    /** @type {Map<number, Entry>} */
    const found = new Map();
    byFirst[unit].forEach((at) => {
      const group = groups[at];
      if ((group.mask & left) !== group.mask) return;
      const rest = left ^ group.mask;
      plansOf(rest, unit + 1).forEach((entry, key) => {
        const next = key + MANY + (group.isException ? 1 : 0);
        if (next % MANY > limits.exceptions || next >= (limits.most + 1) * MANY) return;
        const costs = entry.costs.map((cost, i) => cost + group.costs[i]);
        const other = found.get(next);
        if (!other) { found.set(next, { count: entry.count, costs, at, rest, key }); return; }
        other.count += entry.count;
        if (isBetter(costs, other.costs)) Object.assign(other, { costs, at, rest, key });
      });
    });
    known.set(left, found);
    return found;
  };
  let count = 0n;
  /** @type {Entry | undefined} */
  let best;
  plansOf(full, 0).forEach((entry, key) => {
    if (Math.floor(key / MANY) < limits.least) return;
    count += entry.count;
    if (!best || isBetter(entry.costs, best.costs)) best = entry;
  });
  /** @type {number[]} */
  const chosen = [];
  const costs = best ? best.costs : [];
  for (let entry = best; entry && entry.at >= 0; entry = plansOf(entry.rest, 0).get(entry.key)) chosen.push(entry.at);
  return { count, costs, groups: chosen };
};
