// Ways between schools, in hundredths of minutes.
import { HUNDREDTHS, data, once, schools } from "./core.js";
import { BASE, digitOf, unpack } from "./packing.js";

const exactWays = new Map(
  (data.travel.formula?.exact || []).map(([from, to, way]) => [from * schools.urn.length + to, way]),
);
// All ways between schools, where there is no formula: unpacked when the first is asked for.
const allWays = once(() => {
  const n = schools.urn.length;
  const ways = new Int32Array(n * n).fill(-1);
  const { rows, is_symmetric: isSymmetric } = /** @type {Matrix} */ (data.travel.matrix);
  rows.forEach((row, from) => {
    ways[from * n + from] = 0;
    let at = 0;
    for (let to = isSymmetric ? from + 1 : 0; to < n; to += 1) {
      if (to === from) continue;
      const isLarge = digitOf[row[at]] === BASE - 1;
      const found = (isLarge ? unpack(row, at + 1, 3) : unpack(row, at, 2)) - 1;
      at += isLarge ? 4 : 2;
      ways[from * n + to] = found;
      if (isSymmetric) ways[to * n + from] = found;
    }
  });
  return ways;
});
/** In hundredths of minutes; -1 where it is not known. @param {number} from @param {number} to @returns {number} */
export const way = (from, to) => {
  if (data.travel.matrix) return allWays()[from * schools.urn.length + to];
  // The order of the operations is that of the check made when the page was built.
  const exact = exactWays.get(from * schools.urn.length + to);
  if (exact !== undefined) return exact;
  const { constant_min: constant, bands } = data.travel.formula;
  const dx = schools.xy[from][0] - schools.xy[to][0];
  const dy = schools.xy[from][1] - schools.xy[to][1];
  const km = Math.sqrt(dx * dx + dy * dy) / 1000;
  if (km === 0) return 0;
  let minutes = constant;
  let startKm = 0;
  bands.forEach(([end, rate]) => {
    const endKm = end === null ? Infinity : end;
    minutes += Math.min(Math.max(km - startKm, 0), endKm - startKm) * rate;
    startKm = endKm;
  });
  return Math.floor(minutes * HUNDREDTHS + 0.5);
};
