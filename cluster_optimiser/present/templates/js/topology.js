// Borders are kept once: arcs, and pieces made of arcs. Clusters are pieces put together.
import { data } from "./core.js";

/** A first place and the steps from there -> places. @param {number[]} flat @returns {Place[]} */
export const unfold = (flat) => {
  /** @type {Place[]} */
  const points = [[flat[0], flat[1]]];
  for (let i = 2; i < flat.length; i += 2) {
    const last = points[points.length - 1];
    points.push([last[0] + flat[i], last[1] + flat[i + 1]]);
  }
  return points;
};
export const arcs = data.topology.arcs.map(unfold);
/** @param {number} arc */
const arcNumber = (arc) => (arc < 0 ? ~arc : arc);
/** @param {number[][][]} shapes */
const sidesOf = (shapes) => {
  const sides = arcs.map(() => /** @type {number[]} */ ([]));
  shapes.forEach((rings, shape) => rings.forEach((ring) => ring.forEach((arc) => sides[arcNumber(arc)].push(shape))));
  return sides;
};
export const pieceSides = sidesOf(data.topology.pieces);
export const areaSides = sidesOf(data.topology.areas);

/** @typedef {{ arc: number, isForward: boolean }} End */
// Arcs in any order and direction -> closed rings.
/** @param {number[]} numbers */
const stitch = (numbers) => {
  /** @param {Place} point */
  const key = (point) => `${point[0]},${point[1]}`;
  /** @type {Map<string, End[]>} */
  const ends = new Map();
  /** @param {Place} point @param {End} entry */
  const put = (point, entry) => {
    ends.set(key(point), [...(ends.get(key(point)) || []), entry]);
  };
  numbers.forEach((arc) => {
    put(arcs[arc][0], { arc, isForward: true });
    put(arcs[arc][arcs[arc].length - 1], { arc, isForward: false });
  });
  const used = new Set();
  /** @type {Place[][]} */
  const rings = [];
  numbers.forEach((first) => {
    if (used.has(first)) return;
    used.add(first);
    const ring = [...arcs[first]];
    for (;;) {
      const next = (ends.get(key(ring[ring.length - 1])) || []).find((entry) => !used.has(entry.arc));
      if (!next) break;
      used.add(next.arc);
      const points = next.isForward ? arcs[next.arc] : [...arcs[next.arc]].reverse();
      for (let i = 1; i < points.length; i += 1) ring.push(points[i]);
    }
    rings.push(ring);
  });
  return rings;
};
// clusterOf: the cluster of each piece. Gives the arcs round each cluster.
/** @param {number[]} clusterOf @param {number} n */
const edgesOf = (clusterOf, n) => {
  const edges = Array.from({ length: n }, () => /** @type {number[]} */ ([]));
  pieceSides.forEach((sides, arc) => {
    const touched = sides.map((piece) => clusterOf[piece]);
    touched.forEach((cluster, i) => {
      if (cluster >= 0 && touched.filter((other) => other === cluster).length === 1) edges[cluster].push(arc);
      else if (cluster >= 0 && touched.indexOf(cluster) === i && touched.length === 1) edges[cluster].push(arc);
    });
  });
  return edges;
};
/** @param {number[]} clusterOf @param {number} n */
export const outlines = (clusterOf, n) => edgesOf(clusterOf, n).map(stitch);
/** @param {number[]} clusterOf @param {number} arc */
export const isBorder = (clusterOf, arc) => {
  const sides = pieceSides[arc];
  return sides.length > 1 && clusterOf[sides[0]] !== clusterOf[sides[1]];
};
/** @param {number[]} clusterOf */
export const touchingPairs = (clusterOf) => {
  const pairs = new Set();
  pieceSides.forEach((sides, arc) => {
    if (isBorder(clusterOf, arc)) {
      const [a, b] = [clusterOf[sides[0]], clusterOf[sides[1]]].sort((x, y) => x - y);
      if (a >= 0) pairs.add(`${a} ${b}`);
    }
  });
  return [...pairs].map((pair) => pair.split(" ").map(Number));
};
export const extent = (() => {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  arcs.forEach((points) => points.forEach(([x, y]) => {
    west = Math.min(west, x); east = Math.max(east, x); south = Math.min(south, y); north = Math.max(north, y);
  }));
  return { west, south, east, north };
})();
