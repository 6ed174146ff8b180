// Everything put together; what is here only connects.
const panes = [];
const shown = { dots: true, today: true, areas: true, changes: false };
const sides = ["a", "b"];
const allPanes = () => [...panes, ...[tried.pane, levels.pane].filter(Boolean)];
const narrow = matchMedia("(max-width: 899px)");

const legendFor = (option) => {
  const rows = option.names.map((name, cluster) => {
    const line = row(["", name, number(option.pupils[cluster]), number(option.schools[cluster]), `${decimal(option.mean[cluster])}, ${decimal(option.longest[cluster])}`]);
    const swatch = make("span", isExempt(option, cluster) ? "" : option.number[cluster], `sw ${isExempt(option, cluster) ? "sw-x" : `c${option.colour[cluster]}`}`);
    const [first, head] = line.children;
    const cell = make("td");
    cell.append(swatch);
    const th = make("th", name);
    th.scope = "row";
    first.replaceWith(cell);
    head.replaceWith(th);
    return line;
  });
  return rows;
};
const drawSide = (side) => {
  const option = options[chosen[sides[side]]];
  const pane = panes[side];
  byId(`pick-${sides[side]}`).value = String(chosen[sides[side]]);
  byId(`turn-${sides[side]}`).textContent = fill(say.turn, { label: option.label });
  const own = option.pupils.filter((_, i) => !isExempt(option, i));
  byId(`sum-${sides[side]}`).textContent = !own.length ? say.pane_none : fill(say.pane_sum, { n: number(own.length), low: number(Math.min(...own)), high: number(Math.max(...own)) });
  byId(`legend-${sides[side]}`).replaceChildren(...legendFor(option));
  pane.node.setAttribute("aria-label", fill(say.map_name, { label: option.label, title: option.title }));
  showOption(pane, option, shown);
};
const turnTo = (side) => {
  byId("panes").dataset.turn = sides[side];
  sides.forEach((name, i) => byId(`turn-${name}`).setAttribute("aria-pressed", String(i === side)));
  const from = panes[1 - side];
  const to = panes[side];
  if (!narrow.matches || !to) return;
  to.node.style.height = from.node.style.height;
  to.map.invalidateSize({ animate: false });
  to.map.setView(from.map.getCenter(), from.map.getZoom(), { animate: false });
  layOut(to);
};
const setUpPanes = () => {
  byId("panes").hidden = false;
  sides.forEach((name, side) => {
    const pane = makePane(byId(`map-${name}`), "");
    pane.changes = changedBorders;
    panes.push(pane);
    byId(`pick-${name}`).addEventListener("change", (event) => choose({ [name]: Number(event.target.value) }));
    byId(`turn-${name}`).addEventListener("click", () => turnTo(side));
  });
  keepTogether(panes);
  Object.keys(shown).forEach((name) => {
    const box = byId(`show-${name}`);
    if (!box) return;
    box.checked = shown[name];
    box.addEventListener("change", () => { shown[name] = box.checked; panes.forEach((_, side) => drawSide(side)); });
  });
  byId("zoom-in").addEventListener("click", () => panes.find((pane) => pane.node.offsetParent).map.zoomIn());
  byId("zoom-out").addEventListener("click", () => panes.find((pane) => pane.node.offsetParent).map.zoomOut());
  byId("zoom-all").addEventListener("click", () => panes.forEach((pane) => pane.fit()));
  L.control.scale({ imperial: true, maxWidth: 90 }).addTo(panes[1].map);
  turnTo(1);
  let { width } = byId("panes").getBoundingClientRect();
  addEventListener("resize", () => {
    const now = byId("panes").getBoundingClientRect().width;
    if (Math.abs(now - width) < 2) return;
    width = now;
    allPanes().forEach((pane) => pane.fit());
    turnTo(byId("panes").dataset.turn === "a" ? 0 : 1);
  });
};
const setUpFilter = () => {
  const field = byId("filter");
  const lines = [...document.querySelectorAll("#all-schools tbody tr")];
  const texts = lines.map((line) => fold(line.textContent));
  byId("filter-box").hidden = false;
  field.addEventListener("input", () => {
    const asked = wordsOf(field.value);
    let n = 0;
    lines.forEach((line, i) => {
      line.hidden = !asked.every((word) => texts[i].includes(word));
      n += line.hidden ? 0 : 1;
    });
    byId("filter-status").textContent = counted(n, say.filter_one, say.filter_many);
  });
};
// On paper: everything, or one part of it.
const printOnly = (part) => {
  document.body.dataset.print = part;
  print();
};
const setUpPrinting = () => {
  let opened = [];
  addEventListener("beforeprint", () => {
    const inside = document.body.dataset.print === "school" ? "#answer details" : ".option";
    opened = document.body.dataset.print === "school" ? [] : [...document.querySelectorAll(`${inside}:not([open])`)];
    opened.forEach((one) => { one.open = false; });
  });
  addEventListener("afterprint", () => { delete document.body.dataset.print; delete document.body.dataset.sheet; });
  byId("print-school").addEventListener("click", () => printOnly("school"));
  document.querySelectorAll("[data-print-option]").forEach((button) => button.addEventListener("click", () => {
    document.querySelectorAll(".sheet").forEach((sheet) => sheet.classList.toggle("printed", sheet.id === `sheet-${button.dataset.printOption}`));
    printOnly("option");
  }));
};
// Who asks for the options in full by the contents or by a link need not ask again.
const openOptions = () => { if (location.hash === "#details") byId("all-options").open = true; };
// A table that fits needs no stop of the Tab key; one that does not is scrolled with the arrow keys.
const setUpStops = () => {
  const regions = [...document.querySelectorAll(".scroll[tabindex]")];
  const look = () => regions.forEach((region) => { region.tabIndex = region.clientWidth && region.scrollWidth <= region.clientWidth ? -1 : 0; });
  addEventListener("resize", look);
  setTimeout(look);
};
const find = setUpSearch((school) => { choose({ school }); byId("answer").focus({ preventScroll: true }); });
onChoice((changed) => {
  if (changed.includes("school")) {
    showAnswer();
    if (data.levels.length) { sayLevel(); sayAllLevels(); }
    allPanes().forEach(markSchool);
  }
  if (changed.includes("a") || changed.includes("b")) {
    sides.forEach((name, side) => { if (changed.includes(name) || shown.changes) drawSide(side); });
    showChanges();
  }
  showReference();
});
Object.assign(chosen, readAddress());
find.show(chosen.school);
setUpPanes();
drawSide(0);
drawSide(1);
showAnswer();
showChanges();
showReference();
setUpReference();
setUpFilter();
setUpTry();
setUpLevels();
setUpPrinting();
openOptions();
setUpStops();
addEventListener("hashchange", () => {
  openOptions();
  if (!location.hash.includes("=")) return;
  const found = { ...start, ...readAddress() };
  choose(found);
  find.show(found.school);
});
if (location.hash.includes("=") && chosen.school !== null) byId("school").scrollIntoView();
// For those who check the page's numbers against the command line.
window.clusterPage = Object.freeze({ options, panes, touchingPairs, search, lookUp, spotOfPostcode, choose, chosen, tried, levels, startFrom, moveUnit, planText, readPlan, measure });
document.documentElement.dataset.ready = String(Math.round(performance.now()));
