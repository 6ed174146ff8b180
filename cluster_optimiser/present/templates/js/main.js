// Everything put together; what is here only connects.
import { showAnswer, showPartners } from "./answer.js";
import { answerTo, asked, decodeAsk, openAsk, setUpAsk, showAsk } from "./ask.js";
import { checkPlan, setUpChecking } from "./checking.js";
import { drawCompare, markCompared, openCompare, panes, setUpCompare } from "./compare.js";
import { byId, data, options } from "./core.js";
import { drawFirst, first, followSchool, setUpFirst } from "./first.js";
import { levels, sayAllLevels, sayLevel, setUpLevels } from "./levels.js";
import { markSchool } from "./maps.js";
import { measure } from "./measure.js";
import { reveal, setUpParts } from "./parts.js";
import { spotOfPostcode } from "./places.js";
import { readPlan } from "./plan.js";
import { setUpPrinting } from "./printing.js";
import { readForm, replyCsv, replyText, setUpReply, showReply } from "./reply.js";
import { lookUp, search, setUpSearch } from "./search.js";
import { choose, chosen, followAddress, onChoice } from "./state.js";
import { touchingPairs } from "./topology.js";
import { onPart, placeOf } from "./waiting.js";
import { moveUnit, openTry, planText, setUpTry, startFrom, tried } from "./workbench.js";

const find = setUpSearch((school) => {
  choose({ school, see: "school" });
  byId("answer").focus({ preventScroll: true });
});
/** Go to a part of the page; the address and Back know of it. @param {string} id */
const goTo = (id) => {
  if (id === "maps") openCompare();
  if (id === "try") openTry();
  if (id === "ask") openAsk();
  choose({ see: id });
  reveal(id);
};
const allPanes = () => [
  first.pane,
  ...panes,
  ...[tried.pane, levels.pane, asked.pane].filter((pane) => pane !== null),
];
onChoice((changed) => {
  if (changed.includes("school")) {
    find.show(chosen.school);
    showAnswer();
    if (levels.pane) { sayLevel(); sayAllLevels(); }
    [tried.pane, levels.pane].forEach((pane) => { if (pane) markSchool(pane); });
  }
  if (changed.includes("b")) { drawFirst(); showPartners(); }
  if (changed.includes("school") || (changed.includes("b") && chosen.school !== null)) followSchool();
  if (changed.includes("a") || changed.includes("b")) drawCompare(changed);
  if (changed.includes("school")) markCompared();
  if (changed.includes("plan") && chosen.plan) openTry();
  if (changed.includes("ask") && byId("ask-box") && byId("ask-box").open) showAsk();
  showReply();
});
// Parts above have opened since: where a browser says that a reader was is no longer there.
history.scrollRestoration = "manual";
followAddress(() => { if (chosen.see) reveal(chosen.see); else scrollTo(0, 0); });
find.show(chosen.school);
showAnswer();
setUpFirst();
setUpCompare();
setUpParts();
setUpTry();
setUpReply();
setUpAsk(goTo);
byId("try-reply").addEventListener("click", () => goTo("reply"));
setUpPrinting();
setUpChecking(() => { reveal("sources"); reveal("check-plan"); });
onPart((part) => { if (part.id === "levels") setUpLevels(); });
document.addEventListener("click", (event) => {
  const link = /** @type {Element} */ (event.target).closest("a[href^='#'], a[hreflang]");
  // The same page in another language shows what is looked at here.
  if (link && link.hreflang) { link.hash = location.hash; return; }
  if (!link || event.defaultPrevented || !placeOf(link.hash.slice(1))) return;
  event.preventDefault();
  goTo(link.hash.slice(1));
});
let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  allPanes().forEach((pane) => pane.fit());
  if (chosen.school !== null) followSchool();
});
if (chosen.plan || chosen.see === "try") openTry();
if (chosen.ask || chosen.see === "ask") openAsk();
if (chosen.see === "maps") openCompare();
if (chosen.see || chosen.school !== null) reveal(chosen.see || "school", false);
// For those who check the page's numbers against the command line.
window.clusterPage = Object.freeze({
  options,
  panes,
  first,
  touchingPairs,
  search,
  lookUp,
  spotOfPostcode,
  choose,
  chosen,
  tried,
  levels,
  showAnswer,
  startFrom,
  moveUnit,
  openTry,
  openCompare,
  planText,
  readPlan,
  measure,
  checkPlan,
  answerTo,
  asked,
  decodeAsk,
  openAsk,
  readForm,
  replyCsv,
  replyText,
  reveal,
  data,
});
document.documentElement.dataset.ready = String(Math.round(performance.now()));
