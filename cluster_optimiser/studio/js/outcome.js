// What the rules come to: the verdict, the proof, the figures beside today's, the rules kept.
import { DASH, byId, counted, decimal, fill, join, make, number, row, say, schools } from "./core.js";
import { termAmount } from "./amounts.js";
import { mark } from "./stage.js";
import { measureRows } from "./workbench.js";

const TWICE = ["sweep", "in_order", "nested"];
const body = () => {
  let node = byId("outcome").querySelector(".body");
  if (!node) { node = make("div", undefined, "body"); byId("outcome").append(node); }
  return node;
};
const busyLine = () => {
  let node = byId("busy");
  if (!node) {
    node = make("p", "", "busy");
    node.id = "busy";
    node.setAttribute("role", "status");
    byId("outcome").prepend(node);
  }
  return node;
};
/** @param {string} words @param {(() => void) | null} [stop] @param {string} [stopWords] */
export const sayBusy = (words, stop, stopWords = say.stop) => {
  const line = busyLine();
  byId("outcome").classList.toggle("waiting", Boolean(words));
  line.textContent = words;
  if (!stop) return;
  const button = make("button", stopWords, "small");
  button.type = "button";
  button.addEventListener("click", stop);
  line.append(button);
};
/** @param {string[]} heads @param {HTMLTableRowElement[]} rows */
const table = (heads, rows) => {
  const made = make("table");
  const head = make("thead");
  head.append(row(heads, true));
  const inner = make("tbody");
  inner.append(...rows);
  made.append(head, inner);
  return made;
};
/** @param {Solved} answer */
const proofOf = (answer) => {
  if (answer.status === "OPTIMAL") return make("p", say.proved, "proof");
  if (answer.status === "GIVEN") return make("p", say.given, "proof maybe");
  if (answer.gap === null || answer.gap >= 1) return make("p", say.unknown_gap, "proof maybe");
  return make("p", fill(say.unproved, { gap: `${decimal(100 * answer.gap)} %` }), "proof maybe");
};
/** @param {Broken[]} broken */
const brokenList = (broken) => {
  const list = make("ul");
  list.append(...broken.slice(0, 8).map(([, who, words]) => make("li", who === "plan" ? words : `${who}: ${words}`)));
  if (broken.length > 8) list.append(make("li", `… ${number(broken.length - 8)}`));
  return list;
};
/** @param {Shown} plan @param {(cluster: Cluster) => void} show */
const clustersTable = (plan, show) => {
  const rows = plan.result.clusters.map((c) => {
    const line = row([c.name, number(c.pupils), number(c.schools), `${decimal(c.mean)}, ${decimal(c.longest)}`]);
    line.cells[0].append(
      make("span", fill(say.meets_at, { place: c.meets < 0 ? DASH : schools.name[c.meets] }), "sub"),
    );
    line.addEventListener("click", () => show(c));
    return line;
  });
  const made = table([say.cluster, say.pupils_head, say.schools, say.minutes_head], rows);
  made.id = "clusters-table";
  return made;
};
/** @param {Shown} plan @param {{ result: Measured }} today @param {boolean} [isLast] */
export const showOutcome = (plan, today, isLast = true) => {
  const { answer, result } = plan;
  const figures = measureRows(result, today.result).map(([name, value, old, isSame]) => {
    const line = row([name, value, old]);
    if (!isSame) line.className = "differs";
    return line;
  });
  const order = make("ol");
  order.append(...Object.entries(answer.objective).map(([term, value]) => make("li", termAmount(term, value))));
  const kept = result.broken.length
    ? [make("p", say.checked_not), brokenList(result.broken)]
    : [make("p", say.checked)];
  const broken = today.result.broken;
  const clusters = make("details");
  clusters.append(
    make("summary", say.clusters),
    clustersTable(plan, (c) => mark(c.units.map((unit) => plan.ground.units[unit]))),
  );
  body().classList.toggle("so-far", !isLast);
  body().replaceChildren(
    make("p", counted(answer.n_clusters, say.n_clusters), "verdict"), proofOf(answer),
    ...(isLast ? [] : [make("p", say.best_so_far)]), ...(answer.stopped ? [make("p", say.stopped_kept)] : []),
    make("p", answer.n_plans === null ? say.plans_not_counted : counted(answer.n_plans, say.n_plans), "count"),
    make("h2", say.best_in), order,
    make("h2", say.outcome), table([say.figure, say.now, say.today_head], figures),
    make("h2", say.kept), ...kept, ...(broken.length ? [make("p", say.kept_today), brokenList(broken)] : []),
    clusters, ...(TWICE.includes(answer.proof.second_method || "") ? [make("p", say.proved_twice, "sub")] : []),
    make("p", fill(say.seconds, { n: String(answer.seconds) }), "sub"),
  );
};
/** @param {Unsolved} answer without a plan @param {() => void} ask for the reason */
export const showNone = (answer, ask) => {
  const button = make("button", say.why_none, "main");
  button.type = "button";
  button.id = "ask-why-none";
  button.addEventListener("click", ask);
  body().replaceChildren(
    make("p", say.no_plan, "verdict"),
    make("p", answer.message, "proof none"),
    ...(answer.status === "INFEASIBLE" ? [button] : []),
    make("p", say.last_shown, "sub"),
  );
};
/** @param {string} words */
export const showWaiting = (words) => body().replaceChildren(make("p", words, "sub"));
/** @param {string[]} faults */
export const showFaults = (faults) => {
  const [box, list] = [make("div", undefined, "proof none"), make("ul")];
  list.append(...faults.map((fault) => make("li", fault)));
  box.append(list);
  body().replaceChildren(box);
};
/**
 * @param {string} words
 * @param {Record<string, Held>} changes
 * @param {(changes: Record<string, Held>, words: string) => void} apply
 */
const helpItem = (words, changes, apply) => {
  const item = make("li");
  const button = make("button", say.apply, "main small");
  button.type = "button";
  button.addEventListener("click", () => apply(changes, words));
  item.append(make("span", words), button);
  return item;
};
/** @param {Explanation} found @param {(changes: Record<string, Held>, words: string) => void} apply */
export const showHelp = (found, apply) => {
  const clash = found.clash ? found.clash.rules.map((rule) => found.rules[rule]) : [];
  const nowhere = found.unplaced.map((one) => one.words);
  const list = make("ul", undefined, "helps");
  list.append(...found.relaxations.map((one) => helpItem(one.words, one.changes, apply)));
  const two = make("ul", undefined, "helps");
  two.append(
    ...found.combined.map((one) =>
      helpItem(one.words, Object.assign({}, ...one.relaxations.map((r) => r.changes)), apply),
    ),
  );
  const reasons = make("ul");
  reasons.append(...nowhere.slice(0, 5).map((words) => make("li", words)));
  const isLeast = found.relaxations.every((one) => one.is_minimal);
  body().replaceChildren(
    make("p", say.no_plan, "verdict"),
    ...(clash.length ? [make("p", `${say.clash} ${join(clash)}.`, "proof none")] : []),
    ...(found.relaxations.length
      ? [make("h2", isLeast ? say.helps : say.helps_maybe), list]
      : [make("p", say.helps_none)]),
    ...(found.combined.length ? [make("h2", say.helps_two), two] : []),
    ...(nowhere.length ? [make("h2", say.nowhere_head), make("p", say.nowhere, "sub"), reasons] : []),
    ...found.notes.map((note) => make("p", note, "sub")),
  );
  const units = [...found.unplaced.map((one) => one.unit), ...found.stuck_units];
  mark(units.length ? units : found.relaxations.flatMap((one) => one.units), "6 5");
};
