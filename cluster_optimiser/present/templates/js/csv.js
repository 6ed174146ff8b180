// Rows of CSV as the command line writes and reads them.
const FORMULA_STARTS = ["=", "+", "-", "@", "\t", "\r"];
/** @param {string} text */
const isFormula = (text) => FORMULA_STARTS.includes(text.replace(/^'+/, "")[0]);
/** @param {string} text */
export const csvCell = (text) => {
  const safe = isFormula(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
};
/** What a cell said before it was made safe. @param {string} cell */
export const fromCell = (cell) => (cell[0] === "'" && isFormula(cell) ? cell.slice(1) : cell);
/** @param {string} text @returns {string[][]} */
export const csvRows = (text) => {
  const rows = [[""]];
  let isQuoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const row = rows[rows.length - 1];
    const letter = text[i];
    if (isQuoted && letter === '"' && text[i + 1] === '"') { row[row.length - 1] += '"'; i += 1; }
    else if (letter === '"') isQuoted = !isQuoted;
    else if (letter === "," && !isQuoted) row.push("");
    else if (letter === "\n" && !isQuoted) rows.push([""]);
    else if (letter !== "\r" || isQuoted) row[row.length - 1] += letter;
  }
  return rows.filter((row) => row.length > 1 || row[0].trim());
};
