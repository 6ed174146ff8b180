// Page and paper of some options, made in the background.
import { job, listen, messageOf, post, send } from "./calls.js";
import { byId, data, fill, make, say } from "./core.js";

const LONG = ["questions", "next", "privacy", "notice", "asks"];
/** @param {string} key */
const field = (key) => {
  const label = make("label", say.theme[key]);
  const made = make(LONG.includes(key) ? "textarea" : "input");
  if (made instanceof HTMLInputElement) made.type = key === "closes" ? "date" : "text";
  made.id = `theme-${key}`;
  const value = data.theme[key];
  made.value = Array.isArray(value) ? value.join("\n") : String(value || "");
  label.append(made);
  return label;
};
const themeOf = () => Object.fromEntries(Object.keys(say.theme).map((key) => {
  const { value } = byId(`theme-${key}`);
  return [key, key === "questions" ? value.split("\n").map((one) => one.trim()).filter(Boolean) : value];
}).filter(([, value]) => value.length));
const files = () => [...document.querySelectorAll("#publish-options input:checked")].map((tick) => tick.value);
/** What replies may be counted against. @param {Published[]} published */
const showPublished = (published) => {
  byId("replies").hidden = !published.length;
  byId("replies-to").replaceChildren(...published.map(({ folder, labels }) => {
    const option = make("option", labels.join(", "));
    option.value = folder;
    return option;
  }));
};
/** @param {HTMLButtonElement} button */
const count = async (button) => {
  button.disabled = true;
  const told = byId("replies-told");
  byId("replies-made").replaceChildren();
  try {
    const sent = [];
    for (const file of byId("replies-files").files || []) {
      told.textContent = fill(say.new.sending, { file: file.name });
      sent.push(await send(file));
    }
    told.textContent = say.replies_busy;
    const made = await post("api/count", {
      folder: byId("replies-to").value,
      scenario: data.draft.file,
      files: sent,
      job: `${job}-count`,
    });
    const zip = make("a", say.replies_zip);
    Object.assign(zip, { href: made.zip, download: "" });
    byId("replies-made").replaceChildren(make("pre", made.lines.join("\n"), "account"), zip);
    told.textContent = "";
  } catch (error) { told.textContent = `${say.replies_failed} ${messageOf(error)}`; }
  button.disabled = false;
};
const repliesPart = () => {
  const part = make("section");
  part.id = "replies";
  part.hidden = true;
  const to = make("select"), chosen = make("input"), button = make("button", say.replies_go, "main");
  Object.assign(to, { id: "replies-to" });
  Object.assign(chosen, { id: "replies-files", type: "file", multiple: true, accept: ".csv,.txt,.eml" });
  Object.assign(button, { id: "replies-go", type: "button" });
  button.addEventListener("click", () => count(button));
  const toLabel = make("label", say.replies_to), filesLabel = make("label", say.replies_files);
  toLabel.append(to);
  filesLabel.append(chosen);
  const told = make("p", "", "busy"), made = make("div");
  told.id = "replies-told";
  told.setAttribute("role", "status");
  made.id = "replies-made";
  part.append(
    make("h2", say.replies_title),
    make("p", say.replies_lead, "hint"),
    toLabel,
    filesLabel,
    button,
    told,
    made,
  );
  return part;
};
/** @param {Answers["api/publish"]} made */
const done = (made) => {
  const page = make("a", say.publish_page);
  page.href = made.page;
  page.target = "_blank";
  page.rel = "noopener";
  const zip = make("a", say.publish_zip);
  zip.href = made.zip;
  zip.download = "";
  showPublished(made.published);
  byId("publish-made").replaceChildren(
    make("p", say.publish_done),
    page,
    " · ",
    zip,
    ...made.notes.map((note) => make("p", note, "hint")),
  );
  byId("publish-made").scrollIntoView({ block: "nearest" });
};
/** @param {HTMLButtonElement} button */
const publish = async (button) => {
  button.disabled = true;
  const told = byId("publish-told");
  byId("publish-made").replaceChildren();
  told.textContent = fill(say.publish_busy, { what: "" });
  try {
    done(await post("api/publish", { files: files(), theme: themeOf(), job: `${job}-publish` }));
    told.textContent = "";
  } catch (error) { told.textContent = `${say.publish_failed} ${messageOf(error)}`; }
  button.disabled = false;
};
export const setUpPublish = () => {
  const options = make("fieldset", undefined, "choices");
  options.id = "publish-options";
  options.append(
    make("legend", say.publish_choose),
    ...data.scenarios
      .filter((one) => one.authority === data.authority_key)
      .map((one) => {
        const label = make("label", undefined, "tick");
        const tick = make("input");
        Object.assign(tick, {
          type: "checkbox",
          value: one.file,
          checked: one.file === data.draft.file || one.method === "keep",
        });
        label.title = one.title;
        label.append(tick, make("span", `${one.option}: ${one.title}`));
        return label;
      }),
  );
  const look = make("div", undefined, "publish-look");
  look.append(...Object.keys(say.theme).map(field));
  const button = make("button", say.publish_go, "main");
  button.type = "button";
  button.id = "publish-go";
  button.addEventListener("click", () => publish(button));
  const told = make("p", "", "busy");
  told.id = "publish-told";
  told.setAttribute("role", "status");
  const made = make("div");
  made.id = "publish-made";
  byId("panel-publish").replaceChildren(
    make("h2", say.publish_title),
    make("p", `${say.publish_lead} ${say.publish_unsaved}`, "hint"),
    options,
    make("h3", say.publish_look),
    look,
    make("p"),
    button,
    told,
    made,
    repliesPart(),
  );
  post("api/published", {}).then(({ published }) => showPublished(published)).catch(() => {});
  listen((event) => {
    if (event.job === `${job}-publish` && event.stage && event.objective === null)
      byId("publish-told").textContent = fill(say.publish_busy, { what: event.stage });
  });
};
