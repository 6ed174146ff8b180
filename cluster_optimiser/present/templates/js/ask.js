// Ask all plans: restrictions and wishes of one's own, answered from every plan that keeps the rules.
import {
  byId,
  counted,
  DASH,
  data,
  decimal,
  fill,
  HUNDREDTHS,
  language,
  layerOf,
  make,
  number,
  options,
  row,
  say,
  schools,
  titleOf,
} from "./core.js";
import { makePane, setUpZoom, showOption } from "./maps.js";
import { measure, measureCluster, membersOf } from "./measure.js";
import { encodePlan, partOf } from "./plan.js";
import { choose, chosen } from "./state.js";
import { sweep } from "./sweep.js";
import { asOption, clusterNames } from "./workbench.js";

/**
 * @typedef {{
 *   pairs: [string, number, number][], most: number | null, minutes: number | null, order: string[],
 *   weights?: number[] | null,
 * }} Question
 */
/** @typedef {{ units: number[], mask: bigint, cluster: Cluster }} AskedGroup */
/** @typedef {(cluster: Cluster) => number} Wish */
const WISHES = 3;
/**
 * @type {{
 *   pane: Pane | null, groups: AskedGroup[] | null, order: number[], all: bigint | null,
 *   answer: ReturnType<typeof answerTo> | null,
 * }}
 */
export const asked = { pane: null, groups: null, order: [], all: null, answer: null };
const askedOf = () => /** @type {NonNullable<Drawn["ask"]>} */ (data.ask);
const optionOf = () => options[askedOf().option];
const groundOfAsk = () => data.grounds[optionOf().ground];
/**
 * What may matter, and the whole number it is for one cluster.
 * @returns {Map<string, Wish>}
 */
const wishes = () => {
  const { target } = optionOf().rules;
  return new Map([
    ["count", () => 1],
    ["pupil_minutes", (c) => c.total ?? Infinity],
    ...schools.layers.map(
      (layer, i) => /** @type {[string, Wish]} */ ([`misaligned.${layer.name}`, (c) => c.layers[i].misaligned]),
    ),
    ["deviation", (c) => Math.abs(c.pupils - target)],
  ]);
};
// A weight is of a cluster, of a minute on the average way, of a hundredth of all pupils: as whole
// numbers of one scale.
const factors = () => {
  const { group } = groundOfAsk();
  const hundred = HUNDREDTHS * schools.pupils.reduce((sum, n, school) => sum + (group[school] < 0 ? n : 0), 0);
  return [...wishes().keys()].map((wish) =>
    wish === "count" ? hundred : wish === "pupil_minutes" ? 1 : HUNDREDTHS * HUNDREDTHS,
  );
};
/** @param {number[]} weights @returns {Wish} */
const weighed = (weights) => {
  const scale = factors();
  const terms = [...wishes().values()];
  return (cluster) =>
    terms.reduce((sum, term, i) => sum + (weights[i] ? weights[i] * scale[i] * term(cluster) : 0), 0);
};
/** @param {string} text @param {string} wish */
const layerWords = (text, wish) => fill(text, { layer: layerOf(wish.slice("misaligned.".length)).title });
/** @param {string} wish */
const weightWords = (wish) =>
  wish.startsWith("misaligned.") ? layerWords(say.weight_misaligned, wish) : say[`weight_${wish}`];
/** @param {string} wish */
const wishWords = (wish) =>
  wish.startsWith("misaligned.") ? layerWords(say.wish_misaligned, wish) : say[`wish_${wish}`];
// The groups that a plan may be made of, measured once; units from west to east.
const groupsOfAsk = () => {
  if (asked.groups) return asked.groups;
  const option = optionOf();
  const members = membersOf(groundOfAsk());
  const east = members.map((held) => held.reduce((sum, school) => sum + schools.xy[school][0], 0) / held.length);
  asked.order = members.map((_, unit) => unit).sort((a, b) => east[a] - east[b] || a - b);
  /** @type {Map<number, bigint>} */
  const at = new Map(asked.order.map((unit, i) => [unit, BigInt(i)]));
  const groups = askedOf().groups.map((units) => ({
    units,
    mask: units.reduce((mask, unit) => mask | (1n << /** @type {bigint} */ (at.get(unit))), 0n),
    cluster: measureCluster(option, "", units, members),
  }));
  asked.groups = groups;
  return groups;
};
/** @param {Question} question */
export const answerTo = (question) => {
  const { rules } = optionOf();
  const terms = wishes();
  const together = question.weights ? weighed(question.weights) : null;
  const kept = groupsOfAsk().filter(
    ({ units, cluster }) =>
      (question.minutes === null || (cluster.longest !== null && cluster.longest <= question.minutes))
      && question.pairs.every(([how, a, b]) =>
        how === "t" ? units.includes(a) === units.includes(b) : !(units.includes(a) && units.includes(b)),
      ),
  );
  const groups = kept.map(({ mask, cluster }) => ({
    mask,
    isException: cluster.pupils < rules.min_pupils,
    costs: together
      ? [together(cluster)]
      : question.order.map((wish) => /** @type {Wish} */ (terms.get(wish))(cluster)),
  }));
  const [least, most] = rules.count;
  const found = sweep(groups, asked.order.length, {
    least,
    most: Math.min(most === null ? asked.order.length : most, question.most === null ? Infinity : question.most),
    exceptions: rules.max_exceptions,
  });
  const units = found.groups.map((i) => kept[i].units);
  const part = groundOfAsk().units.map((_, unit) => units.findIndex((held) => held.includes(unit)));
  return { count: found.count, costs: found.costs, part: found.count ? partOf(part) : null };
};
/**
 * The question as the address has it: t together, a apart, n clusters, m minutes, o order, w weights.
 * @param {Question} question
 */
export const encodeAsk = ({ pairs, most, minutes, order, weights }) =>
  [
    ...pairs.map(([how, a, b]) => `${how}${a}-${b}`),
    ...(most === null ? [] : [`n${most}`]),
    ...(minutes === null ? [] : [`m${minutes}`]),
    `o${order.join("!")}`,
    ...(weights ? [`w${weights.join("!")}`] : []),
  ].join("~");
const MOST_WEIGHT = 1000;
/** @param {string} text */
const weightOf = (text) => Math.min(MOST_WEIGHT, Math.max(0, Math.round(Number(text) || 0)));
/** @param {string} text @returns {Question} */
export const decodeAsk = (text) => {
  const known = [...wishes().keys()];
  const n = groundOfAsk().units.length;
  /** @type {Question} */
  const question = { pairs: [], most: null, minutes: null, order: [], weights: null };
  text.split("~").forEach((part) => {
    const value = part.slice(1);
    if (part[0] === "t" || part[0] === "a") {
      const [a, b] = value.split("-").map(Number);
      if (a >= 0 && a < n && b >= 0 && b < n && a !== b) question.pairs.push([part[0], a, b]);
    } else if (part[0] === "n" && Number(value) > 0) question.most = Number(value);
    else if (part[0] === "m" && Number(value) > 0) question.minutes = Number(value);
    else if (part[0] === "o") question.order = value.split("!").filter((wish) => known.includes(wish));
    else if (part[0] === "w") question.weights = known.map((_, i) => weightOf(value.split("!")[i]));
  });
  if (!question.order.length) question.order = known.slice(0, WISHES);
  return question;
};
/** @param {Question["pairs"][number]} pair */
const pairWords = ([how, a, b]) =>
  fill(how === "t" ? say.ask_together : say.ask_apart, { a: titleOf(groundOfAsk(), a), b: titleOf(groundOfAsk(), b) });
/** @param {Question} question */
const showPairs = (question) => byId("ask-pairs").replaceChildren(...question.pairs.map((pair, i) => {
  const item = make("li", `${pairWords(pair)} `);
  const drop = make("button", say.ask_drop);
  drop.type = "button";
  drop.setAttribute("aria-label", `${say.ask_drop}: ${pairWords(pair)}`);
  drop.addEventListener("click", () => {
    choose({ ask: encodeAsk({ ...question, pairs: question.pairs.filter((_, j) => j !== i) }) });
    byId("ask-add").focus();
  });
  item.append(drop);
  return item;
}));
/** @param {Metrics} metrics */
const figures = (metrics) => [
  number(metrics.n_clusters),
  decimal(metrics.mean_minutes),
  decimal(metrics.max_minutes),
  ...schools.layers.map(({ name }) => number(metrics[`misaligned_${name}_pupils`])),
];
/** @param {Option} option */
const metricsOf = (option) => {
  const ground = data.grounds[option.ground];
  return measure(
    option,
    ground.units.map(
      (_, unit) => option.names[option.of[ground.unit.findIndex((at, i) => at === unit && ground.group[i] < 0)]],
    ),
  ).metrics;
};
/** Answer the question of the address. */
export const showAsk = () => {
  const question = decodeAsk(chosen.ask);
  const option = optionOf();
  byId("ask-most").value = question.most === null ? "" : String(question.most);
  byId("ask-minutes").value = question.minutes === null ? "" : String(question.minutes);
  for (let i = 0; i < WISHES; i += 1) byId(`ask-wish-${i}`).value = question.order[i] || "";
  byId("ask-by").value = question.weights ? "w" : "o";
  byId("ask-order").hidden = Boolean(question.weights);
  byId("ask-weights").hidden = !question.weights;
  document.querySelectorAll("#ask-weights input").forEach((field, i) => {
    field.value = String(question.weights ? question.weights[i] : 1);
  });
  showPairs(question);
  if (asked.all === null) asked.all = answerTo({ pairs: [], most: null, minutes: null, order: ["count"] }).count;
  const answer = answerTo(question);
  asked.answer = answer;
  const whole = new Intl.NumberFormat(language);
  byId("ask-count").textContent = answer.part
    ? counted(Number(answer.count), say.ask_count, { n: whole.format(answer.count), all: whole.format(asked.all) })
    : fill(say.ask_none, { all: whole.format(asked.all) });
  byId("ask-best").hidden = !answer.part;
  if (!answer.part) return;
  const names = clusterNames(option, answer.part);
  const best = measure(option, names);
  const { weights } = question;
  byId("ask-proof").textContent = weights
    ? fill(say.ask_weighed, {
        weights:
          [...wishes().keys()]
            .flatMap((wish, i) => (weights[i] ? [`${number(weights[i])} × ${weightWords(wish)}`] : []))
            .join("; ") || DASH,
      })
    : fill(say.ask_proof, { order: question.order.map(wishWords).join("; ") });
  const now = row([say.ask_this, ...figures(best.metrics)]);
  now.className = "differs";
  const others = [...new Set([data.today, chosen.b])]
    .filter((i) => options[i].can_edit)
    .map((i) => row([`${options[i].label}: ${options[i].title}`, ...figures(metricsOf(options[i]))]));
  byId("ask-figures").replaceChildren(now, ...others);
  if (asked.pane)
    showOption(asked.pane, asOption(option, answer.part, names, best), { today: true, areas: true, dots: true });
};
const readQuestion = () => {
  /** @param {"ask-most" | "ask-minutes"} id */
  const value = (id) => (Number(byId(id).value) > 0 ? Number(byId(id).value) : null);
  const order = Array.from({ length: WISHES }, (_, i) => byId(`ask-wish-${i}`).value).filter(Boolean);
  const weights =
    byId("ask-by").value === "w"
      ? [...document.querySelectorAll("#ask-weights input")].map((field) => weightOf(field.value))
      : null;
  return {
    ...decodeAsk(chosen.ask),
    weights,
    most: value("ask-most"),
    minutes: value("ask-minutes"),
    order: [...new Set(order)],
  };
};
export const openAsk = () => {
  if (!data.ask) return;
  byId("ask-box").open = true;
  if (!asked.pane && byId("ask-map").clientWidth) asked.pane = makePane(byId("ask-map"), say.map_ask);
  showAsk();
};
/** @param {(id: string) => void} goTo */
export const setUpAsk = (goTo) => {
  if (!data.ask) return;
  const ground = groundOfAsk();
  const order = ground.units
    .map((_, i) => i)
    .sort((i, j) => titleOf(ground, i).localeCompare(titleOf(ground, j), language));
  /** @type {const} */ (["ask-a", "ask-b"]).forEach((id, k) => {
    byId(id).replaceChildren(...order.map((i) => new Option(titleOf(ground, i), String(i))));
    byId(id).selectedIndex = k;
  });
  for (let i = 0; i < WISHES; i += 1)
    byId(`ask-wish-${i}`).replaceChildren(
      ...(i ? [new Option(say.wish_none, "")] : []),
      ...[...wishes().keys()].map((wish) => new Option(wishWords(wish), wish)),
    );
  byId("ask-weights").replaceChildren(...[...wishes().keys()].map((wish, i) => {
    const line = make("p");
    const label = make("label", weightWords(wish));
    const field = Object.assign(make("input"), {
      type: "number",
      id: `ask-weight-${i}`,
      min: 0,
      max: MOST_WEIGHT,
      step: 1,
      value: 1,
    });
    label.htmlFor = field.id;
    line.append(label, field);
    return line;
  }));
  byId("ask-box").querySelector("summary").addEventListener("click", (event) => {
    event.preventDefault();
    if (byId("ask-box").open) byId("ask-box").open = false; else openAsk();
  });
  byId("ask-form").addEventListener("change", (event) => {
    if (!(/** @type {Element} */ (event.target).closest(".ask-pair"))) choose({ ask: encodeAsk(readQuestion()) });
  });
  byId("ask-add").addEventListener("click", () => {
    const question = readQuestion();
    const pair = /** @type {[string, number, number]} */ ([
      byId("ask-how").value,
      Number(byId("ask-a").value),
      Number(byId("ask-b").value),
    ]);
    if (pair[1] !== pair[2]) choose({ ask: encodeAsk({ ...question, pairs: [...question.pairs, pair] }) });
  });
  /** @param {string} id */
  const take = (id) => () => { choose({ plan: encodePlan(optionOf(), asked.answer?.part || []) }); goTo(id); };
  byId("ask-try").addEventListener("click", take("try"));
  byId("ask-reply").addEventListener("click", take("reply"));
  setUpZoom("ask", () => (asked.pane ? [asked.pane] : []));
};
