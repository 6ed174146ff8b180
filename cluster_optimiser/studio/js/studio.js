// The workbench put together: a change is solved at once, and what it comes to is shown.
import { setUpBeside, showBeside } from "./beside.js";
import { Refusal, job, listen, messageOf, post } from "./calls.js";
import { byId, data, decimal, fill, make, number, say } from "./core.js";
import { change, draft, get, goTo, isSaved, keep, onChange, own, replaceAll, wasSaved } from "./draft.js";
import { showFields } from "./fields.js";
import { sayBusy, showFaults, showHelp, showNone, showOutcome, showWaiting } from "./outcome.js";
import { setUpPublish } from "./publish.js";
import { setUpSpread, showSpread } from "./spread.js";
import { drawn, mark, setUpStage, showPlan, stage, todayBy, todayShown } from "./stage.js";
import { showPrice, showWhy } from "./why.js";

const asked = () => ({ scenario: own(), home: draft.home, name: draft.name });
/**
 * @type {{
 *   number: number, plan: Shown | null, tab: string, waits: number, asks: number,
 *   fetching: boolean, hasBest: boolean, answer: Solved | Unsolved | null,
 * }}
 */
const now = { number: 0, plan: null, tab: "work", waits: 0, asks: 0, fetching: false, hasBest: false, answer: null };
const TABS = ["work", "plans", "beside", "publish"];
/** @param {string} words @param {Node} [more] */
const tellTop = (words, more) => {
  const line = byId("told");
  line.hidden = !words;
  line.replaceChildren(words || "", ...(more ? [" ", more] : []));
};
const reopenButton = () => {
  const button = make("button", say.reopen, "small");
  button.addEventListener("click", () =>
    post("api/keep", { file: draft.file, state: { versions: draft.versions, notes: draft.notes } }).then(() =>
      location.reload(),
    ),
  );
  return button;
};
/** @param {unknown} error */
const failed = (error) => {
  if (!(error instanceof Refusal)) throw error;
  sayBusy("");
  if (error.status === 409) { tellTop(error.message); return; }
  if (error.faults.length) showFaults(error.faults);
  else showFaults([error.message]);
};
// What is found soon is shown soon; where the time ran out, it is looked for longer.
const SOON_S = [6, 20, 60];
const askHelp = async () => {
  const mine = now.number;
  sayBusy(say.looking);
  try {
    for (const limit of SOON_S) {
      const found = await post("api/explain", { ...asked(), time_limit_s: limit });
      if (mine !== now.number) return;
      const isAll = !found.notes.length && !found.unsettled.length;
      if (isAll || limit === SOON_S[SOON_S.length - 1] || found.relaxations.length || found.combined.length)
        showHelp(found, change);
      sayBusy(isAll ? "" : say.looking_on);
      byId("outcome").classList.remove("waiting");
      if (isAll) return;
    }
    sayBusy("");
  } catch (error) { if (mine === now.number) failed(error); }
};
/** @param {Solved | Unsolved} answer */
const showAnswer = (answer, isLast = true) => {
  now.answer = answer;
  if (isLast) sayBusy("");
  if (!draft.changed_elsewhere) tellTop("");
  if (!answer.plan) { showNone(answer, askHelp); return; }
  data.last_answer = answer;
  now.plan = drawn(answer, get("option") || draft.name, get("title") || "");
  const { metrics } = now.plan.result;
  data.today_values = { ...metrics, count: metrics.n_clusters, exceptions: metrics.n_under_min };
  showPlan(now.plan);
  showOutcome(now.plan, todayBy(answer), isLast);
  if (!isLast) return;
  if (now.tab === "plans") showSpread(now.plan);
  if (now.tab === "beside") showBeside(now.plan);
};
const stop = () => post("api/stop", { job }).catch((error) => tellTop(error.message));
// While it is being solved: the best plan so far, on the map and in figures.
const showBest = async () => {
  const mine = now.asks;
  if (!mine || now.fetching) return;
  now.fetching = true;
  try {
    const { answer } = await post("api/best", { job });
    if (answer && mine === now.asks) { now.hasBest = true; showAnswer(answer, false); }
  } catch { /* the answer itself will tell */ }
  now.fetching = false;
};
const solve = async () => {
  now.number += 1;
  const mine = now.number;
  clearTimeout(now.waits);
  now.waits = setTimeout(() => sayBusy(say.solving, stop), 150);
  Object.assign(now, { asks: mine, hasBest: false });
  try {
    const answer = await post("api/solve", { ...asked(), job, time_limit_s: get("method") === "redraw" ? 120 : 60 });
    if (mine !== now.number) return;
    clearTimeout(now.waits);
    now.asks = 0;
    showAnswer(answer);
  } catch (error) {
    if (mine !== now.number) return;
    clearTimeout(now.waits);
    now.asks = 0;
    failed(error);
  }
  document.documentElement.dataset.shown = String(mine);
};
const showHead = () => {
  byId("kept-as").textContent = isSaved() ? "" : say.unsaved;
  byId("undo").disabled = draft.at === 0;
  byId("redo").disabled = draft.at === draft.steps.length - 1;
  byId("save").disabled = isSaved();
};
const mayChange = document.body.dataset.look === undefined;
const keepState = () =>
  mayChange
    ? post("api/keep", {
        file: draft.file,
        state: { steps: draft.steps, at: draft.at, seen: draft.seen, versions: draft.versions, notes: draft.notes },
      }).catch((error) => tellTop(error.message))
    : Promise.resolve();
// Ground that is divided otherwise is another drawing: the page is made again, from what is kept.
const needsOtherGround = () =>
  JSON.stringify([get("method") === "redraw", get("units"), get("urban.areas")]) !== data.ground_key;
onChange((why) => {
  showHead();
  const isOther = why === "change" && needsOtherGround();
  // It is asked first: what else there is to do is done while it is solved.
  if (why === "change" && !isOther) { byId("why").replaceChildren(); solve(); showFields(); }
  const kept = keepState();
  if (isOther) kept.then(() => location.reload());
});
/** @param {string} file @param {string} seen */
const save = async (file, seen) => {
  try {
    const told = await post("api/save", { file, own: own(), seen });
    const isOther = file !== draft.file;
    wasSaved({ file, seen: told.seen });
    tellTop("");
    byId("kept-as").textContent = fill(say.saved, { file });
    if (isOther) location.href = `work?open=${encodeURIComponent(file)}`;
    return "";
  } catch (error) { return messageOf(error); }
};
const setUpSaving = () => {
  const box = byId("save-box");
  byId("save").addEventListener("click", async () => tellTop(await save(draft.file, draft.seen)));
  byId("save-as").addEventListener("click", () => {
    byId("save-title").value = get("title") || "";
    byId("save-text").value = get("description") || "";
    byId("save-label").value = `${get("option")}x`;
    byId("save-file").value = `${get("option")}x.toml`;
    byId("save-wrong").textContent = "";
    const { answer } = stage.shown || {};
    byId("save-plan").disabled = !answer || !answer.plan;
    byId("save-plan").checked = Boolean(answer && answer.plan && (answer.stopped || stage.shown !== now.plan));
    box.showModal();
    byId("save-label").select();
  });
  byId("save-label").addEventListener("input", () => {
    byId("save-file").value = `${byId("save-label").value}.toml`;
  });
  byId("save-no").addEventListener("click", () => box.close());
  box.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const before = own();
    const next = {
      ...before,
      title: byId("save-title").value,
      option: byId("save-label").value,
      description: byId("save-text").value,
    };
    const file = `${draft.home}/${byId("save-file").value}`;
    try {
      await post("api/save", {
        file,
        own: next,
        seen: null,
        ...(byId("save-plan").checked ? { plan: stage.shown?.answer?.plan } : {}),
      });
      await post("api/keep", { file, state: { versions: draft.versions, notes: draft.notes } });
      location.href = `work?open=${encodeURIComponent(file)}`;
    } catch (error) { byId("save-wrong").textContent = messageOf(error); }
  });
};
/** @param {string} name @param {boolean} [isFocused] */
const showTab = (name, isFocused) => {
  now.tab = name;
  TABS.forEach((tab) => {
    const isIt = tab === name;
    byId(`tab-${tab}`).setAttribute("aria-selected", String(isIt));
    byId(`tab-${tab}`).tabIndex = isIt ? 0 : -1;
    byId(`panel-${tab}`).hidden = !isIt;
  });
  if (isFocused) byId(`tab-${name}`).focus();
  if (name === "work" && stage.pane) {
    stage.pane.map.invalidateSize({ animate: false });
    if (now.plan && stage.shown !== now.plan) showPlan(now.plan);
  }
  if (name === "plans" && now.plan) showSpread(now.plan);
  if (name === "beside" && now.plan) showBeside(now.plan);
};
const setUpTabs = () => TABS.forEach((tab, i) => {
  byId(`tab-${tab}`).addEventListener("click", () => showTab(tab));
  byId(`tab-${tab}`).addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) showTab(TABS[(i + step + TABS.length) % TABS.length], true);
  });
});
listen((event) => {
  if (event.kind === "progress" && event.job === job && event.has_plan) showBest();
  else if (event.kind === "progress" && event.job === job && now.asks && get("method") === "redraw") {
    const { stage: at, objective, bound } = event;
    const term = data.terms[at] || at;
    const words =
      objective === null
        ? fill(say.solving_stage, { stage: term })
        : fill(bound === null ? say.solving_best : say.solving_now, {
            stage: term,
            objective: number(objective),
            bound: decimal(bound),
          });
    sayBusy(words, stop, now.hasBest ? say.stop_keep : say.stop);
  }
  if (event.kind === "saved" && event.file === draft.file && event.seen !== draft.seen)
    tellTop(fill(say.changed_elsewhere, { file: draft.file }), reopenButton());
});
byId("undo").addEventListener("click", () => goTo(draft.at - 1));
byId("redo").addEventListener("click", () => goTo(draft.at + 1));
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || /** @type {Element} */ (event.target).matches("input[type=text], textarea"))
    return;
  const step = event.key === "z" ? -1 : event.key === "y" ? 1 : 0;
  if (step) { event.preventDefault(); goTo(draft.at + step); }
});
setUpTabs();
setUpSaving();
setUpStage((name) => showWhy(now.plan, name, asked), (names, apply) => showPrice(now.plan, names, asked, apply));
setUpSpread(asked, (answer) => { showPlan(drawn(answer, "", "")); });
setUpBeside({ keep, back: (version) => replaceAll(version.own, fill(say.version_back, { name: version.name })) });
setUpPublish();
showFields();
showHead();
showPlan(todayShown());
showWaiting(say.today_first);
if (draft.changed_elsewhere) tellTop(fill(say.changed_elsewhere, { file: draft.file }), reopenButton());
solve();
// For those who check the studio's numbers against the command line.
window.studio = Object.freeze({ now, draft, stage, change, mark, solve });
