// Why a cluster is as it is, and what a wish would cost: the proved price of each pin.
import { amount, termWords } from "./amounts.js";
import { job, messageOf, post } from "./calls.js";
import { byId, decimal, fill, make, say, titleOf } from "./core.js";
import { get } from "./draft.js";
import { measure } from "./measure.js";

/** @param {Solved | Unsolved} answer @param {Costs} before */
const priceWords = (answer, before) => {
  if (!answer.plan) return say.why_no_plan;
  const term = Object.keys(before).find((key) => Math.abs(answer.objective[key] - before[key]) > 0.005);
  if (!term) return say.why_free;
  return fill(say.price_from, {
    value: amount(term, answer.objective[term]),
    before: amount(term, before[term]),
    term: termWords(term),
  });
};
// How far the price is proved: of what was stopped, what it is at least.
/** @param {Solved | Unsolved} answer @param {Costs} before */
const proofWords = (answer, before) => {
  if (answer.status === "OPTIMAL" || answer.status === "INFEASIBLE") return say.price_proved;
  const bound = answer.bound || {};
  const term = Object.keys(bound).find((key) => key in before);
  return fill(say.price_maybe, { low: term ? amount(term, bound[term]) : "–" });
};
/** @param {Scenario} scenario @param {"together" | "apart"} kind @param {string[]} units */
const withPin = (scenario, kind, units) => ({
  ...scenario,
  pins: { .../** @type {Scenario} */ (scenario.pins || {}), [kind]: [...(get(`pins.${kind}`) || []), units] },
});
/** @param {Ground} ground @param {string} name */
const unitAt = (ground, name) => ground.units.findIndex((_, i) => titleOf(ground, i) === name);
/** @param {Shown | null} plan @param {string} name of a unit @param {() => Question} asked */
export const showWhy = async (plan, name, asked) => {
  const home = byId("why");
  if (!plan) return;
  const { ground } = plan;
  const unit = unitAt(ground, name);
  const cluster = /** @type {Cluster} */ (plan.result.clusters.find((c) => c.units.includes(unit)));
  const title = make("h2", fill(say.why_title, { cluster: cluster.name }));
  const list = make("ul");
  home.replaceChildren(title, list);
  const pairs = ground.edges.filter(([a, b]) => cluster.units.includes(a) && cluster.units.includes(b));
  if (cluster.units.length === 1) list.append(make("li", say.why_alone));
  const base = asked();
  // Of many single schools, those that it touches; of clusters, every border inside.
  const shown = ground.single[unit] === undefined ? pairs : pairs.filter((pair) => pair.includes(unit));
  for (const [a, b] of shown.slice(0, 12)) {
    const names = [titleOf(ground, a), titleOf(ground, b)];
    const item = make("li", fill(say.why_price, { a: names[0], b: names[1], price: "…" }));
    list.append(item);
    if ((get("pins.together") || []).some((one) => [a, b].every((held) => one.includes(ground.units[held])))) {
      item.textContent = fill(say.why_pinned, { a: names[0], b: names[1] });
      continue;
    }
    try {
      const answer = await post("api/solve", {
        ...base,
        job: `${job}-price`,
        scenario: withPin(base.scenario, "apart", [ground.units[a], ground.units[b]]),
      });
      item.textContent = fill(say.why_price, {
        a: names[0],
        b: names[1],
        price: priceWords(answer, plan.answer.objective),
      });
    } catch (error) { item.textContent = messageOf(error); return; }
    if (!item.isConnected) return;
  }
};
// A school that changes its cluster while all else stays: counted here, at once.
/** @param {Shown} plan @param {number} a @param {number} b */
const alone = (plan, a, b) => {
  const result = measure(plan.base, plan.clusterOf.map((name, i) => (i === a ? plan.clusterOf[b] : name)));
  const [minutes, before] = [result, plan.result].map((one) => decimal(one.metrics.mean_minutes));
  const told = [make("p", fill(say.move_alone, { a: titleOf(plan.ground, a), minutes, before }))];
  if (!result.broken.length) return [...told, make("p", say.move_kept)];
  const list = make("ul");
  list.append(
    ...result.broken.slice(0, 6).map(([, who, words]) => make("li", who === "plan" ? words : `${who}: ${words}`)),
  );
  return [...told, make("p", say.move_broken), list];
};
/**
 * What it would cost to have two places together, or apart if they are together.
 * @param {Shown | null} plan @param {string[]} names @param {() => Question} asked
 * @param {(kind: "together" | "apart") => void} apply
 */
export const showPrice = async (plan, names, asked, apply) => {
  const home = byId("why");
  if (!plan || names.length < 2) return;
  const { ground } = plan;
  const [a, b] = names.map((name) => unitAt(ground, name));
  const kind = plan.clusterOf[a] === plan.clusterOf[b] ? "apart" : "together";
  const told = make("p", say.solving, "busy");
  const stop = make("button", say.stop, "small");
  stop.type = "button";
  stop.addEventListener("click", () => post("api/stop", { job: `${job}-price` }).catch(() => {}));
  const line = make("p");
  line.append(told, stop);
  home.replaceChildren(
    make("h2", fill(say[`price_head_${kind}`], { a: names[0], b: names[1] })),
    ...(kind === "together" && ground.single[a] !== undefined ? alone(plan, a, b) : []), line,
  );
  const base = asked();
  try {
    const answer = await post("api/solve", {
      ...base,
      job: `${job}-price`,
      scenario: withPin(base.scenario, kind, [ground.units[a], ground.units[b]]),
      time_limit_s: 120,
    });
    if (!line.isConnected) return;
    const act = make("button", say.apply, "main small");
    act.type = "button";
    act.addEventListener("click", () => apply(kind));
    line.replaceChildren(
      make("b", fill(say.price_best, { price: priceWords(answer, plan.answer.objective) })),
      ` ${proofWords(answer, plan.answer.objective)} `,
      ...(answer.plan ? [act] : []),
    );
  } catch (error) { line.replaceChildren(messageOf(error)); }
};
