// A plan file held against the options of this page: which of them it is, or where it differs.
import { byId, atUrn, counted, fill, firstFive, make, options, say, schools } from "./core.js";
import { csvRows, fromCell } from "./csv.js";

/** The cluster of each school, by its place on the page, and what is wrong with the file. @param {string} text */
const clustersIn = (text) => {
  const rows = csvRows(text.replace(/^\ufeff/, ""));
  const head = (rows.shift() || []).map((cell) => cell.trim().toLowerCase());
  const [urnAt, clusterAt] = [head.indexOf("urn"), head.indexOf("cluster")];
  if (urnAt < 0 || clusterAt < 0) return { faults: [say.file_columns], held: [] };
  /** @type {(string | undefined)[]} */
  const held = Array(schools.urn.length).fill(undefined);
  /** @type {{ strangers: string[], twice: string[] }} */
  const { strangers, twice } = { strangers: [], twice: [] };
  rows.forEach((row) => {
    const urn = (row[urnAt] || "").trim();
    const at = atUrn.get(urn);
    if (at === undefined) strangers.push(urn);
    else if (held[at] !== undefined) twice.push(urn);
    else held[at] = fromCell(row[clusterAt] || "");
  });
  const missing = schools.urn.filter((_, i) => held[i] === undefined);
  const faults = /** @type {[(string | number)[], Forms][]} */ ([
    [strangers, say.file_strangers],
    [twice, say.file_twice],
    [missing, say.file_missing],
  ]).flatMap(([list, words]) => (list.length ? [counted(list.length, words, { urns: firstFive(list) })] : []));
  return { faults, held };
};
/**
 * Say of a plan file which option it is: the same cluster for every school.
 * @param {string} text
 * @returns {{ faults: string[], same: Option[], option?: Option, differs: number[] }} the options that it is; the
 *   nearest, and the schools that are elsewhere in it
 */
export const checkPlan = (text) => {
  const { faults, held } = clustersIn(text);
  if (faults.length) return { faults, same: [], differs: [] };
  const found = options.map((option) => ({
    option,
    differs: schools.urn.flatMap((_, i) => (option.names[option.of[i]] === held[i] ? [] : [i])),
  }));
  const same = found.filter(({ differs }) => !differs.length).map(({ option }) => option);
  return { faults, same, ...found.reduce((best, one) => (one.differs.length < best.differs.length ? one : best)) };
};
/** @param {ArrayBuffer} bytes */
const hashOf = async (bytes) => {
  // Not every browser counts hashes for a page that is opened from a disk.
  const { crypto } = window;
  if (!crypto || !crypto.subtle) return "";
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
};
/** @param {File} file */
export const showCheck = async (file) => {
  const bytes = await file.arrayBuffer();
  const { faults, same, option, differs } = checkPlan(new TextDecoder().decode(bytes));
  const hash = await hashOf(bytes);
  /** @param {number} i */
  const name = (i) => `${schools.name[i]} (${schools.urn[i]})`;
  const told = faults.length
    ? [make("p", fill(say.check_faults, { file: file.name }), "v-unmet"), ...faults.map((fault) => make("p", fault))]
    : differs.length
      ? [
          make(
            "p",
            counted(differs.length, say.check_differs, {
              file: file.name,
              label: /** @type {Option} */ (option).label,
            }),
            "v-unmet",
          ),
          make("p", firstFive(differs.map(name))),
        ]
      : same.map(({ label, stamp }) =>
          make("p", counted(schools.urn.length, say.check_same, { file: file.name, label, stamp }), "v-met"),
        );
  byId("check-told").replaceChildren(...told, ...(hash ? [make("p", fill(say.check_hash, { hash }), "foot")] : []));
};
/** @param {() => void} reveal makes the part of the page where it is said, and has the reader see it */
export const setUpChecking = (reveal) => {
  document.addEventListener("change", (event) => {
    const field = /** @type {HTMLInputElement} */ (event.target);
    if (field.id === "check-file" && field.files?.[0]) showCheck(field.files[0]);
  });
  /** @param {DragEvent} event */
  const isFile = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
  document.addEventListener("dragover", (event) => { if (isFile(event)) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    // A field takes a file by itself.
    if (!isFile(event) || /** @type {Element} */ (event.target).matches("input[type=file]")) return;
    event.preventDefault();
    reveal();
    if (event.dataTransfer) showCheck(event.dataTransfer.files[0]);
  });
};
