// Asking the server: JSON there and back, and what is being solved as it is told.
import { say } from "./core.js";

export const job = `bench-${Math.random().toString(36).slice(2)}`;
/** What the server refused, in its words. */
export class Refusal extends Error {
  /** @param {string} message @param {string[]} faults @param {number} status */
  constructor(message, faults, status) { super(message); this.faults = faults; this.status = status; }
}
/** What went wrong, in words. @param {unknown} error */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));
/** @template {keyof Answers} P @param {P} path @param {object} body @returns {Promise<Answers[P]>} */
export const post = async (path, body) => {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch { throw new Refusal(say.gone, [], 0); }
  const told = await answer.json().catch(() => ({ error: say.gone, faults: [] }));
  if (!answer.ok) throw new Refusal(told.error, told.faults || [], answer.status);
  return told;
};
/**
 * Send a file as it is; gives the name by which questions may speak of it.
 * @param {File} file @returns {Promise<string>}
 */
export const send = async (file) => {
  const answer = await fetch(`api/upload?file=${encodeURIComponent(file.name)}`, {
    method: "POST",
    headers: { "Content-Type": "application/octet-stream" },
    body: file,
  });
  const told = await answer.json().catch(() => ({ error: say.gone }));
  if (!answer.ok) throw new Refusal(told.error, told.faults || [], answer.status);
  return told.file;
};
/** @param {(event: Told) => void} hear events of this page's own questions, and of the project */
export const listen = (hear) => {
  const events = new EventSource("api/events");
  events.onmessage = (event) => {
    const told = JSON.parse(event.data);
    if (!told.job || told.job.startsWith(job)) hear(told);
  };
};
