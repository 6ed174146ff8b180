// Options side by side with today; notes on each, and versions of this one.
import { messageOf, post } from "./calls.js";
import { byId, data, fill, make, row, say } from "./core.js";
import { draft, goTo, own } from "./draft.js";
import { drawn, todayBy } from "./stage.js";
import { measureRows } from "./workbench.js";

const MOST = 4;
const THIS = "";
/** @type {{ files: string[], plans: Map<string, Shown | null> }} */
const chosen = { files: [THIS], plans: new Map() };
/** @typedef {{ keep: typeof import("./draft.js").keep, back: (version: Version) => void }} Hooks */
/** @type {Hooks} */
let hooks;
/** @param {string} file */
const nameOf = (file) => {
  if (file === THIS) return say.beside_this;
  if (file.startsWith("version ")) return file.slice(8);
  const found = data.scenarios.find((one) => one.file === file);
  return found ? `${found.option}: ${found.title}` : file;
};
/** @param {string} file */
const shortOf = (file) =>
  (data.scenarios.find((one) => file && one.file === file) || { option: nameOf(file).replace(/^version /, "") })
    .option;
/** @param {string} file @returns {Promise<Shown | null>} */
const solved = async (file) => {
  const known = chosen.plans.get(file);
  if (known !== undefined) return known;
  const version = (draft.versions || []).find((one) => file === `version ${one.name}`);
  const asked = version ? { scenario: version.own, home: draft.home, name: draft.name } : { file };
  const answer = await post("api/solve", asked);
  const made = answer.plan ? drawn(answer, file, "") : null;
  chosen.plans.set(file, made);
  return made;
};
/** @param {(Shown | null)[]} plans @param {{ result: Measured }} today */
const figures = (plans, today) => {
  const rows = new Map();
  const columns = plans.map((plan) => (plan ? measureRows(plan.result, today.result) : null));
  const base = columns.find(Boolean);
  if (!base) return [];
  base.forEach(([name, , before], i) => rows.set(name, [before, ...columns.map((held) => (held ? held[i][1] : "–"))]));
  return [...rows].map(([name, cells]) => {
    const line = row([name, ...cells]);
    [...line.children].slice(2).forEach((cell) => {
      if (cell.textContent !== cells[0]) cell.className = "differs-cell";
    });
    return line;
  });
};
/** @param {Shown} plan */
const chooser = (plan) => {
  const box = make("fieldset", undefined, "choices");
  box.append(make("legend", say.beside_choose));
  const files = [
    THIS,
    ...(draft.versions || []).map((one) => `version ${one.name}`),
    ...data.scenarios
      .filter((one) => one.authority === data.authority_key && one.file !== draft.file)
      .map((one) => one.file),
    draft.file,
  ].filter((file, i, all) => all.indexOf(file) === i);
  files.forEach((file) => {
    const label = make("label", undefined, "tick");
    const tick = make("input");
    tick.type = "checkbox";
    tick.checked = chosen.files.includes(file);
    tick.disabled = !tick.checked && chosen.files.length >= MOST;
    tick.addEventListener("change", () => {
      chosen.files = tick.checked ? [...chosen.files, file] : chosen.files.filter((one) => one !== file);
      showBeside(plan);
    });
    label.title = nameOf(file);
    label.append(tick, make("span", nameOf(file)));
    box.append(label);
  });
  return box;
};
const notes = () => {
  const cells = chosen.files.map((file) => {
    const field = make("textarea");
    field.value = (draft.notes || {})[file] || "";
    field.setAttribute("aria-label", `${say.beside_notes}: ${nameOf(file)}`);
    field.addEventListener("change", () => hooks.keep({ notes: { ...(draft.notes || {}), [file]: field.value } }));
    const cell = make("td");
    cell.append(field);
    return cell;
  });
  const line = make("tr");
  const head = make("th", say.beside_notes);
  head.scope = "row";
  line.append(head, make("td", ""), ...cells);
  return line;
};
/** @param {Shown} plan */
const versionsBox = (plan) => {
  const box = make("div");
  const line = make("div", undefined, "add-row");
  const name = make("input");
  name.type = "text";
  name.setAttribute("aria-label", say.version_name);
  name.placeholder = say.version_name;
  const button = make("button", say.version_keep);
  button.type = "button";
  button.addEventListener("click", () => {
    if (!name.value.trim()) { name.focus(); return; }
    const others = (draft.versions || []).filter((one) => one.name !== name.value.trim());
    chosen.plans.delete(`version ${name.value.trim()}`);
    hooks.keep({ versions: [...others, { name: name.value.trim(), own: own() }] });
    showBeside(plan);
  });
  line.append(name, button);
  const list = make("ul", undefined, "list");
  (draft.versions || []).forEach((version) => {
    const item = make("li");
    const back = make("button", fill(say.version_back, { name: version.name }), "small");
    back.type = "button";
    back.addEventListener("click", () => hooks.back(version));
    item.append(back);
    list.append(item);
  });
  const steps = make("details");
  const all = make("ol");
  draft.steps.forEach((step, i) => {
    const item = make("li");
    const go = make("button", step.said || say.step_start, "small");
    go.type = "button";
    if (i === draft.at) go.setAttribute("aria-current", "step");
    go.addEventListener("click", () => goTo(i));
    item.append(go);
    all.append(item);
  });
  steps.append(make("summary", say.history), all);
  box.append(make("h3", say.versions), line, list, steps);
  return box;
};
/** @param {Shown} plan this option's */
export const showBeside = async (plan) => {
  chosen.plans.set(THIS, plan);
  const home = byId("panel-beside");
  const table = make("table", undefined, "beside");
  const told = make("p", say.solving, "busy");
  home.replaceChildren(
    make("h2", say.beside_title),
    make("p", say.beside_lead, "hint"),
    chooser(plan),
    told,
    table,
    versionsBox(plan),
  );
  const asked = [...chosen.files];
  const plans = [];
  for (const file of asked) {
    try { plans.push(await solved(file)); } catch (error) { plans.push(null); told.textContent = messageOf(error); }
  }
  if (asked.join() !== chosen.files.join() || !plans.length) { told.textContent = ""; return; }
  if (told.textContent === say.solving) told.textContent = "";
  const [head, inner] = [make("thead"), make("tbody")];
  head.append(row([say.figure, say.today_head, ...asked.map(shortOf)], true));
  inner.append(...figures(plans, todayBy(plan.answer)), notes());
  table.replaceChildren(head, inner);
};
/** @param {Hooks} given */
export const setUpBeside = (given) => { hooks = given; };
