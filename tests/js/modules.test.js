// The page's modules without a browser, on what Python wrote: vectors.json, and the data of a page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const vectors = JSON.parse(readFileSync(new URL("./vectors.json", import.meta.url), "utf8"));
globalThis.document = { documentElement: { lang: "en-GB" }, getElementById: () => ({ textContent: JSON.stringify(vectors.data) }) };
const { options, data, schools, join, number, decimal, counted } = await import("./core.js");
const { csvCell, csvRows, fromCell } = await import("./csv.js");
const { unpackList } = await import("./packing.js");
const { sweep } = await import("./sweep.js");
const { namesOf, numbersOf } = await import("./names.js");
const { measureCluster, membersOf } = await import("./measure.js");
const { search, wordsOf } = await import("./search.js");
const { clustersOf, decodePlan, encodePlan, partOfOption } = await import("./plan.js");

const movable = options.filter(({ can_edit: can }) => can);
const unitsOf = (option) => clustersOf(partOfOption(option));

test("cells are written and read as the command line does", () => {
  vectors.cells.forEach(([cell, written]) => {
    assert.equal(csvCell(cell), written);
    assert.equal(fromCell(csvRows(`${written},end`)[0][0]), cell);
  });
});
test("numbers are unpacked as they were packed", () => {
  vectors.packed.forEach(([list, text]) => assert.deepEqual(unpackList(text), list));
});
test("numbers are rounded as in the tables", () => {
  vectors.numbers.forEach(([value, whole, tenths]) => assert.deepEqual([number(value), decimal(value)], [whole, tenths]));
});
test("all plans are counted, and the best is found", () => {
  vectors.sweeps.forEach(({ groups, n, limits, count, costs }) => {
    const found = sweep(groups.map((group) => ({ ...group, mask: BigInt(group.mask) })), n, limits);
    assert.equal(Number(found.count), count);
    assert.deepEqual(found.costs, costs);
    const covered = found.groups.reduce((sum, at) => sum + groups[at].mask, 0);
    assert.equal(covered, count ? 2 ** n - 1 : 0);
  });
});
test("clusters are named and numbered by the rule that the plans were named by", () => {
  assert.ok(movable.length > 1);
  movable.forEach((option) => {
    const clusters = unitsOf(option);
    const members = membersOf(data.grounds[option.ground]);
    const held = clusters.map((units) => units.flatMap((unit) => members[unit]));
    const is = held.map(([school]) => option.of[school]);
    assert.deepEqual(namesOf(option, clusters), is.map((at) => option.names[at]), option.label);
    assert.deepEqual(numbersOf(held), is.map((at) => option.number[at]), option.label);
  });
});
test("clusters are measured as the tables have them", () => {
  movable.forEach((option) => unitsOf(option).forEach((units) => {
    const members = membersOf(data.grounds[option.ground]);
    const at = option.of[members[units[0]][0]];
    assert.equal(measureCluster(option, "", units, members).pupils, option.pupils[at]);
  }));
});
test("a plan survives its address", () => {
  movable.forEach((option) => assert.deepEqual(decodePlan(encodePlan(option, partOfOption(option))).part, partOfOption(option)));
});
test("lists, numbers and plurals are written as in English", () => {
  assert.equal(join(["A", "B", "C"]), "A, B and C");
  assert.equal(number(1234567), "1,234,567");
  assert.equal(counted(1, { one: "{n} school", other: "{n} schools" }), "1 school");
  assert.equal(schools.urn.length, vectors.data.schools.urn.length);
});
test("names have the words that replies are counted by, and 98 of 100 are found first in each way of writing", () => {
  const missed = {};
  vectors.spelt.forEach(([way, text, words, may]) => {
    assert.deepEqual(wordsOf(text), words);
    missed[way] = missed[way] || [];
    if (!may.includes(search(text)[0])) missed[way].push(text);
  });
  Object.entries(missed).forEach(([way, texts]) => assert.ok(texts.length <= 2, `${way}: ${texts}`));
});
