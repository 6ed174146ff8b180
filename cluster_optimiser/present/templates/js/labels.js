// What is written on a map: each name only where it is clear of those before it.
import { data, homes, schools, secondary } from "./core.js";
import { chosen } from "./state.js";

// People of a place from which it is named, by the metres that a pixel stands for.
const FROM_PEOPLE = [[150, 15000], [90, 15000], [55, 6000], [32, 2500], [18, 1200], [0, 0]];
const SCHOOLS_BELOW_M = 14;
const LINE_LETTERS = 15;
const LINE_LETTERS_CHOSEN = 34;
const FONT = '"Segoe UI", system-ui, -apple-system, "Helvetica Neue", Arial, sans-serif';
const LOOKS = {
  chosen: { font: `700 13px ${FONT}`, colour: "#8c0d30", line: 16 },
  number: { font: `700 12px ${FONT}`, colour: "#101a20", line: 15 },
  place: { font: `600 12px ${FONT}`, colour: "#3d2c10", line: 14 },
  cluster: { font: `600 12px ${FONT}`, colour: "#101a20", line: 15 },
  area: { font: `italic 600 13px ${FONT}`, colour: "#7a1f4b", line: 16 },
  school: { font: `400 11px ${FONT}`, colour: "#22303a", line: 13 },
};
/** @param {string} name @param {number} [letters] @returns {string[]} */
export const linesOf = (name, letters = LINE_LETTERS) => name.split(" ").reduce((lines, word) => {
  const last = lines[lines.length - 1];
  if (last !== undefined && last.length + word.length < letters) lines[lines.length - 1] = `${last} ${word}`;
  else lines.push(word);
  return lines;
}, /** @type {string[]} */ ([]));
/** @param {Place} place @returns {Place} */
const toGrid = ([x, y]) => [(x - data.origin[0]) / 10, (y - data.origin[1]) / 10];
/** @type {(Label & { people: number })[]} */
const placeNames = data.places.map(([name, x, y, people]) => ({
  kind: "place",
  lines: [name],
  spot: toGrid([x, y]),
  people: people || 0,
  dy: -9,
}));

/**
 * The labels that a map may bear, the most wanted first.
 * @param {{ option: Clusters, show: Show }} shown
 * @param {number} metres that a pixel stands for
 * @returns {Label[]}
 */
export const scaleLabels = ({ option, show }, metres) => {
  const least = (FROM_PEOPLE.find(([from]) => metres >= from) || [0, 0])[1];
  const spots = /** @type {Spot[]} */ (option.spots);
  const order = option.spots
    .map((_, i) => i)
    .filter((i) => option.spots[i] && option.pieces.includes(i))
    .sort((i, j) => spots[j][2] - spots[i][2]);
  /** @param {"number" | "cluster"} kind */
  const named = (kind) =>
    order.map((i) => ({
      kind,
      spot: spots[i],
      lines: kind === "number" ? [option.number[i]] : linesOf(option.names[i]),
      dy: kind === "number" ? 0 : 20,
      below: kind === "number" ? null : i,
      room: kind === "number" ? Infinity : (spots[i][2] * 10 * 2.5) / metres,
    }));
  /** @type {Label[]} */
  const near =
    metres >= SCHOOLS_BELOW_M
      ? []
      : schools.at
          .map((_, i) => i)
          .filter((i) => !homes.has(i))
          .sort((i, j) => Number(secondary.has(j)) - Number(secondary.has(i)))
          .map((i) => ({ kind: "school", lines: [schools.name[i]], spot: schools.at[i], dy: 11 }));
  /** @type {Label[]} */
  const own =
    chosen.school === null
      ? []
      : [
          {
            kind: "chosen",
            lines: linesOf(schools.name[chosen.school], LINE_LETTERS_CHOSEN),
            spot: schools.at[chosen.school],
            dy: -21,
          },
        ];
  /** @type {Label[]} */
  const areas = show.areas
    ? data.areas.map(([name, x, y]) => ({ kind: "area", lines: linesOf(name), spot: [x, y], dy: -26 }))
    : [];
  // A town's name stands above its spot or, where that is taken, below.
  const towns = placeNames.filter(({ people }) => people >= least).flatMap((town) => [town, { ...town, dy: 10 }]);
  return [...own, ...named("number"), ...towns, ...areas, ...named("cluster"), ...near];
};
/** @param {CanvasRenderingContext2D} pen @param {Label} label @param {number} x @param {number} y */
const writeLabel = (pen, label, x, y) => {
  const look = LOOKS[label.kind];
  pen.font = look.font;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  label.lines.forEach((line, i) => {
    const at = y + (i - (label.lines.length - 1) / 2) * look.line;
    pen.lineJoin = "round";
    pen.lineWidth = 3.5;
    pen.strokeStyle = "rgba(255, 255, 255, .92)";
    if (label.kind !== "number") pen.strokeText(line, x, at);
    pen.fillStyle = look.colour;
    pen.fillText(line, x, at);
  });
};
/** @param {CanvasRenderingContext2D} pen @param {Box} box */
const pill = (pen, [left, top, right, bottom]) => {
  pen.beginPath();
  pen.roundRect(left, top, right - left, bottom - top, 9);
  pen.fillStyle = "#fff";
  pen.fill();
  pen.lineWidth = 1;
  pen.strokeStyle = "#22303a";
  pen.stroke();
};
// A name too wide for its cluster or without its number, or of which the map's edge would leave a part.
/** @param {Label} label @param {Box} box @param {{ x: number, y: number }} size @param {Set<number[]>} numbered */
const isLost = ({ kind, room, below, spot }, box, { x, y }, numbered) => box[2] - box[0] > (room || Infinity)
  || (below !== undefined && below !== null && !numbered.has(spot))
  || (kind !== "number" && kind !== "chosen" && (box[0] < 0 || box[2] > x || box[1] < 0 || box[3] > y));
// Labels that would overlap, and a town's name a second time.
/** @param {Label} label @param {Box} box @param {Written} other */
const areInEachOthersWay = (label, box, { box: other, kind, text }) =>
  (label.kind === "place" && kind === "place" && text === label.lines[0])
  || (box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1]);
/**
 * Write those labels that are free of the ones before them; gives what was written, and where.
 * @param {Label[]} labels
 * @param {(spot: number[]) => number[]} at
 * @param {{x: number, y: number}} size of the map
 * @param {CanvasRenderingContext2D} pen
 */
export const placeLabels = (labels, at, size, pen) => {
  /** @type {Written[]} */
  const taken = [];
  const numbered = new Set();
  labels.forEach((label) => {
    const look = LOOKS[label.kind];
    const [x, middle] = at(label.spot);
    if (x < 0 || middle < 0 || x > size.x || middle > size.y) return;
    pen.font = look.font;
    const width = Math.max(...label.lines.map((line) => pen.measureText(line).width)) + 8;
    const height = label.lines.length * look.line + 3;
    // Above or below its spot; a chosen school's name is kept within the map.
    const y =
      middle + label.dy + ((label.dy > 0 ? 1 : label.dy < 0 ? -1 : 0) * ((label.lines.length - 1) * look.line)) / 2;
    const shift = label.kind === "chosen" ? Math.max(0, width / 2 - x) - Math.max(0, x + width / 2 - size.x) : 0;
    /** @type {[number, number, number, number]} */
    const box = [x + shift - width / 2, y - height / 2, x + shift + width / 2, y + height / 2];
    if (isLost(label, box, size, numbered) || taken.some((other) => areInEachOthersWay(label, box, other))) return;
    if (label.kind === "number") { numbered.add(label.spot); pill(pen, box); }
    taken.push({ kind: label.kind, text: label.lines.join(" "), box });
    writeLabel(pen, label, x + shift, y);
  });
  return taken;
};
