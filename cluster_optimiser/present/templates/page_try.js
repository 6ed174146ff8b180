// Try it: move units between clusters, see what follows, save and load the plan.
const FORMULA_STARTS = ["=", "+", "-", "@", "\t", "\r"];
const tried = { option: null, clusterOf: [], start: null, past: [], pane: null };
const titleOf = (ground, unit) => ground.titles[unit] || ground.units[unit];
const startOf = (option) => {
  const ground = data.grounds[option.ground];
  return ground.units.map((_, unit) => option.names[option.of[ground.unit.findIndex((at, i) => at === unit && ground.group[i] < 0)]]);
};
const csvCell = (text) => {
  const safe = FORMULA_STARTS.includes(text.replace(/^'+/, "")[0]) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
};
const planText = () => {
  const ground = data.grounds[tried.option.ground];
  const rows = schools.urn.map((urn, i) => `${urn},${csvCell(ground.group[i] >= 0 ? ground.groups[ground.group[i]] : tried.clusterOf[ground.unit[i]])}`);
  return `urn,cluster\n${rows.join("\n")}\n`;
};
const csvRows = (text) => {
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
const firstFive = (list) => list.slice(0, 5).join(", ") + (list.length > 5 ? ", \u2026" : "");
// Gives the cluster of each unit, or what is wrong with the file, everything at once.
const readPlan = (text, option) => {
  const ground = data.grounds[option.ground];
  const rows = csvRows(text.replace(/^\ufeff/, ""));
  const head = (rows.shift() || []).map((cell) => cell.trim().toLowerCase());
  const [urnAt, clusterAt] = [head.indexOf("urn"), head.indexOf("cluster")];
  if (urnAt < 0 || clusterAt < 0) return { faults: [say.file_columns] };
  const held = new Map();
  const strangers = []; const twice = []; const blank = [];
  rows.forEach((row) => {
    const urn = (row[urnAt] || "").trim();
    const cell = row[clusterAt] || "";
    const cluster = cell[0] === "'" && FORMULA_STARTS.includes(cell.replace(/^'+/, "")[0]) ? cell.slice(1) : cell;
    if (!atUrn.has(urn)) strangers.push(urn);
    else if (held.has(urn)) twice.push(urn);
    else if (!cluster.trim()) blank.push(urn);
    if (!held.has(urn)) held.set(urn, cluster);
  });
  const missing = [...atUrn.keys()].filter((urn) => !held.has(urn));
  const faults = [];
  const report = (list, words) => { if (list.length) faults.push(fill(words, { n: number(list.length), urns: firstFive(list) })); };
  report(strangers, say.file_strangers); report(twice, say.file_twice); report(blank, say.file_blank); report(missing, say.file_missing);
  if (faults.length) return { faults };
  const wrong = []; const found = ground.units.map(() => new Set());
  schools.urn.forEach((urn, i) => {
    const cluster = held.get(String(urn));
    const group = ground.group[i];
    if (group >= 0 ? cluster !== ground.groups[group] : ground.groups.includes(cluster)) wrong.push(urn);
    else if (group < 0) found[ground.unit[i]].add(cluster);
  });
  report(wrong, say.file_exempt);
  report(ground.units.flatMap((_, unit) => (found[unit].size > 1 ? [titleOf(ground, unit)] : [])), say.file_divided);
  return faults.length ? { faults } : { clusterOf: found.map((names) => [...names][0]) };
};
// Colours: a cluster keeps its own where its neighbours allow, else takes the first that is free.
const coloursFor = (names, clusterOf, pieces) => {
  const near = names.map(() => new Set());
  touchingPairs(pieces).forEach(([a, b]) => { near[a].add(b); near[b].add(a); });
  const colours = names.map((name) => {
    const before = tried.option.names.indexOf(name);
    return before < 0 ? -1 : tried.option.colour[before];
  });
  names.forEach((_, i) => {
    const used = new Set([...near[i]].map((j) => colours[j]));
    if (colours[i] >= 0 && !used.has(colours[i])) return;
    const free = [0, 1, 2, 3, 4].find((colour) => !used.has(colour));
    if (free !== undefined) { colours[i] = free; return; }
    // Five neighbours with five colours: one of them that can change makes room.
    const giving = [...near[i]].find((j) => [0, 1, 2, 3, 4].some((c) => c !== colours[j] && ![...near[j]].some((k) => k !== i && colours[k] === c)
      && [...near[i]].every((k) => k === j || colours[k] !== colours[j])));
    if (giving === undefined) { colours[i] = 0; return; }
    colours[i] = colours[giving];
    colours[giving] = [0, 1, 2, 3, 4].find((c) => c !== colours[i] && ![...near[giving]].some((k) => k !== i && colours[k] === c));
  });
  return colours;
};
const triedOption = (result) => {
  const ground = data.grounds[tried.option.ground];
  const names = result.clusters.map((c) => c.name);
  const of = schools.urn.map((_, i) => (ground.group[i] >= 0 ? names.length + ground.group[i] : names.indexOf(tried.clusterOf[ground.unit[i]])));
  const unitOfPiece = data.topology.pieces.map((_, piece) => ground.unit[schools.piece.findIndex((at, i) => at === piece && ground.group[i] < 0)]);
  const pieces = unitOfPiece.map((unit) => (unit === undefined ? -1 : names.indexOf(tried.clusterOf[unit])));
  const spotOf = (cluster) => {
    const before = tried.option.names.indexOf(cluster.name);
    const held = schools.at.filter((_, i) => of[i] === names.indexOf(cluster.name));
    const isSame = before >= 0 && tried.option.schools[before] === cluster.schools && tried.option.pupils[before] === cluster.pupils;
    if (isSame && tried.option.spots[before]) return tried.option.spots[before];
    const [x, y] = schools.at[cluster.meets >= 0 ? cluster.meets : of.indexOf(names.indexOf(cluster.name))];
    return [x, y, Math.round(Math.sqrt(held.length) * 160)];
  };
  return {
    ...tried.option, names: [...names, ...ground.groups], number: names.map((_, i) => String(i + 1)).concat(ground.groups.map(() => "")),
    colour: [...coloursFor(names, tried.clusterOf, pieces), ...ground.groups.map(() => -1)],
    pupils: result.clusters.map((c) => c.pupils), schools: result.clusters.map((c) => c.schools),
    mean: result.clusters.map((c) => c.mean), longest: result.clusters.map((c) => c.longest),
    exempt: ground.groups.map((_, i) => names.length + i), of, pieces, spots: result.clusters.map(spotOf),
  };
};
const measureRows = (now, before) => {
  const line = (name, key, write) => [name, write(now.metrics[key]), write(before.metrics[key]), now.metrics[key] === before.metrics[key]];
  return [
    line(say.m_clusters, "n_clusters", number), line(say.m_smallest, "smallest_pupils", number), line(say.m_largest, "largest_pupils", number),
    line(say.m_under, "n_under_min", number), line(say.m_over, "n_over_max", number),
    line(say.m_mean, "mean_minutes", decimal), line(say.m_longest, "max_minutes", decimal), line(say.m_pieces, "n_not_contiguous", number),
    line(say.m_secondary, "n_without_secondary", number), line(say.m_changed, "changed_pupils", number),
    ...schools.layers.map((layer) => line(fill(say.m_layer, { layer: layer.title }), `misaligned_${layer.name}_pupils`, number)),
  ];
};
const row = (cells, isHead) => {
  const line = make("tr");
  cells.forEach((cell, i) => {
    const node = make(i === 0 || isHead ? "th" : "td", cell);
    if (i === 0 || isHead) node.scope = isHead ? "col" : "row";
    line.append(node);
  });
  return line;
};
const showFigures = (now, before) => {
  byId("try-measures").replaceChildren(...measureRows(now, before).map(([name, value, old, isSame]) => {
    const line = row([name, value, old]);
    if (!isSame) line.className = "differs";
    return line;
  }));
  byId("try-clusters").replaceChildren(...now.clusters.map((c) => {
    const line = row([c.name, number(c.pupils), number(c.schools), c.meets < 0 ? "\u2013" : schools.name[c.meets], `${decimal(c.mean)}, ${decimal(c.longest)}`]);
    const same = before.clusters.find((other) => other.name === c.name);
    if (!same || same.pupils !== c.pupils || same.schools !== c.schools) line.className = "differs";
    return line;
  }));
  const list = byId("try-broken");
  list.replaceChildren(...now.broken.map(([, who, words]) => {
    const item = make("li");
    if (who !== "plan") item.append(make("b", who), ": ");
    item.append(words);
    return item;
  }));
  byId("try-legal").textContent = now.broken.length ? counted(now.broken.length, say.broken_one, say.broken_many) : say.broken_none;
  byId("try-legal").className = now.broken.length ? "v-unmet" : "v-met";
};
const fillChoices = (names) => {
  const unit = byId("try-unit");
  const ground = data.grounds[tried.option.ground];
  if (unit.options.length !== ground.units.length || unit.dataset.ground !== String(tried.option.ground)) {
    const order = ground.units.map((_, i) => i).sort((i, j) => titleOf(ground, i).localeCompare(titleOf(ground, j), language));
    unit.replaceChildren(...order.map((i) => new Option(titleOf(ground, i), i)));
    unit.dataset.ground = tried.option.ground;
  }
  const to = byId("try-to");
  const before = to.value;
  const mine = tried.clusterOf[Number(unit.value)];
  to.replaceChildren(...names.filter((name) => name !== mine).map((name) => new Option(name, `in ${name}`)), new Option(say.own_cluster, "own"));
  if ([...to.options].some((one) => one.value === before)) to.value = before;
  byId("try-now").textContent = fill(say.now_in, { unit: titleOf(ground, Number(unit.value)), cluster: mine });
};
const showTry = () => {
  const now = measure(tried.option, tried.clusterOf);
  tried.result = now;
  showFigures(now, tried.start);
  fillChoices(now.clusters.map((c) => c.name));
  byId("try-undo").disabled = !tried.past.length;
  byId("try-again").disabled = !tried.past.length;
  if (tried.pane) showOption(tried.pane, triedOption(now), { today: true, areas: true, dots: true });
};
const freeName = (wanted) => {
  const taken = new Set([...tried.clusterOf, ...data.grounds[tried.option.ground].groups]);
  let name = wanted;
  for (let i = 2; taken.has(name); i += 1) name = `${wanted} ${i}`;
  return name;
};
const setPlan = (clusterOf) => {
  tried.past.push(tried.clusterOf);
  tried.clusterOf = clusterOf;
  showTry();
};
// To a cluster by name, or null for a cluster of its own.
const moveUnit = (unit, cluster) => {
  const next = [...tried.clusterOf];
  next[unit] = "";
  const kept = tried.clusterOf;
  tried.clusterOf = next;
  const name = cluster === null ? freeName(titleOf(data.grounds[tried.option.ground], unit)) : cluster;
  tried.clusterOf = kept;
  next[unit] = name;
  setPlan(next);
};
const startFrom = (option) => {
  tried.option = option;
  tried.clusterOf = startOf(option);
  tried.past = [];
  tried.start = measure(option, tried.clusterOf);
  showTry();
};
const savePlan = () => {
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([planText()], { type: "text/csv" }));
  link.download = "plan.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
const loadPlan = async (file) => {
  const read = readPlan(await file.text(), tried.option);
  byId("try-faults").replaceChildren(...(read.faults || []).map((fault) => make("li", fault)));
  byId("try-loaded").textContent = read.faults ? fill(say.file_refused, { name: file.name }) : fill(say.file_loaded, { name: file.name });
  if (!read.faults) setPlan(read.clusterOf);
};
const pickOnMap = (latlng) => {
  // The unit of the nearest school: its ground is what lies nearest to its schools.
  const ground = data.grounds[tried.option.ground];
  let nearest = -1; let least = Infinity;
  schools.at.forEach(([x, y], i) => {
    const far = Math.hypot(x - latlng.lng, y - latlng.lat);
    if (ground.group[i] < 0 && far < least) { least = far; nearest = i; }
  });
  byId("try-unit").value = ground.unit[nearest];
  fillChoices([...new Set(tried.clusterOf)].sort());
};
const setUpTry = () => {
  const box = byId("try-box");
  const from = byId("try-from");
  const able = options.flatMap((option, i) => (option.can_edit ? [i] : []));
  if (!able.length) { byId("try").hidden = true; return; }
  from.replaceChildren(...able.map((i) => new Option(`${options[i].label}: ${options[i].title}`, i)));
  from.value = String(able.includes(chosen.b) ? chosen.b : able[0]);
  const open = () => {
    if (!tried.option) startFrom(options[Number(from.value)]);
    if (tried.pane) return;
    tried.pane = makePane(byId("try-map"), say.map_try);
    tried.pane.onPick = pickOnMap;
    showTry();
  };
  // "toggle" comes a while after the box has opened, and nobody should meet an empty workbench;
  // it also comes where a search within the page opens the box.
  box.querySelector("summary").addEventListener("click", (event) => {
    event.preventDefault();
    box.open = !box.open;
    if (box.open) open();
  });
  box.addEventListener("toggle", () => { if (box.open) open(); });
  from.addEventListener("change", () => startFrom(options[Number(from.value)]));
  byId("try-unit").addEventListener("change", () => fillChoices(tried.result.clusters.map((c) => c.name)));
  byId("try-move").addEventListener("click", () => {
    const to = byId("try-to").value;
    moveUnit(Number(byId("try-unit").value), to === "own" ? null : to.slice(3));
  });
  byId("try-undo").addEventListener("click", () => { tried.clusterOf = tried.past.pop(); showTry(); byId("try-move").focus(); });
  byId("try-again").addEventListener("click", () => { startFrom(tried.option); byId("try-move").focus(); });
  byId("try-save").addEventListener("click", savePlan);
  byId("try-load").addEventListener("change", (event) => { if (event.target.files.length) loadPlan(event.target.files[0]); event.target.value = ""; });
};
