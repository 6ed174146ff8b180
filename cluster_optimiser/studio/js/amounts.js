// Values of terms as readers see them: with the unit that the registry gives the term.
import { counted, data, number, say } from "./core.js";

/** @param {string} term */
export const termWords = (term) => data.terms[term] || term.replaceAll("_", " ");
/** @param {string} term @param {number} value */
export const amount = (term, value) => {
  const forms = say.units[data.units[term]];
  return forms ? counted(Math.round(value), forms) : number(Math.round(value));
};
/** @param {string} term @param {number} value */
export const termAmount = (term, value) => `${termWords(term)}: ${amount(term, value)}`;
