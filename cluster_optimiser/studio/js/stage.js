// The map, and what is done with places on it.
import { byId, data, fill, make, number, options, say, schools, titleOf } from "./core.js";
import { change, get } from "./draft.js";
import { MARK, makePane, setUpZoom, showOption } from "./maps.js";
import { measure } from "./measure.js";
import { partOf } from "./plan.js";
import { outlines } from "./topology.js";
import { asOption } from "./workbench.js";

/** @typedef {Pick<Shown, "ground" | "clusterOf" | "option"> & { answer?: undefined }} OnGround today's clusters */
/**
 * @type {{
 *   pane: Pane | null, shown: Shown | OnGround | null, marks: L.Layer | null,
 *   pin: ReturnType<typeof L.marker> | null, askPrice(): void,
 * }}
 */
export const stage = { pane: null, shown: null, marks: null, pin: null, askPrice: () => {} };
const LOOK = { today: true, areas: true, dots: true };
/** @param {Ground} ground @param {number} unit */
const firstSchool = (ground, unit) => ground.unit.findIndex((at, i) => at === unit && ground.group[i] < 0);
/** @param {Ground} ground */
const groundNumber = (ground) => {
  const text = JSON.stringify(ground);
  const known = data.grounds.findIndex((one) => JSON.stringify(one) === text);
  if (known >= 0) return known;
  data.grounds.push(ground);
  return data.grounds.length - 1;
};
/**
 * A plan of the server as an option that maps show and that is counted again here.
 * @param {Solved} answer
 * @param {string} label
 * @param {string} title
 * @returns {Shown}
 */
export const drawn = (answer, label, title) => {
  const base = {
    ...options[0],
    label,
    title,
    rules: answer.rules,
    ground: groundNumber(answer.ground),
    can_edit: true,
  };
  const ground = data.grounds[base.ground];
  const clusterOf = ground.units.map((_, unit) => answer.plan[schools.urn[firstSchool(ground, unit)]]);
  const result = measure(base, clusterOf);
  return { answer, base, ground, clusterOf, result, option: asOption(base, partOf(clusterOf), clusterOf, result) };
};
/** Today's clusters, judged by the rules of an answer. @param {{ rules: Rules, ground: Ground }} answer */
export const todayBy = (answer) => {
  const base = { ...options[0], rules: answer.rules, ground: groundNumber(answer.ground) };
  const ground = data.grounds[base.ground];
  const clusterOf = ground.units.map((_, unit) => schools.locals[schools.local[firstSchool(ground, unit)]]);
  return { base, ground, clusterOf, result: measure(base, clusterOf) };
};
/** Today's clusters on the map, until there is a plan. @returns {OnGround} */
export const todayShown = () => {
  const { ground, clusterOf } = todayBy({ rules: options[0].rules, ground: data.grounds[options[0].ground] });
  return { ground, clusterOf, option: options[0] };
};
export const groundNow = () => (stage.shown ? stage.shown.ground : data.grounds[options[0].ground]);
/** @param {string} name */
const unitOf = (name) => {
  const ground = groundNow();
  return ground.units.findIndex((_, unit) => titleOf(ground, unit) === name || ground.units[unit] === name);
};
/** @param {L.LatLng} latlng */
const nearestSchool = (latlng) => {
  const ground = groundNow();
  let [nearest, least] = [-1, Infinity];
  schools.at.forEach(([x, y], i) => {
    const far = Math.hypot(x - latlng.lng, y - latlng.lat);
    if (ground.group[i] < 0 && far < least) [nearest, least] = [i, far];
  });
  return nearest;
};
/** @param {number[]} units */
const ringsOf = (units) => {
  const ground = groundNow();
  const pieces = data.topology.pieces.map((_, piece) => {
    const school = schools.piece.findIndex((at, i) => at === piece && ground.group[i] < 0);
    return school >= 0 && units.includes(ground.unit[school]) ? units.indexOf(ground.unit[school]) : -1;
  });
  return outlines(pieces, units.length).map((rings) => rings.map((ring) => ring.map(([x, y]) => [y, x])));
};
/** Draw a line round places, and have the map show them. @param {string[]} names @param {string} [dash] */
export const mark = (names, dash) => {
  if (stage.marks) stage.marks.remove();
  const units = names.map(unitOf).filter((unit) => unit >= 0);
  if (!units.length || !stage.pane) return;
  const look = { fill: false, interactive: false };
  stage.marks = L.featureGroup(
    ringsOf(units).flatMap((rings) => [
      L.polygon(rings, { ...look, color: "#fff", weight: 7 }),
      L.polygon(rings, { ...look, color: MARK, weight: 4, dashArray: dash }),
    ]),
  ).addTo(stage.pane.map);
};
// A single school can be dragged into another cluster; letting it go asks what that would cost.
/** @param {string[]} names */
const showPin = (names) => {
  if (stage.pin) stage.pin.remove();
  stage.pin = null;
  const ground = groundNow();
  const unit = names.length ? unitOf(names[0]) : -1;
  if (unit < 0 || ground.single[unit] === undefined || !stage.pane) return;
  const [x, y] = schools.at[ground.single[unit]];
  const icon = L.divIcon({ className: "move-pin", iconSize: [22, 22] });
  const words = fill(say.move_pin, { a: names[0] });
  const pinned = L.marker([y, x], { icon, draggable: true, keyboard: false, title: words, alt: words }).addTo(
    stage.pane.map,
  );
  stage.pin = pinned;
  pinned.on("dragend", () => {
    byId("pick-other").value = titleOf(ground, ground.unit[nearestSchool(pinned.getLatLng())]);
    sayPicked();
    if (!byId("do-price").disabled) stage.askPrice();
  });
};
export const picked = () => [byId("pick-one").value, byId("pick-other").value].filter(Boolean);
const sayPicked = () => {
  const names = picked();
  showPin(names);
  byId("picked").replaceChildren(
    ...names.map((name) => {
      const unit = unitOf(name);
      const ground = groundNow();
      if (unit < 0) return make("span");
      const pupils = schools.pupils.reduce(
        (sum, n, i) => sum + (ground.unit[i] === unit && ground.group[i] < 0 ? n : 0),
        0,
      );
      const cluster = stage.shown ? stage.shown.clusterOf[unit] : "–";
      return make("span", `${fill(say.picked, { unit: name, pupils: number(pupils), cluster })}. `);
    }),
  );
  byId("why").replaceChildren();
  if (stage.pin) byId("picked").append(say.move_hint);
  /** @type {const} */ (["together", "apart", "price"]).forEach((id) => {
    byId(`do-${id}`).disabled = new Set(names).size < 2;
  });
  /** @type {const} */ (["exception", "why"]).forEach((id) => {
    byId(`do-${id}`).disabled = !byId("pick-one").value;
  });
  mark(names);
};
const fillPicks = () => {
  const ground = groundNow();
  const names = ground.units.map((_, unit) => titleOf(ground, unit)).sort((a, b) => a.localeCompare(b));
  /** @type {const} */ (["pick-one", "pick-other"]).forEach((id) => {
    const box = byId(id);
    const before = box.value;
    if (box.options.length !== names.length + 1)
      box.replaceChildren(new Option(say.pick_none, ""), ...names.map((name) => new Option(name, name)));
    box.value = names.includes(before) ? before : "";
  });
};
// The first click chooses a place, the second another; a third begins again.
/** @param {L.LatLng} latlng */
const pickOnMap = (latlng) => {
  const ground = groundNow();
  const name = titleOf(ground, ground.unit[nearestSchool(latlng)]);
  const [one, other] = [byId("pick-one"), byId("pick-other")];
  if (!one.value || other.value || one.value === name) { one.value = name; other.value = ""; } else other.value = name;
  sayPicked();
};
/** Show a plan on the map. @param {Shown | OnGround} plan */
export const showPlan = (plan) => {
  stage.shown = plan;
  fillPicks();
  if (!stage.pane) {
    const pane = makePane(byId("map"), say.map_label);
    stage.pane = pane;
    pane.onPick = pickOnMap;
    setUpZoom("map", () => [pane]);
    const { map } = pane;
    // The box of the map changes with what stands below it: all of it stays in view, unless zoomed in.
    new ResizeObserver(() => {
      if (map.getZoom() <= map.getMinZoom() + 0.3) pane.fit();
      else map.invalidateSize({ animate: false });
    }).observe(byId("map"));
  }
  showOption(stage.pane, plan.option, LOOK);
  sayPicked();
};
// Rules name single schools by their number, readers by their name.
/** @param {string} name */
const ruleName = (name) => groundNow().units[unitOf(name)];
/** @param {"together" | "apart"} kind */
const pin = (kind) => {
  const names = picked();
  const key = /** @type {const} */ (`pins.${kind}`);
  change(
    { [key]: [...(get(key) || []), names.map(ruleName)] },
    `${say[kind]}: ${fill(say.pair, { a: names[0], b: names[1] })}`,
  );
};
/**
 * @param {(name: string) => void} askWhy
 * @param {(names: string[], apply: (kind: "together" | "apart") => void) => void} askPrice
 */
export const setUpStage = (askWhy, askPrice) => {
  stage.askPrice = () => askPrice(picked(), pin);
  byId("do-price").addEventListener("click", stage.askPrice);
  /** @type {const} */ (["pick-one", "pick-other"]).forEach((id) => byId(id).addEventListener("change", sayPicked));
  byId("do-together").addEventListener("click", () => pin("together"));
  byId("do-apart").addEventListener("click", () => pin("apart"));
  byId("do-exception").addEventListener("click", () => {
    const name = ruleName(byId("pick-one").value);
    const now = get("size.exceptions") || [];
    change(
      {
        "size.exceptions": [...new Set([...now, name])],
        "size.max_exceptions": Math.max(get("size.max_exceptions") || 0, now.includes(name) ? 0 : now.length + 1),
      },
      `${say.exception}: ${name}`,
    );
  });
  byId("do-why").addEventListener("click", () => askWhy(byId("pick-one").value));
};
