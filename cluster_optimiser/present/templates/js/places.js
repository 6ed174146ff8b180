// Postcodes and places: where they lie, and which schools lie nearest in a straight line.
import { data, schools } from "./core.js";
import { BASE, digitOf, unpack } from "./packing.js";

const MOST_NEAR = 6;
const STEPS = Math.floor(Math.sqrt(BASE ** 3));
const sectors = new Map(data.postcodes.map((row) => [row[0], row]));
// As it is written, with one space; null where the text is none.
/** @param {string} text */
export const asPostcode = (text) => {
  const found = /^([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})$/.exec(text.toUpperCase().replace(/\s/g, ""));
  return found && `${found[1]} ${found[2]}`;
};
/** @param {string} postcode @returns {Place | null} */
export const spotOfPostcode = (postcode) => {
  const sector = sectors.get(postcode.slice(0, -2));
  if (!sector) return null;
  const [, west, south, step, packed] = sector;
  const [first, second] = [...postcode.slice(-2)].map((letter) => letter.charCodeAt(0) - 65);
  let unit = -1;
  for (let i = 0; i < packed.length; i += 3) {
    for (;; i += 1) {
      const gap = digitOf[packed[i]];
      unit += gap;
      if (gap < BASE - 1) break;
    }
    unit += 1;
    i += 1;
    if (unit === first * 26 + second) {
      const at = unpack(packed, i, 3);
      return [west + Math.floor(at / STEPS) * step, south + (at % STEPS) * step];
    }
  }
  return null;
};
// The middle of the sectors that a part of a postcode means: "nr14", "NR14 6".
/** @param {string} text @returns {{ name: string, spot: Place } | null} */
export const midOf = (text) => {
  const name = text.toUpperCase().trim().replace(/^(\w+?\d[A-Z\d]?)\s*(\d?)$/, "$1 $2");
  const rows = data.postcodes.filter(([sector]) => / /.test(name) && sector.startsWith(name));
  /** @param {1 | 2} side */
  const mean = (side) => rows.reduce((sum, row) => sum + row[side] + row[3] * STEPS / 2, 0) / rows.length;
  return rows[0] ? { name: name.trim(), spot: [mean(1), mean(2)] } : null;
};
// [school, km], nearest first.
/** @param {Place} spot */
export const nearSchools = ([x, y]) =>
  schools.xy
    .map(
      ([east, north], school) =>
        /** @type {[school: number, km: number]} */ ([school, Math.hypot(east - x, north - y) / 1000]),
    )
    .sort((one, other) => one[1] - other[1] || one[0] - other[0])
    .slice(0, MOST_NEAR);
