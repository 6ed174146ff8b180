// The form of the rules, row by row as the server declares them.
import { atUrn, byId, data, fill, make, say, schools } from "./core.js";
import { change, get, isOwn, isStated } from "./draft.js";

/** @typedef {Pick<RuleRow, "key" | "least"> & Partial<RuleRow>} Row */
const TOP = 1e6;
const HOW = /** @type {const} */ (["require", "prefer", "report"]);
/**
 * @template {string} T
 * @param {readonly T[]} keys
 * @param {(key: T) => string} words
 * @returns {[value: string, words: string][]}
 */
const pairsOf = (keys, words) => keys.map((key) => [key, words(key)]);
/** @param {Row} row */
const labelled = (row) => say.fields[row.key] || data.terms[row.key.replace("limits.", "")] || row.key;
/** @param {Held} value */
const shown = (value) => (value === null || value === undefined || Number(value) >= TOP ? "" : String(value));
/** @param {Row} row @param {Held} value */
const told = (row, value) =>
  `${labelled(row)}: ${Array.isArray(value) ? value.length : value === null ? say.not_set : value}`;
/** @param {string} text @param {string} title @param {() => void} act */
const small = (text, title, act) => {
  const button = make("button", text, "small");
  button.type = "button";
  button.title = title;
  button.setAttribute("aria-label", title);
  button.addEventListener("click", act);
  return button;
};
/** @param {Row} row */
const stepOf = ({ key }) => (key.endsWith("_pupils") ? 50 : key.endsWith("_m") ? 10 : 1);
/** @param {Row} row */
const spanOf = ({ key }) =>
  ({
    "size.min_pupils": [0, data.span.pupils],
    "size.max_pupils": [0, data.span.pupils],
    "count.min": [1, data.span.units],
    "count.max": [1, data.span.units],
    "travel.max_minutes": [5, 90],
  })[key];
/** @param {Row} row */
const numberRow = (row) => {
  const line = make("div", undefined, "row");
  const id = `f-${row.key}`;
  const label = make("label", labelled(row));
  label.htmlFor = id;
  if (isOwn(row.key)) label.append(make("span", ` ${say.set_here}`, "inherited stated"));
  const field = make("input");
  Object.assign(field, {
    type: "number",
    id,
    step: "any",
    min: String(row.least),
    value: shown(get(row.key)),
    placeholder: say.not_set,
  });
  /** @param {string} text */
  const put = (text) => {
    const value = text === "" ? null : Number(text);
    if (value === null || Number.isFinite(value)) change({ [row.key]: value }, told(row, value));
  };
  field.addEventListener("change", () => put(field.value));
  line.append(label, field);
  const span = spanOf(row);
  if (span) {
    const slider = make("input");
    Object.assign(slider, { type: "range", min: String(span[0]), max: String(span[1]), step: String(stepOf(row)) });
    slider.value = shown(get(row.key)) || String(span[1]);
    slider.setAttribute("aria-label", labelled(row));
    slider.addEventListener("input", () => { field.value = slider.value; });
    slider.addEventListener("change", () => put(slider.value));
    line.append(slider);
  }
  return line;
};
/**
 * @param {[value: string, words: string][]} pairs value and words
 * @param {string} value
 * @param {string} name
 * @param {(value: string) => void} put
 */
const chooser = (pairs, value, name, put) => {
  const box = make("select");
  box.setAttribute("aria-label", name);
  box.replaceChildren(...pairs.map(([one, words]) => new Option(words, one, false, one === value)));
  box.addEventListener("change", () => put(box.value));
  return box;
};
/** @param {Row} row */
const choiceRow = (row) => {
  const label = make("label", undefined, "wide");
  const pairs = pairsOf(row.choices || [], (one) => say.choices[`${row.key}.${one}`]);
  label.append(
    labelled(row),
    chooser(pairs, String(get(row.key)), labelled(row), (value) =>
      change({ [row.key]: value }, told(row, say.choices[`${row.key}.${value}`])),
    ),
  );
  return label;
};
/** @param {Row} row */
const layersRow = (row) => {
  const box = make("div");
  data.schools.layers.forEach(({ name, title }) => {
    const label = make("label", title, "wide");
    const isWithin = get("within").includes(name);
    const now = isWithin ? "require" : (get("alignment") || {})[name] || "report";
    label.append(chooser(pairsOf(HOW, (one) => say[one]), now, title, (value) => change({
      [`${row.key}.${name}`]: value, ...(isWithin ? { within: get("within").filter((one) => one !== name) } : {}),
    }, `${title}: ${say[/** @type {typeof HOW[number]} */ (value)]}`)));
    box.append(label);
  });
  return box;
};
/** @param {[value: string, words: string][]} names @param {string} title @param {(value: string) => void} add */
const adder = (names, title, add) => {
  const line = make("div", undefined, "add-row");
  const box = chooser(names, names.length ? names[0][0] : "", title, () => {});
  const button = make("button", say.add, "small");
  button.type = "button";
  button.disabled = !names.length;
  button.addEventListener("click", () => add(box.value));
  line.append(box, button);
  return line;
};
/**
 * @template {string | string[]} T
 * @param {Row} row
 * @param {T[]} values
 * @param {(value: T) => string} words
 * @param {{ isOrdered?: boolean }} [how]
 */
const listed = (row, values, words, { isOrdered = false } = {}) => {
  const list = make(isOrdered ? "ol" : "ul", undefined, "list");
  /** @param {Held[]} next @param {string} said */
  const put = (next, said) => change({ [row.key]: next }, said);
  values.forEach((value, i) => {
    const item = make("li");
    const name = words(value);
    item.append(make("span", `${isOrdered ? `${i + 1}. ` : ""}${name}`));
    /** @param {number} j */
    const swap = (j) =>
      put(
        values.map((one, k) => (k === i ? values[j] : k === j ? values[i] : one)),
        told(row, values),
      );
    if (isOrdered) {
      const [up, down] = [
        small("↑", fill(say.up, { what: name }), () => swap(i - 1)),
        small("↓", fill(say.down, { what: name }), () => swap(i + 1)),
      ];
      up.disabled = i === 0;
      down.disabled = i === values.length - 1;
      item.append(up, down);
    }
    item.append(
      small("×", fill(say.remove, { what: name }), () =>
        put(
          values.filter((_, k) => k !== i),
          fill(say.remove, { what: name }),
        ),
      ),
    );
    list.append(item);
  });
  return list;
};
/** @param {Row} row */
const namesRow = (row) => {
  const box = make("div");
  const isOrder = row.key === "objective.order";
  const values = /** @type {string[]} */ (get(row.key) || []);
  /** @param {string} one */
  const words = (one) => (isOrder ? data.terms[one] || one : one);
  if (!isOrder) box.append(make("p", labelled(row), "sub-title"));
  if (!values.length)
    box.append(make("p", row.key === "size.exceptions" && isStated(row.key) ? say.nothing_yet : "", "inherited"));
  box.append(listed(row, values, words, { isOrdered: isOrder }));
  const all = isOrder ? Object.keys(data.terms) : data.units_named;
  const free = pairsOf(all.filter((one) => !values.includes(one)), words);
  box.append(
    adder(free, isOrder ? say.term_add : labelled(row), (one) =>
      change({ [row.key]: [...values, one] }, `${labelled(row)}: ${words(one)}`),
    ),
  );
  return box;
};
// A single school by its name: rules name it by its number.
/** @param {string} name */
const placeName = (name) => {
  const at = atUrn.get(name.replace(/^URN /, ""));
  return name.startsWith("URN ") && at !== undefined ? schools.name[at] : name;
};
/** @param {Row} row */
const listsRow = (row) => {
  const box = make("div");
  const values = /** @type {string[][]} */ (get(row.key) || []);
  box.append(make("p", labelled(row), "sub-title"));
  box.append(
    values.length
      ? listed(row, values, (one) => one.map(placeName).reduce((a, b) => fill(say.pair, { a, b })))
      : make("p", say.nothing_yet, "inherited"),
  );
  return box;
};
/** @param {Row} row */
const groupsRow = (row) => {
  const box = make("div");
  const now = /** @type {{ name: string }[]} */ (get(row.key) || []);
  const known = [...data.groups_known];
  known.forEach((group) => {
    const label = make("label", undefined, "tick");
    const tick = make("input");
    tick.type = "checkbox";
    tick.checked = now.some((one) => one.name === group.name);
    tick.addEventListener("change", () =>
      change(
        {
          [row.key]: known.filter((one) =>
            one.name === group.name ? tick.checked : now.some((other) => other.name === one.name),
          ),
        },
        group.name,
      ),
    );
    label.append(tick, make("span", fill(say.on, { name: group.name })));
    label.title = group.reason;
    box.append(label);
  });
  if (!known.length) box.append(make("p", say.nothing_yet, "inherited"));
  return box;
};
/** @param {Row} row */
const termsRow = (row) => {
  const box = make("div");
  const now = /** @type {Record<string, number>} */ (get(row.key) || {});
  Object.keys(now).forEach((term) => {
    const line = numberRow({ key: `${row.key}.${term}`, least: 0 });
    line.querySelector("label").textContent = data.terms[term] || term;
    box.append(line);
  });
  const free = pairsOf(
    Object.keys(data.terms).filter((one) => !(one in now) && !data.no_limits.includes(one) && !one.includes(".")),
    (one) => data.terms[one],
  );
  box.append(
    adder(free, labelled(row), (term) =>
      change({ [row.key]: { ...now, [term]: data.today_values[term] || 0 } }, data.terms[term]),
    ),
  );
  return box;
};
const MAKERS = {
  number: numberRow,
  choice: choiceRow,
  layers: layersRow,
  names: namesRow,
  lists: listsRow,
  groups: groupsRow,
  terms: termsRow,
};
const methodRow = () => {
  const label = make("label", undefined, "wide");
  const now = get("method");
  const methods = ["merge", "redraw", "keep", "file"].filter(
    (one) => one === now || one === "merge" || one === "redraw",
  );
  label.append(
    say.method,
    chooser(
      pairsOf(methods, (one) => say[`method_${one}`]),
      now,
      say.method,
      (value) => change({ method: value, units: value === "redraw" ? "schools" : null }, say[`method_${value}`]),
    ),
  );
  return label;
};
/** Write the form anew, the focus where it was. */
export const showFields = () => {
  const focused =
    document.activeElement && (document.activeElement.id || document.activeElement.getAttribute("aria-label"));
  const isOpen = byId("rules-more") ? byId("rules-more").open : false;
  const more = make("details");
  more.id = "rules-more";
  more.open = isOpen;
  more.append(make("summary", say.rules_more));
  const boxes = new Map();
  const home = byId("rules");
  const scroll = home.scrollTop;
  const top = make("div");
  data.form.filter((row) => row.methods.includes(get("method"))).forEach((row) => {
    if (!boxes.has(row.table)) {
      const box = make("fieldset");
      box.append(make("legend", say.tables[row.table]));
      boxes.set(row.table, box);
      (row.is_first ? top : more).append(box);
    }
    boxes.get(row.table).append(MAKERS[row.kind](row));
  });
  home.replaceChildren(methodRow(), top, more);
  home.scrollTop = scroll;
  const again =
    focused
    && [...home.querySelectorAll("input, select, button")].find(
      (node) => node.id === focused || (!node.id && node.getAttribute("aria-label") === focused),
    );
  if (again) again.focus({ preventScroll: true });
};
