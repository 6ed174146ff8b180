// Try it: move units between clusters, see what follows, save and load the plan.
import {
  DASH,
  byId,
  choice,
  counted,
  data,
  decimal,
  download,
  fill,
  language,
  make,
  number,
  options,
  row,
  say,
  schools,
  titleOf,
} from "./core.js";
import { makePane, setUpZoom, showOption } from "./maps.js";
import { measure, membersOf } from "./measure.js";
import { namesOf, numbersOf } from "./names.js";
import { clustersOf, decodePlan, encodePlan, partOf, partOfOption, planCsv, readPlan } from "./plan.js";
import { choose, chosen } from "./state.js";
import { touchingPairs } from "./topology.js";

/**
 * @typedef {object} Tried
 * @property {Option} option whose units are moved
 * @property {number[]} part
 * @property {number[][]} past what part was
 * @property {string[]} clusterOf
 * @property {Measured} start
 * @property {Measured} result
 * @property {Pane | null} pane
 */
// Empty until there is a plan to try.
export const tried = /** @type {Tried} */ ({ pane: null });
const groundOf = () => data.grounds[tried.option.ground];
export const planText = () => planCsv(tried.option, tried.clusterOf);
// Clusters of the start keep its names; all others are named by their members.
/** @param {Option} option @param {number[]} part */
const namesFor = (option, part) => {
  const start = partOfOption(option);
  const before = new Map(clustersOf(start).map((units) => [units.join(), units[0]]));
  const ground = data.grounds[option.ground];
  /** @param {number} unit */
  const nameOf = (unit) =>
    option.names[option.of[ground.unit.findIndex((at, i) => at === unit && ground.group[i] < 0)]];
  const clusters = clustersOf(part);
  const taken = new Set(ground.groups);
  const kept = clusters.map((units) => {
    const first = before.get(units.join());
    return first === undefined ? null : nameOf(first);
  });
  kept.forEach((name) => { if (name) taken.add(name); });
  const ruled = namesOf(option, clusters);
  return clusters.map((_, i) => {
    const own = kept[i];
    if (own) return own;
    let name = ruled[i];
    for (let n = 2; taken.has(name); n += 1) name = `${ruled[i]} (${n})`;
    taken.add(name);
    return name;
  });
};
/** The name of each unit's cluster. @param {Option} option @param {number[]} part @returns {string[]} */
export const clusterNames = (option, part) => {
  const names = namesFor(option, part);
  const at = new Map(clustersOf(part).map((units, i) => [units[0], names[i]]));
  return part.map((first) => /** @type {string} */ (at.get(first)));
};
// Colours: a cluster keeps its own where its neighbours allow, else takes the first that is free.
/** @param {number[]} wanted @param {number[]} pieces */
const coloursFor = (wanted, pieces) => {
  const near = wanted.map(() => new Set());
  touchingPairs(pieces).forEach(([a, b]) => { near[a].add(b); near[b].add(a); });
  const colours = [...wanted];
  colours.forEach((_, i) => {
    const used = new Set([...near[i]].map((j) => colours[j]));
    if (colours[i] >= 0 && !used.has(colours[i])) return;
    const free = [0, 1, 2, 3, 4].find((colour) => !used.has(colour));
    if (free !== undefined) { colours[i] = free; return; }
    // Five neighbours with five colours: one of them that can change makes room.
    const giving = [...near[i]].find((j) =>
      [0, 1, 2, 3, 4].some(
        (c) =>
          c !== colours[j]
          && ![...near[j]].some((k) => k !== i && colours[k] === c)
          && [...near[i]].every((k) => k === j || colours[k] !== colours[j]),
      ),
    );
    if (giving === undefined) { colours[i] = 0; return; }
    colours[i] = colours[giving];
    colours[giving] = /** @type {number} */ (
      [0, 1, 2, 3, 4].find((c) => c !== colours[i] && ![...near[giving]].some((k) => k !== i && colours[k] === c))
    );
  });
  return colours;
};
/**
 * A plan of an option's units as an option that maps can show.
 * @param {Option} option
 * @param {number[]} part
 * @param {string[]} clusterOf
 * @param {Measured} result
 * @returns {Option}
 */
export const asOption = (option, part, clusterOf, result) => {
  const ground = data.grounds[option.ground];
  const names = result.clusters.map((c) => c.name);
  const clusters = result.clusters.map((c) => c.units);
  const members = membersOf(ground);
  const held = clusters.map((units) => units.flatMap((unit) => members[unit]));
  const of = schools.urn.map((_, i) =>
    ground.group[i] >= 0 ? names.length + ground.group[i] : names.indexOf(clusterOf[ground.unit[i]]),
  );
  const unitOfPiece = data.topology.pieces.map(
    (_, piece) => ground.unit[schools.piece.findIndex((at, i) => at === piece && ground.group[i] < 0)],
  );
  const pieces = unitOfPiece.map((unit) => (unit === undefined ? -1 : names.indexOf(clusterOf[unit])));
  /** @param {Cluster} cluster @param {number} i @returns {Spot} */
  const spotOf = (cluster, i) => {
    const before = option.names.indexOf(cluster.name);
    const isSame =
      before >= 0 && option.schools[before] === cluster.schools && option.pupils[before] === cluster.pupils;
    if (isSame && option.spots[before]) return option.spots[before];
    const [x, y] = schools.at[cluster.meets >= 0 ? cluster.meets : held[i][0]];
    return [x, y, Math.round(Math.sqrt(held[i].length) * 160)];
  };
  /** @param {number} i */
  const group = (i) => option.names.indexOf(ground.groups[i]);
  return {
    ...option,
    names: [...names, ...ground.groups],
    number: [...numbersOf(held), ...ground.groups.map(() => "")],
    colour: [
      ...coloursFor(
        held.map((list) => option.colour[option.of[list[0]]]),
        pieces,
      ),
      ...ground.groups.map(() => -1),
    ],
    pupils: [...result.clusters.map((c) => c.pupils), ...ground.groups.map((_, i) => option.pupils[group(i)])],
    schools: [...result.clusters.map((c) => c.schools), ...ground.groups.map((_, i) => option.schools[group(i)])],
    mean: [...result.clusters.map((c) => c.mean), ...ground.groups.map((_, i) => option.mean[group(i)])],
    longest: [...result.clusters.map((c) => c.longest), ...ground.groups.map((_, i) => option.longest[group(i)])],
    meets: [...result.clusters.map((c) => c.meets), ...ground.groups.map((_, i) => option.meets[group(i)])],
    links: Object.fromEntries(
      schools.urn.flatMap((_, i) =>
        ground.group[i] >= 0 && ground.unit[i] >= 0 ? [[i, names.indexOf(clusterOf[ground.unit[i]])]] : [],
      ),
    ),
    exempt: ground.groups.map((_, i) => names.length + i),
    of,
    pieces,
    spots: [...result.clusters.map(spotOf), ...ground.groups.map(() => null)],
  };
};
/** @param {Measured} now @param {Measured} before */
export const measureRows = (now, before) => {
  /** @typedef {[name: string, now: string, before: string, isSame: boolean]} MeasureRow */
  /** @param {string} name @param {string} key @param {(value: number | null) => string} write @returns {MeasureRow} */
  const line = (name, key, write) => [
    name,
    write(now.metrics[key]),
    write(before.metrics[key]),
    now.metrics[key] === before.metrics[key],
  ];
  return [
    line(say.m_clusters, "n_clusters", number),
    line(say.m_smallest, "smallest_pupils", number),
    line(say.m_largest, "largest_pupils", number),
    line(say.m_under, "n_under_min", number),
    line(say.m_over, "n_over_max", number),
    line(say.m_mean, "mean_minutes", decimal),
    line(say.m_longest, "max_minutes", decimal),
    line(say.m_pieces, "n_not_contiguous", number),
    line(say.m_secondary, "n_without_secondary", number),
    line(say.m_changed, "changed_pupils", number),
    ...schools.layers.map((layer) =>
      line(fill(say.m_layer, { layer: layer.title }), `misaligned_${layer.name}_pupils`, number),
    ),
  ];
};
/** @param {Measured} result */
const nRules = (result) => new Set(result.broken.map(([rule]) => rule)).size;
/** @param {Measured} now @param {Measured} before */
const showFigures = (now, before) => {
  byId("try-measures").replaceChildren(...measureRows(now, before).map(([name, value, old, isSame]) => {
    const line = row([name, value, old]);
    if (!isSame) line.className = "differs";
    return line;
  }));
  byId("try-clusters").replaceChildren(...now.clusters.map((c) => {
    const line = row([
      c.name,
      number(c.pupils),
      number(c.schools),
      c.meets < 0 ? DASH : schools.name[c.meets],
      `${decimal(c.mean)}, ${decimal(c.longest)}`,
    ]);
    const same = before.clusters.find((other) => other.name === c.name);
    if (!same || same.pupils !== c.pupils || same.schools !== c.schools) line.className = "differs";
    return line;
  }));
  byId("try-broken").replaceChildren(...now.broken.map(([, who, words]) => {
    const item = make("li");
    if (who !== "plan") item.append(make("b", who), ": ");
    item.append(words);
    return item;
  }));
  // One rule may be broken in several places.
  const places = now.broken.length > nRules(now) ? ` ${counted(now.broken.length, say.broken_places)}` : "";
  byId("try-legal").textContent = now.broken.length ? `${counted(nRules(now), say.broken)}${places}` : say.broken_none;
  byId("try-legal").className = now.broken.length ? "v-unmet" : "v-met";
};
const fillChoices = () => {
  const unit = byId("try-unit");
  const ground = groundOf();
  const names = tried.result.clusters.map((c) => c.name);
  if (unit.options.length !== ground.units.length || unit.dataset.ground !== String(tried.option.ground)) {
    const order = ground.units
      .map((_, i) => i)
      .sort((i, j) => titleOf(ground, i).localeCompare(titleOf(ground, j), language));
    unit.replaceChildren(...order.map((i) => new Option(titleOf(ground, i), String(i))));
    unit.dataset.ground = String(tried.option.ground);
  }
  const to = byId("try-to");
  const before = to.value;
  const mine = tried.clusterOf[Number(unit.value)];
  to.replaceChildren(
    ...names.filter((name) => name !== mine).map((name) => new Option(name, `in ${name}`)),
    new Option(say.own_cluster, "own"),
  );
  if ([...to.options].some((one) => one.value === before)) to.value = before;
  byId("try-now").textContent = fill(say.now_in, { unit: titleOf(ground, Number(unit.value)), cluster: mine });
};
const showTry = () => {
  tried.clusterOf = clusterNames(tried.option, tried.part);
  tried.result = measure(tried.option, tried.clusterOf);
  byId("try-from").value = String(options.indexOf(tried.option));
  showFigures(tried.result, tried.start);
  fillChoices();
  byId("try-undo").disabled = !tried.past.length;
  byId("try-again").disabled = tried.part.join() === partOfOption(tried.option).join();
  byId("try-reply").disabled = byId("try-again").disabled;
  if (tried.pane)
    showOption(tried.pane, asOption(tried.option, tried.part, tried.clusterOf, tried.result), {
      today: true,
      areas: true,
      dots: true,
    });
};
/** @param {string} words */
const told = (words) => { byId("try-did").textContent = words; };
/** @param {number[]} part */
const setPart = (part) => {
  tried.past.push(tried.part);
  tried.part = partOf(part);
  choose({ plan: encodePlan(tried.option, tried.part) });
  showTry();
};
// What a move did: the clusters left and joined, and the rules.
/** @param {number} unit @param {Cluster} from @param {Measured} before */
const sayMove = (unit, from, before) => {
  const to = /** @type {Cluster} */ (tried.result.clusters.find((c) => c.units.includes(unit)));
  const rest = tried.result.clusters.find((c) => c.units.some((one) => from.units.includes(one) && one !== unit));
  const parts = [fill(say.did_move, { unit: titleOf(groundOf(), unit), cluster: to.name, pupils: number(to.pupils) })];
  if (rest && rest !== to) parts.push(fill(say.did_leave, { cluster: rest.name, pupils: number(rest.pupils) }));
  const gained = nRules(tried.result) - nRules(before);
  if (gained > 0) parts.push(counted(gained, say.did_break));
  if (gained < 0) parts.push(counted(-gained, say.did_mend));
  told(parts.join(" "));
};
/** To a cluster by name, or null for a cluster of its own. @param {number} unit @param {string | null} cluster */
export const moveUnit = (unit, cluster) => {
  const before = tried.result;
  const from = /** @type {Cluster} */ (before.clusters.find((c) => c.units.includes(unit)));
  const next = tried.part.map((first) => `at ${first}`);
  next[unit] = cluster === null ? "alone" : `at ${tried.part[tried.clusterOf.indexOf(cluster)]}`;
  setPart(partOf(next));
  sayMove(unit, from, before);
};
/** @param {Option} option */
export const startFrom = (option, part = partOfOption(option)) => {
  tried.option = option;
  tried.part = part;
  tried.past = [];
  const start = partOfOption(option);
  tried.start = measure(option, clusterNames(option, start));
  told("");
  showTry();
};
/** @param {File} file */
const loadPlan = async (file) => {
  const read = readPlan(await file.text(), tried.option);
  byId("try-faults").replaceChildren(...(read.faults || []).map((fault) => make("li", fault)));
  byId("try-loaded").textContent = fill(read.faults ? say.file_refused : say.file_loaded, { name: file.name });
  if (!read.faults) setPart(partOf(read.clusterOf));
};
/** @param {L.LatLng} latlng */
const pickOnMap = (latlng) => {
  // The unit of the nearest school: its ground is what lies nearest to its schools.
  const ground = groundOf();
  let nearest = -1; let least = Infinity;
  schools.at.forEach(([x, y], i) => {
    const far = Math.hypot(x - latlng.lng, y - latlng.lat);
    if (ground.group[i] < 0 && far < least) { least = far; nearest = i; }
  });
  byId("try-unit").value = String(ground.unit[nearest]);
  fillChoices();
};
const able = options.flatMap((option, i) => (option.can_edit ? [i] : []));
/** Show the plan of the address, or the option that was chosen: nobody should meet an empty workbench. */
export const openTry = () => {
  if (!able.length) return;
  byId("try-box").open = true;
  const wanted = chosen.plan ? decodePlan(chosen.plan) : null;
  if (wanted && (tried.option !== wanted.option || tried.part.join() !== wanted.part.join()))
    startFrom(wanted.option, wanted.part);
  else if (!tried.option) startFrom(options[able.includes(chosen.b) ? chosen.b : able[0]]);
  else if (!chosen.plan && tried.past.length) startFrom(tried.option);
  if (tried.pane || !byId("try-map").clientWidth) return;
  tried.pane = makePane(byId("try-map"), say.map_try);
  tried.pane.onPick = pickOnMap;
  showTry();
};
export const setUpTry = () => {
  const from = byId("try-from");
  if (!able.length) { byId("try").hidden = true; return; }
  from.replaceChildren(...able.map((i) => choice(options[i], String(i))));
  byId("try-box").querySelector("summary").addEventListener("click", (event) => {
    event.preventDefault();
    if (byId("try-box").open) byId("try-box").open = false; else openTry();
  });
  from.addEventListener("change", () => {
    startFrom(options[Number(from.value)]);
    choose({ plan: encodeURIComponent(tried.option.label) });
  });
  byId("try-unit").addEventListener("change", fillChoices);
  byId("try-move").addEventListener("click", () => {
    const to = byId("try-to").value;
    moveUnit(Number(byId("try-unit").value), to === "own" ? null : to.slice(3));
  });
  byId("try-undo").addEventListener("click", () => {
    tried.part = tried.past.pop() || tried.part;
    choose({ plan: encodePlan(tried.option, tried.part) });
    told(say.did_undo);
    showTry();
    byId("try-move").focus();
  });
  byId("try-again").addEventListener("click", () => {
    startFrom(tried.option);
    choose({ plan: encodeURIComponent(tried.option.label) });
    byId("try-move").focus();
  });
  byId("try-save").addEventListener("click", () => download(planText(), "plan.csv", "text/csv"));
  const load = byId("try-load");
  load.addEventListener("change", () => { if (load.files?.length) loadPlan(load.files[0]); load.value = ""; });
  setUpZoom("try", () => (tried.pane ? [tried.pane] : []));
};
