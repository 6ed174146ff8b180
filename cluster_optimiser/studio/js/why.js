// Why a cluster is as it is: in how many plans, and what parting it would cost.
import { post } from "./calls.js";
import { byId, data, fill, make, number, say, titleOf } from "./core.js";
import { get } from "./draft.js";

const priceWords = (answer, before) => {
  if (!answer.plan) return say.why_no_plan;
  const term = Object.keys(before).find((key) => Math.abs(answer.objective[key] - before[key]) > 0.005);
  if (!term) return say.why_free;
  return fill(say.price_from, { value: number(Math.round(answer.objective[term])), before: number(Math.round(before[term])), term: data.terms[term] || term });
};
const withPin = (scenario, names) => {
  const pins = scenario.pins || {};
  return { ...scenario, pins: { ...pins, apart: [...(get("pins.apart") || []), names] } };
};
/** @param {any} plan @param {string} name of a unit @param {() => any} asked */
export const showWhy = async (plan, name, asked) => {
  const home = byId("why");
  if (!plan) return;
  const { ground } = plan;
  const unit = ground.units.findIndex((_, i) => titleOf(ground, i) === name);
  const cluster = plan.result.clusters.find((c) => c.units.includes(unit));
  const title = make("h3", fill(say.why_title, { cluster: cluster.name }));
  const list = make("ul");
  home.replaceChildren(title, list);
  const pairs = ground.edges.filter(([a, b]) => cluster.units.includes(a) && cluster.units.includes(b));
  if (cluster.units.length === 1) list.append(make("li", say.why_alone));
  const base = asked();
  for (const [a, b] of pairs.slice(0, 12)) {
    const names = [titleOf(ground, a), titleOf(ground, b)];
    const item = make("li", fill(say.why_price, { a: names[0], b: names[1], price: "…" }));
    list.append(item);
    if ((get("pins.together") || []).some((one) => names.every((held) => one.includes(held)))) {
      item.textContent = fill(say.why_pinned, { a: names[0], b: names[1] });
      continue;
    }
    try {
      const answer = await post("api/solve", { ...base, scenario: withPin(base.scenario, [ground.units[a], ground.units[b]]) });
      item.textContent = fill(say.why_price, { a: names[0], b: names[1], price: priceWords(answer, plan.answer.objective) });
    } catch (error) { item.textContent = error.message; }
  }
};
