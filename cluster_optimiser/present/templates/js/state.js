// What is chosen: a school, an option, two options to compare, the part of the page that is looked
// at, an own plan, a question. The address carries it all, and Back undoes one choice.
import { atLabel, atUrn, data, options, schools } from "./core.js";
import { placeOf } from "./waiting.js";

/** @type {Chosen} */
const start = { school: null, a: data.today, b: data.right, see: "", plan: "", ask: "" };
export const chosen = { ...start };
/** @type {((changed: (keyof Chosen)[]) => void)[]} */
const listeners = [];
/** @param {(changed: (keyof Chosen)[]) => void} listener */
export const onChoice = (listener) => { listeners.push(listener); };

/** @param {Partial<Chosen>} [changes] */
export const address = (changes = {}) => {
  const at = { ...chosen, ...changes };
  const parts = at.school === null ? [] : [`school=${schools.urn[at.school]}`];
  parts.push(`a=${encodeURIComponent(options[at.a].label)}`, `b=${encodeURIComponent(options[at.b].label)}`);
  /** @type {const} */ (["plan", "ask", "see"]).forEach((key) => {
    if (at[key]) parts.push(`${key}=${encodeURIComponent(at[key])}`);
  });
  return `#${parts.join("&")}`;
};
/** @param {string} hash @param {Chosen} known what stands where the address says nothing */
export const readAddress = (hash, known = start) => {
  if (hash.length > 1 && !hash.includes("="))
    return { ...known, see: placeOf(hash.slice(1)) ? hash.slice(1) : known.see };
  const wanted = new URLSearchParams(hash.slice(1));
  const found = { ...start };
  found.school = atUrn.get(wanted.get("school") || "") ?? null;
  /** @type {const} */ (["a", "b"]).forEach((key) => {
    found[key] = atLabel.get(wanted.get(key) || "") ?? found[key];
  });
  /** @type {const} */ (["plan", "ask"]).forEach((key) => {
    found[key] = wanted.get(key) || "";
  });
  if (placeOf(wanted.get("see"))) found.see = wanted.get("see") || "";
  return found;
};
/** @param {"push" | "replace"} how */
const setAddress = (how) => {
  if (location.hash === address()) return;
  // Some browsers let a file's address be changed only in the second way.
  try {
    history[how === "push" ? "pushState" : "replaceState"](null, "", address());
  } catch {
    location.replace(address());
  }
};
/** @param {Chosen} next */
const become = (next) => {
  const changed = /** @type {(keyof Chosen)[]} */ (Object.keys(next)).filter((key) => chosen[key] !== next[key]);
  Object.assign(chosen, next);
  return changed;
};
/** @param {Partial<Chosen>} changes @param {"push" | "replace"} [how] */
export const choose = (changes, how = "push") => {
  const changed = become({ ...chosen, ...changes });
  if (!changed.length) return;
  setAddress(how);
  listeners.forEach((listener) => listener(changed));
};
/** @param {() => void} arrived called when Back, Forward or a link has led to another address */
export const followAddress = (arrived) => {
  become(readAddress(location.hash));
  const follow = () => {
    const next = readAddress(location.hash, chosen);
    const changed = become(next);
    setAddress("replace");
    if (changed.length) listeners.forEach((listener) => listener(changed));
    arrived();
  };
  addEventListener("popstate", follow);
  addEventListener("hashchange", () => { if (location.hash !== address()) follow(); });
};
