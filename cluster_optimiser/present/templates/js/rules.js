// The rules that a plan breaks, as the independent check finds them.
import { data, decimal, fill, firstFive, homes, join, layerOf, number, say, schools, titleOf } from "./core.js";
import { way } from "./ways.js";

/** @typedef {number[][]} Members schools of each unit */
/** @typedef {Quota & { limit: number | null }} Limited */
// A cluster over the maximum may stand where it is one whole cluster of today.
/** @param {Ground} ground @param {Cluster} cluster @param {Members} members */
const isOneOfToday = (ground, cluster, members) => {
  if (cluster.units.length === 1 && ground.single[cluster.units[0]] === undefined) return true;
  const today = new Set(cluster.units.flatMap((unit) => members[unit].map((school) => schools.local[school])));
  return (
    today.size === 1
    && ground.group.filter((group, school) => group < 0 && !homes.has(school) && today.has(schools.local[school]))
      .length === cluster.schools
  );
};
// Units that neither touch the hub's nor one of the cluster that is nearer to the hub.
/** @param {Ground} ground @param {Cluster} cluster @param {Members} members */
const turnedAway = (ground, cluster, members) => {
  const hub = ground.unit[cluster.meets];
  const away = new Map(
    cluster.units.map((unit) => [
      unit,
      Math.min(...members[unit].map((school) => way(school, cluster.meets)).map((one) => (one < 0 ? Infinity : one))),
    ]),
  );
  return cluster.units.filter((unit) => {
    const near = ground.edges.flatMap(([a, b]) => (a === unit ? [b] : b === unit ? [a] : []));
    return (
      unit !== hub
      && !near.includes(hub)
      && !near.some((other) => (away.get(other) ?? Infinity) < Number(away.get(unit)))
    );
  });
};
// What an option asks of numbers of schools.
/** @param {Rules} rules */
export const quotasOf = (rules) => data.quotas.map((quota, i) => ({ ...quota, limit: rules.quotas[i] }));
// Whether a cluster has too few or too many of a kind of school; no limit asks for nothing.
/** @param {Limited} quota @param {Cluster} cluster */
export const isBeyond = ({ number: of, is_least: isLeast, limit }, cluster) =>
  limit !== null && (isLeast ? cluster[of] < limit : cluster[of] > limit);
// [rule, who, in words], rule by rule as the independent check does.
/** @param {Option} option @param {Cluster[]} clusters @param {string[]} clusterOf @param {Members} members */
export const brokenRules = (option, clusters, clusterOf, members) => {
  const ground = data.grounds[option.ground];
  const { rules } = option;
  /** @type {Broken[]} */
  const broken = [];
  clusters.forEach((c) => {
    const isKept = rules.keep_oversize && isOneOfToday(ground, c, members);
    if (c.pupils > rules.max_pupils && !isKept)
      broken.push([
        "size.max",
        c.name,
        fill(say.rule_over, {
          pupils: number(c.pupils),
          by: number(c.pupils - rules.max_pupils),
          limit: number(rules.max_pupils),
        }),
      ]);
    if (!c.isWhole) broken.push(["contiguity", c.name, say.rule_pieces]);
    quotasOf(rules)
      .filter((quota) => isBeyond(quota, c))
      .forEach((quota) =>
        broken.push([quota.rule, c.name, fill(say[quota.say], { n: c[quota.number], limit: Number(quota.limit) })]),
      );
    if (rules.max_minutes !== null) {
      if (c.longest === null) broken.push(["travel", c.name, say.rule_unreachable]);
      else if (c.longest > rules.max_minutes)
        broken.push([
          "travel",
          c.name,
          fill(say.rule_travel, { minutes: decimal(c.longest), limit: decimal(rules.max_minutes) }),
        ]);
    }
    if (rules.hubs && c.meets < 0) broken.push(["hub", c.name, say.rule_hub]);
    else if (rules.towards_hub && c.meets >= 0) {
      const turned = turnedAway(ground, c, members);
      if (turned.length)
        broken.push([
          "shape",
          c.name,
          fill(say.rule_shape, { units: firstFive(turned.map((unit) => titleOf(ground, unit))) }),
        ]);
    }
    Object.entries(rules.within).forEach(([layer, places]) => {
      const held = [...new Set(c.units.map((unit) => places[unit]))];
      if (held.length > 1 || (held.includes(-1) && c.units.length > 1)) {
        const { title, areas } = layerOf(layer);
        broken.push([
          `within.${layer}`,
          c.name,
          fill(say.rule_within, {
            layer: title,
            areas: join(held.map((home) => (home < 0 ? say.none_known : areas[home])).sort()),
          }),
        ]);
      }
    });
  });
  const { exceptions } = rules;
  const small = clusters.filter((c) => c.pupils < rules.min_pupils);
  small.forEach((c) => {
    const words = fill(say.rule_under, {
      pupils: number(c.pupils),
      by: number(rules.min_pupils - c.pupils),
      limit: number(rules.min_pupils),
    });
    const isUnnamed = exceptions && c.units.some((unit) => !exceptions.includes(unit));
    if (small.length > rules.max_exceptions || isUnnamed) broken.push(["size.min", c.name, words]);
  });
  const [fewest, most] = rules.count;
  if (clusters.length < fewest || (most !== null && clusters.length > most)) {
    broken.push([
      "count",
      "plan",
      fill(most === null ? say.rule_count_min : say.rule_count, {
        n: number(clusters.length),
        low: number(fewest),
        high: number(most),
      }),
    ]);
  }
  rules.together.forEach(({ names, units }) => {
    if (new Set(units.flat().map((unit) => clusterOf[unit])).size > 1)
      broken.push(["pins.together", names.join(", "), say.rule_together]);
  });
  rules.apart.forEach(({ names, units }) => units.forEach((one, i) => units.slice(i + 1).forEach((two, j) => {
    const held = new Set(one.map((unit) => clusterOf[unit]));
    if (two.some((unit) => held.has(clusterOf[unit])))
      broken.push(["pins.apart", `${names[i]}, ${names[i + 1 + j]}`, say.rule_apart]);
  })));
  return broken;
};
