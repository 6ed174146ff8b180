// The scenario as it is changed: what its own file says, over what it inherits; every step can be undone.
import { data } from "./core.js";

/** @type {Draft} */
export const draft = { ...data.draft };
/** @type {((why: string) => void)[]} */
const listeners = [];
/** @param {(why: string) => void} listener */
export const onChange = (listener) => { listeners.push(listener); };
/** @param {string} why */
const tell = (why) => listeners.forEach((listener) => listener(why));
/** @param {Held} value @returns {value is Scenario} */
const isTable = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
/** @param {Scenario} base @param {Scenario} over @returns {Scenario} */
const merged = (base, over) => {
  const found = { ...base };
  Object.entries(over).forEach(([key, value]) => {
    found[key] = isTable(value) && isTable(found[key]) ? merged(found[key], value) : value;
  });
  return found;
};
/** @param {Scenario} table @param {string} key @returns {Held} */
const at = (table, key) =>
  key.split(".").reduce((held, part) => (isTable(held) ? held[part] : undefined), /** @type {Held} */ (table));
/** @param {Held} a @param {Held} b */
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
export const own = () => draft.steps[draft.at].own;
/** The scenario with what it inherits. */
export const whole = () => merged(draft.inherited, own());
/** @template {string} K @param {K} key dotted */
export const get = (key) => {
  const found = at(whole(), key);
  return /** @type {K extends keyof Keys ? Keys[K] : Held} */ (found === undefined ? at(data.defaults, key) : found);
};
/** @param {string} key */
export const isStated = (key) => at(whole(), key) !== undefined;
/** @param {string} key */
export const isOwn = (key) => at(own(), key) !== undefined;
/** @param {Scenario} table @param {string[]} path @param {Held} value @returns {Scenario} */
const put = (table, path, value) => {
  const [part, ...rest] = path;
  const made = { ...table };
  if (rest.length) made[part] = put(isTable(made[part]) ? made[part] : {}, rest, value);
  else made[part] = value;
  const held = made[part];
  if (held === undefined || held === null || (rest.length && isTable(held) && !Object.keys(held).length))
    delete made[part];
  return made;
};
/**
 * Change some keys in one step. What is as it was inherited is not said again.
 * @param {Record<string, Held>} changes dotted key -> value, null to leave it out
 * @param {string} said what was done, for the list of steps
 */
export const change = (changes, said) => {
  let next = own();
  Object.entries(changes).forEach(([key, value]) => {
    const inherited = at(draft.inherited, key);
    const isSaid = at(draft.file_own || {}, key) !== undefined;
    next = put(next, key.split("."), !isSaid && inherited !== undefined && same(value, inherited) ? null : value);
  });
  const { objective } = next;
  if (isTable(objective) && objective.order && objective.weights) next = put(next, ["objective", "weights"], null);
  if (same(next, own())) return;
  draft.steps = [...draft.steps.slice(0, draft.at + 1), { own: next, said }].slice(-200);
  draft.at = draft.steps.length - 1;
  tell("change");
};
/** @param {number} step */
export const goTo = (step) => {
  if (step < 0 || step >= draft.steps.length || step === draft.at) return;
  draft.at = step;
  tell("change");
};
/** @param {Scenario} next @param {string} said */
export const replaceAll = (next, said) => {
  if (same(next, own())) return;
  draft.steps = [...draft.steps.slice(0, draft.at + 1), { own: next, said }];
  draft.at = draft.steps.length - 1;
  tell("change");
};
/** Whether what is shown is what the file says. */
export const isSaved = () => draft.file_own !== null && same(own(), draft.file_own);
/** @param {Pick<Draft, "file" | "seen">} saved file and what it was when it was written */
export const wasSaved = (saved) => { Object.assign(draft, saved, { file_own: own() }); tell("saved"); };
/** @param {Partial<Pick<Draft, "notes" | "versions">>} more notes or versions */
export const keep = (more) => { Object.assign(draft, more); tell("kept"); };
