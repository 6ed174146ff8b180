// A new authority: files are sent one after another, then made into data and starter scenarios.
import { Refusal, job, listen, messageOf, post, send } from "./calls.js";
import { byId, fill, make, say } from "./core.js";

const FILES = ["schools", "clusters", "feeders", "pupils", "corrections", "postcodes", "outline"];
const N_LAYERS = 3;
/** @param {string} words */
const busy = (words) => { byId("busy").textContent = words; };
/** @param {File} file */
const sendSaying = (file) => {
  busy(fill(say.sending, { file: file.name }));
  return send(file);
};
const gathered = async () => {
  /** @type {Record<string, unknown> & { layers: { name: string, file: string }[] }} */
  const asked = {
    authority: byId("authority").value,
    la: byId("la").value,
    again: byId("again").checked,
    layers: [],
    job,
  };
  for (const key of FILES) {
    const [file] = /** @type {HTMLInputElement} */ (byId(key)).files || [];
    if (file) asked[key] = await sendSaying(file);
  }
  for (let i = 0; i < N_LAYERS; i += 1) {
    const [file] = byId(`layer-${i}`).files || [];
    const name = byId(`layer-name-${i}`).value;
    if (file)
      asked.layers.push({ name: name || file.name.replace(/\W.*$/, "").toLowerCase(), file: await sendSaying(file) });
  }
  return asked;
};
/** @param {Answers["api/begin"]} made */
const show = (made) => {
  const check = make("a", say.check);
  Object.assign(check, { href: `check/${encodeURIComponent(made.key)}`, target: "_blank", rel: "noopener" });
  const list = make("ul");
  for (const file of made.scenarios) {
    const item = make("li"), link = make("a", file);
    link.href = `work?open=${encodeURIComponent(file)}`;
    item.append(link);
    list.append(item);
  }
  const lead = make("p", say.check_first);
  lead.append(" ", check);
  const account = make("pre", made.lines.join("\n"), "account");
  account.tabIndex = 0;
  const section = byId("made");
  section.replaceChildren(make("h2", say.made), lead, make("h3", say.open), list, make("h3", say.account), account);
  section.hidden = false;
  section.focus();
};
byId("new").addEventListener("submit", async (event) => {
  event.preventDefault();
  byId("go").disabled = true;
  byId("made").hidden = true;
  byId("wrong").replaceChildren();
  try {
    show(await post("api/begin", await gathered()));
  } catch (error) {
    const faults = error instanceof Refusal && error.faults.length ? error.faults : [messageOf(error)];
    const list = make("ul", undefined, "fault-text");
    list.append(...faults.map((fault) => make("li", fault)));
    byId("wrong").replaceChildren(make("p", say.wrong), list);
  }
  busy("");
  byId("go").disabled = false;
});
listen((event) => { if (event.job === job && event.stage) busy(fill(say.at, { what: event.stage })); });
// Whoever is quicker than this script finds a button that waits, not one that does nothing.
byId("go").disabled = false;
