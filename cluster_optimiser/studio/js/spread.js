// All legal plans: how they are spread, which none betters, who is always together, what rules cost.
import { termAmount, termWords } from "./amounts.js";
import { messageOf, post } from "./calls.js";
import { DASH, byId, counted, data, decimal, fill, make, number, row, say } from "./core.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDE, HIGH, LEFT, BELOW] = [460, 230, 8, 34];
const { first, second } = data.spread;
/** @type {{ first: string, second: string, third: string, found: Answers["api/explore"] | null, for: string }} */
const chosen = { first, second, third: "", found: null, for: "" };
/** @type {() => Question} */
let askedNow;
/** @type {(point: Pick<Point, "plan">) => void} */
let showFront = () => {};
/** @template {keyof SVGElementTagNameMap} K @param {K} tag @param {Values} values @param {string} [text] */
const draw = (tag, values, text) => {
  const node = document.createElementNS(SVG, tag);
  Object.entries(values).forEach(([key, value]) => node.setAttribute(key, String(value)));
  if (text !== undefined) node.textContent = text;
  return node;
};
/** @param {number} value */
const written = (value) => number(Math.round(value));
/** @param {string} label */
const picture = (label) => {
  const made = draw("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "group", "aria-label": label });
  made.append(draw("line", { class: "axis-line", x1: LEFT, x2: WIDE, y1: HIGH - BELOW, y2: HIGH - BELOW }));
  return made;
};
/** @param {Bars} found @param {number | null} here */
const bars = ({ term, edges, counts, n, is_all: isAll }, here) => {
  const by = { term: termWords(term) };
  const name = isAll ? counted(n, say.plans_all, by) : fill(say.plans_drawn, { n: number(n), ...by });
  const made = picture(name);
  const most = Math.max(...counts);
  const step = (WIDE - LEFT) / counts.length;
  /** @param {number} i */
  const isHere = (i) => here !== null && here >= edges[i] && (here < edges[i + 1] || i === counts.length - 1);
  counts.forEach((count, i) => {
    const high = (count / most) * (HIGH - BELOW - 14);
    const bar = draw("rect", {
      class: `bar-mark${isHere(i) ? " here" : ""}`,
      x: LEFT + i * step + 1,
      y: HIGH - BELOW - high,
      width: step - 2,
      height: high,
    });
    bar.append(
      draw("title", {}, counted(count, say.plans_bar, { from: written(edges[i]), to: written(edges[i + 1]) })),
    );
    made.append(bar);
    if (isHere(i))
      made.append(
        draw(
          "text",
          { x: Math.min(WIDE - 60, Math.max(LEFT, LEFT + i * step)), y: HIGH - 2, class: "here" },
          `▲ ${say.plans_here}`,
        ),
      );
  });
  made.append(
    draw("text", { x: LEFT, y: HIGH - BELOW + 16 }, written(edges[0])),
    draw("text", { x: WIDE, y: HIGH - BELOW + 16, "text-anchor": "end" }, written(edges[edges.length - 1])),
  );
  const box = make("figure");
  box.append(make("figcaption", name), made);
  return box;
};
/** @param {Spread} found @param {Costs | null} here */
const front = ({ front: points, n_front: n, terms }, here) => {
  const drawn = { n: number(n), drawn: number(points.length) };
  const name = points.length < n ? fill(say.plans_front_drawn, drawn) : counted(n, say.plans_front);
  const made = picture(name);
  /** @param {Pick<Point, "values">} point @param {string} term */
  const at = (point, term) => point.values[term];
  const all = here ? [...points, { values: here }] : points;
  const ends = terms.map(
    (term) =>
      /** @type {Ends} */ ([Math.min(...all.map((p) => at(p, term))), Math.max(...all.map((p) => at(p, term)))]),
  );
  /** @typedef {[low: number, high: number]} Ends */
  /** @param {number} value @param {Ends} ends @param {number} size */
  const place = (value, [low, high], size) => (high > low ? ((value - low) / (high - low)) * size : size / 2);
  /** @param {Costs} values */
  const spot = (values) => ({
    cx: LEFT + 8 + place(values[terms[0]], ends[0], WIDE - LEFT - 24),
    cy: HIGH - BELOW - 8 - place(values[terms[1]], ends[1], HIGH - BELOW - 24),
  });
  points.forEach((point) => {
    const dotName = terms.map((term) => `${termWords(term)}: ${written(at(point, term))}`).join("; ");
    const dot = draw("circle", {
      ...spot(point.values),
      r: terms[2] ? 3 + place(at(point, terms[2]), ends[2], 7) : 6,
      class: "dot",
      tabindex: 0,
      role: "button",
      "aria-label": dotName,
    });
    dot.append(draw("title", {}, dotName));
    const show = () => { byId("plans-told").textContent = say.plans_shown; showFront(point); };
    dot.addEventListener("click", show);
    dot.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        show();
      }
    });
    made.append(dot);
  });
  if (here) made.append(draw("circle", { ...spot(here), r: 5, class: "dot here", "pointer-events": "none" }));
  const box = make("figure");
  const axes = make("p", undefined, "axes");
  axes.append(make("span", `↑ ${termWords(terms[1])}`), make("span", `${termWords(terms[0])} →`));
  box.append(
    make("figcaption", name),
    made,
    axes,
    ...(terms[2] ? [make("p", `● ${termWords(terms[2])}: ${say.plans_larger}`, "axes")] : []),
  );
  return box;
};
/** @param {string[]} heads @param {HTMLTableRowElement[]} rows */
const table = (heads, rows) => {
  const made = make("table", undefined, "beside");
  const [head, inner] = [make("thead"), make("tbody")];
  head.append(row(heads, true));
  inner.append(...rows);
  made.append(head, inner);
  return made;
};
/** @param {number | null} value */
const share = (value) => (value === null ? DASH : `${decimal(100 * value)} %`);
/** @param {Spread["pairs"]} pairs */
const pairsBox = (pairs) => {
  const box = make("details");
  box.append(make("summary", say.plans_pairs));
  const scroll = make("div", undefined, "scroll-y");
  scroll.tabIndex = 0;
  scroll.append(
    table(
      [say.plans_pairs, say.plans_share, say.plans_near],
      pairs.map(([a, b, all, near]) =>
        row([
          fill(say.pair, { a, b }),
          all === 1 ? say.plans_pair_all : all === 0 ? say.plans_pair_none : share(all),
          share(near),
        ]),
      ),
    ),
  );
  box.append(scroll);
  return box;
};
const pricesBox = () => {
  const box = make("div");
  const button = make("button", say.price_ask);
  button.type = "button";
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const found = await post("api/explain", askedNow());
      const list = make("ul");
      list.append(...found.prices.filter((one) => !one.is_free).map((one) => make("li", one.words)));
      const free = found.prices.filter((one) => one.is_free).map((one) => found.rules[one.rule]);
      box.replaceChildren(list, ...(free.length ? [make("p", `${say.price_free} ${free.join("; ")}.`)] : []));
    } catch (error) { box.replaceChildren(make("p", messageOf(error))); }
  });
  box.append(button);
  return box;
};
/** @param {string} id @param {string} label @param {string} value @param {string[]} metrics @param {string} [none] */
const picker = (id, label, value, metrics, none) => {
  const made = make("label", label);
  const box = make("select");
  box.id = id;
  box.replaceChildren(
    ...(none ? [new Option(none, "")] : []),
    ...metrics.map((one) => new Option(termWords(one), one, false, one === value)),
  );
  made.append(box);
  return made;
};
/** @param {Shown} plan @returns {Metrics} */
const hereOf = (plan) => {
  const { metrics } = plan.result;
  return {
    ...metrics,
    count: metrics.n_clusters,
    exceptions: metrics.n_under_min,
    ...plan.answer.objective,
    ...Object.fromEntries(
      data.schools.layers.map(({ name }) => [`misaligned.${name}`, metrics[`misaligned_${name}_pupils`]]),
    ),
  };
};
/** @param {Shown} plan */
const write = (plan) => {
  const home = byId("panel-plans");
  const { found } = chosen;
  const head = [make("h2", say.plans_title)];
  if (!found || !("bars" in found)) {
    home.replaceChildren(...head, make("p", say.plans_none));
    return;
  }
  const here = hereOf(plan);
  const told = make("p", "", "hint");
  told.id = "plans-told";
  told.setAttribute("role", "status");
  const grid = make("div", undefined, "spread");
  const picks = make("div", undefined, "picks");
  picks.append(
    picker("plans-first", say.plans_measure, found.terms[0], found.metrics),
    picker("plans-second", say.plans_second, found.terms[1], found.metrics),
    picker(
      "plans-third",
      say.plans_third,
      found.terms[2] || "",
      found.metrics.filter((one) => !found.terms.slice(0, 2).includes(one)),
      say.plans_no_third,
    ),
  );
  grid.append(
    picks,
    bars(found.bars, here[found.terms[0]] ?? null),
    front(
      found,
      found.terms.every((term) => here[term] !== undefined && here[term] !== null)
        ? /** @type {Costs} */ (here)
        : null,
    ),
  );
  const numbers = make("details");
  const inside = make("div", undefined, "scroll-y");
  inside.tabIndex = 0;
  inside.append(
    table(
      found.terms.map(termWords),
      found.front.map((point) => row(found.terms.map((term) => written(point.values[term])))),
    ),
  );
  numbers.append(make("summary", say.plans_numbers), inside);
  home.replaceChildren(
    ...head,
    make("p", say.plans_lead, "hint"),
    make("p", counted(found.n_plans, say.n_plans), "count"),
    grid,
    told,
    numbers,
    pairsBox(found.pairs),
    ...versionsBox(),
    ...outlookBox(plan),
    make("h3", say.price_title),
    pricesBox(),
  );
  /** @type {const} */ (["first", "second", "third"]).forEach((key) =>
    byId(`plans-${key}`).addEventListener("change", () => {
      chosen[key] = byId(`plans-${key}`).value;
      chosen.for = "";
      showSpread(plan);
    }),
  );
};
/** @param {string} label @param {() => Promise<Node[]>} ask */
const asking = (label, ask) => {
  const [box, out] = [make("div", undefined, "ask-row"), make("div")];
  const button = make("button", label);
  button.type = "button";
  out.setAttribute("role", "status");
  button.addEventListener("click", async () => {
    button.disabled = true;
    out.replaceChildren(make("p", say.solving, "busy"));
    try { out.replaceChildren(...await ask()); } catch (error) { out.replaceChildren(make("p", messageOf(error))); }
    button.disabled = false;
  });
  box.append(button);
  return { box, out };
};
const versionsBox = () => {
  const least = make("input");
  Object.assign(least, { type: "number", id: "versions-share", min: "1", max: "100", value: "10" });
  const label = make("label", `${say.versions_share} `);
  label.append(least);
  const { box, out } = asking(say.versions_ask, async () => {
    const found = await post("api/versions", { ...askedNow(), number: 3, differ: Number(least.value) / 100 });
    const list = make("ul", undefined, "list");
    list.append(...found.versions.map((answer, i) => {
      const figures = Object.entries(answer.objective).map(([term, value]) => termAmount(term, value)).join("; ");
      const item = make("li");
      const show = make("button", say.versions_show, "small");
      show.type = "button";
      show.setAttribute("aria-label", `${say.versions_show}: ${i + 1}`);
      show.addEventListener("click", () => { byId("plans-told").textContent = say.plans_shown; showFront(answer); });
      item.append(make("span", fill(say.versions_one, { n: String(i + 1), figures })), show);
      return item;
    }));
    return [list, ...(found.ended ? [make("p", fill(say.versions_ended, { why: found.ended }))] : [])];
  });
  box.prepend(label);
  return [make("h3", say.versions_title), make("p", say.versions_lead, "hint"), box, out];
};
/** @param {number} value */
const signed = (value) => `${value > 0 ? "+" : "\u2212"}${decimal(Math.abs(100 * value))} %`;
// How far all schools may grow or shrink alike before a cluster that is in range leaves it.
/** @param {Shown} plan */
const sameShare = (plan) => {
  const { rules } = plan.base;
  const inside = plan.result.clusters.filter((c) => c.pupils >= rules.min_pupils && c.pupils <= rules.max_pupils);
  if (!inside.length) return [];
  const least = inside.reduce((a, b) => (b.pupils < a.pupils ? b : a));
  const most = inside.reduce((a, b) => (b.pupils > a.pupils ? b : a));
  const [low, high] = [
    rules.min_pupils ? rules.min_pupils / least.pupils - 1 : null,
    rules.has_max ? rules.max_pupils / most.pupils - 1 : null,
  ];
  return [
    make(
      "p",
      fill(say.outlook_same, {
        low: low === null ? say.outlook_any : signed(low),
        high: high === null ? say.outlook_any_up : signed(high),
      }),
    ),
    ...(low === null ? [] : [make("p", fill(say.outlook_low, { cluster: least.name, share: signed(low) }))]),
    ...(high === null ? [] : [make("p", fill(say.outlook_high, { cluster: most.name, share: signed(high) }))]),
  ];
};
/** @param {Shown} plan */
const outlookBox = (plan) => {
  const { box, out } = asking(say.outlook_ask, async () => {
    const { outlook } = await post("api/outlook", { ...askedNow(), plan: plan.answer.plan });
    const [one] = outlook.rows;
    const list = make("ul");
    list.append(...one.leaving.map((words) => make("li", words)));
    return [
      ...sameShare(plan),
      table(
        [say.outlook.title, say.outlook.total],
        outlook.series.map((name, i) => row([name, one.cells[i]])),
      ),
      ...(one.leaving.length ? [make("p", say.outlook.leaving), list] : []),
      ...outlook.assumptions.map((words) => make("p", `${say.outlook.assumption} ${words}`, "hint")),
    ];
  });
  return [make("h3", say.outlook_title), box, out];
};
const termsAsked = () => [...new Set([chosen.first, chosen.second, chosen.third])].filter(Boolean);
/** @param {Shown} plan the best one */
export const showSpread = async (plan) => {
  const home = byId("panel-plans");
  if (!plan.answer.n_plans) {
    home.replaceChildren(make("h2", say.plans_title), make("p", say.plans_only), ...outlookBox(plan));
    return;
  }
  const asked = askedNow();
  if (chosen.for === JSON.stringify([asked.scenario, termsAsked()])) { write(plan); return; }
  home.replaceChildren(make("h2", say.plans_title), make("p", say.solving, "busy"));
  try {
    const found = await post("api/explore", { ...asked, terms: termsAsked() });
    if ("bars" in found) [chosen.first, chosen.second, chosen.third = ""] = found.terms;
    Object.assign(chosen, { found, for: JSON.stringify([asked.scenario, termsAsked()]) });
    write(plan);
  } catch (error) { home.replaceChildren(make("h2", say.plans_title), make("p", messageOf(error))); }
};
/** @param {() => Question} asked @param {(answer: Solved) => void} show */
export const setUpSpread = (asked, show) => {
  askedNow = asked;
  showFront = (point) => show({ .../** @type {Solved} */ (data.last_answer), plan: point.plan });
};
