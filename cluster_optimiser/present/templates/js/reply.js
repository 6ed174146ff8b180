// A reply without a server: as an e-mail, as a row of a file, or on paper.
import { byId, choice, counted, data, download, fill, options, say, schools } from "./core.js";
import { csvCell } from "./csv.js";
import { decodePlan, partOfOption, planCsv, planWords } from "./plan.js";
import { chosen } from "./state.js";
import { clusterNames } from "./workbench.js";

export const COLUMNS = /** @type {const} */ ([
  "school",
  "option",
  "comment",
  "may_quote",
  "plan",
  "respondent",
  "submitted_at",
]);
// What some mail programs cut off is not sent by a link.
const MOST_LINK = 1900;
const ownPlan = () => {
  const found = chosen.plan ? decodePlan(chosen.plan) : null;
  return found && found.part.join() !== partOfOption(found.option).join() ? found : null;
};
const stamp = () => new Date().toISOString().replace(/\.\d+Z$/, "Z");
/** What is on the form. */
export const readForm = (now = stamp()) => {
  const answers = [...document.querySelectorAll("#reply textarea[data-question]")]
    .map((field) => [String(field.dataset.question), field.value.trim()])
    .filter(([, text]) => text);
  const plan = byId("reply-plan").checked ? ownPlan() : null;
  return {
    school: chosen.school === null ? "" : String(schools.urn[chosen.school]),
    option: byId("reply-option").value,
    comment:
      answers.length === 1 && data.questions.length < 2
        ? answers[0][1]
        : answers.map(([question, text]) => `${question} ${text}`).join("\n"),
    may_quote: byId("reply-quote").checked ? "yes" : "no",
    plan,
    respondent: byId("reply-who").value,
    submitted_at: now,
  };
};
/** A reply as a file of one row. @param {Reply} reply */
export const replyCsv = (reply) => {
  const plan = reply.plan ? planCsv(reply.plan.option, clusterNames(reply.plan.option, reply.plan.part)) : "";
  const cells = COLUMNS.map((name) => csvCell(name === "plan" ? plan : reply[name]));
  return `${COLUMNS.join(",")}\n${cells.join(",")}\n`;
};
/** A reply as a letter; what stands between the marks is read by a program. @param {Reply} reply */
export const replyText = (reply) => {
  const { school } = chosen;
  const option = options.find(({ label }) => label === reply.option);
  const lines = [fill(say.reply_to, { title: document.title })];
  if (school !== null) lines.push(fill(say.ref_school, { name: schools.name[school], urn: schools.urn[school] }));
  lines.push(
    option ? fill(say.ref_option, { label: option.label, title: option.title, stamp: option.stamp }) : say.reply_none,
  );
  const kept = COLUMNS.filter((name) => name !== "comment" && name !== "plan").map(
    (name) => `${name} = ${reply[name]}`,
  );
  if (reply.plan) kept.push(`plan = ${planWords(reply.plan.option, reply.plan.part)}`);
  const comment = reply.comment ? reply.comment.split("\n").map((line) => `| ${line}`) : [];
  return [...lines, "", say.reply_keep, "[reply]", ...kept, "comment =", ...comment, "[end]", ""].join("\n");
};
/** The letter as a link that opens a mail program. @param {Reply} reply */
export const mailLink = (reply) => [
  `mailto:${encodeURIComponent(data.reply_to).replace("%40", "@")}`,
  `?subject=${encodeURIComponent(fill(say.reply_to, { title: document.title }))}`,
  `&body=${encodeURIComponent(replyText(reply).replace(/\n/g, "\r\n"))}`,
].join("");
/** @param {Reply} reply */
const faults = (reply) => [
  ...(reply.school ? [] : [say.reply_no_school]),
  ...(reply.respondent ? [] : [say.reply_no_who]),
];
export const showReply = () => {
  const { school } = chosen;
  byId("reply-school").textContent = school === null ? say.reply_school_none : schools.name[school];
  const plan = ownPlan();
  byId("reply-plan-box").hidden = !plan;
  byId("reply-plan-words").textContent = plan ? planWords(plan.option, plan.part) : "";
  byId("reference").value = replyText(readForm());
};
/** @param {string} words */
const toldReply = (words) => { byId("reply-status").textContent = words; };
/** Do something with a reply that lacks nothing. @param {(reply: Reply) => void} act */
const withReply = (act) => () => {
  const reply = readForm();
  const missing = faults(reply);
  byId("reference").value = replyText(reply);
  if (missing.length) {
    toldReply(missing.join(" "));
    byId(reply.school ? "reply-who" : "reply-find").focus();
    return;
  }
  act(reply);
};
export const setUpReply = () => {
  const pick = byId("reply-option");
  pick.append(...options.map((option) => choice(option, option.label)));
  byId("reply").addEventListener("input", showReply);
  byId("reply-mail").addEventListener("click", withReply((reply) => {
    const link = mailLink(reply);
    if (link.length > MOST_LINK) {
      toldReply(counted(reply.comment.length, say.reply_long));
      byId("reference").select();
      return;
    }
    toldReply(say.reply_mailed);
    location.href = link;
  }));
  byId("reply-save").addEventListener("click", withReply((reply) => {
    download(replyCsv(reply), `reply-${reply.school}.csv`, "text/csv;charset=utf-8");
    toldReply(fill(say.reply_saved, { file: `reply-${reply.school}.csv` }));
  }));
  byId("copy").addEventListener("click", async () => {
    const field = byId("reference");
    field.select();
    try { await navigator.clipboard.writeText(field.value); } catch { document.execCommand("copy"); }
    toldReply(say.copied);
  });
  showReply();
};
/** Take the reader to the reply with an option chosen. @param {string} label */
export const replyWith = (label) => { byId("reply-option").value = label; showReply(); };
