// Whole numbers as short texts, as the builder of the page packs them.
const DIGITS = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).filter(
  (letter) => !'"&<>\\'.includes(letter),
);
export const BASE = DIGITS.length;
export const digitOf = Object.fromEntries(DIGITS.map((letter, i) => [letter, i]));
/** @param {string} text @param {number} at @param {number} n */
export const unpack = (text, at, n) => {
  let value = 0;
  for (let i = at; i < at + n; i += 1) value = value * BASE + digitOf[text[i]];
  return value;
};
/** Small numbers, all with as many digits as the first letter says. @param {string} text @returns {number[]} */
export const unpackList = (text) => {
  const n = Number(text[0]);
  return Array.from({ length: (text.length - 1) / n }, (_, i) => unpack(text, 1 + i * n, n));
};
