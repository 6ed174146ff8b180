// Leaflet maps on the national grid: no tiles are drawn, so nothing has to be bent to fit them.
const GRID_M = 10;
const INK = "#22303a";
const style = getComputedStyle(document.documentElement);
const fills = [0, 1, 2, 3, 4].map((i) => style.getPropertyValue(`--fill-${i}`).trim());
const nationalGrid = L.extend({}, L.CRS.Simple, {
  distance: (p, q) => GRID_M * Math.hypot(p.lat - q.lat, p.lng - q.lng),
});
const toMap = (points) => points.map(([x, y]) => [y, x]);
const everything = [[extent.south, extent.west], [extent.north, extent.east]];
const arcLines = (numbers) => numbers.map((arc) => toMap(arcs[arc]));
const allArcs = arcs.map((_, arc) => arc);
const cachedShapes = new Map();
const shapesOf = (option) => {
  if (!cachedShapes.has(option)) {
    cachedShapes.set(option, outlines(option.pieces, option.names.length).map((rings) => rings.map(toMap)));
  }
  return cachedShapes.get(option);
};

const clusterWords = (option, cluster) => {
  const words = make("div");
  words.append(make("b", `${option.number[cluster]}. ${option.names[cluster]}`), make("br"), fill(option.mean[cluster] === null ? say.tip_area : say.tip_cluster, {
    pupils: number(option.pupils[cluster]), schools: number(option.schools[cluster]),
    mean: decimal(option.mean[cluster]), longest: decimal(option.longest[cluster]),
  }));
  return words;
};
const schoolWords = (option, school) => {
  const words = make("div");
  words.append(make("b", schools.name[school]), make("br"), option.names[option.of[school]], make("br"),
    unknownPupils.has(school) ? say.pupils_unknown : counted(schools.pupils[school], say.pupil, say.pupils));
  return words;
};

// Names and numbers: the largest clusters first, each only where it is clear of those before.
const layOut = (pane) => {
  const unit = 2 ** pane.map.getZoom();
  const taken = [];
  const isFree = (box) => taken.every((other) => box[2] < other[0] || box[0] > other[2] || box[3] < other[1] || box[1] > other[3]);
  const shown = pane.labels.filter(({ spot, node }) => {
    const [x, y] = [spot[0] * unit, -spot[1] * unit];
    const mark = [x - 12, y - 11, x + 12, y + 11];
    const isShown = isFree(mark);
    node.classList.toggle("gone", !isShown);
    if (isShown) taken.push(mark);
    return isShown;
  });
  shown.forEach(({ spot, node, lines }) => {
    const [x, y] = [spot[0] * unit, -spot[1] * unit];
    const width = 7 * Math.max(...lines.map((line) => line.length));
    const name = [x - width / 2, y + 12, x + width / 2, y + 12 + 15 * lines.length];
    const hasRoom = width < spot[2] * unit * 2.5 && isFree(name);
    node.classList.toggle("bare", !hasRoom);
    if (hasRoom) taken.push(name);
  });
};
const LINE_LETTERS = 15;
const linesOf = (name) => name.split(" ").reduce((lines, word) => {
  const last = lines[lines.length - 1];
  if (last !== undefined && last.length + word.length < LINE_LETTERS) lines[lines.length - 1] = `${last} ${word}`;
  else lines.push(word);
  return lines;
}, []);

const makePane = (node, name) => {
  const map = L.map(node, {
    crs: nationalGrid, preferCanvas: true, attributionControl: false, zoomControl: false, zoomSnap: 0, zoomDelta: 0.75,
    wheelPxPerZoomLevel: 110, fadeAnimation: false, zoomAnimation: false, markerZoomAnimation: false, inertia: false,
    maxBoundsViscosity: 0.8, renderer: L.canvas({ padding: 0.15 }),
  });
  node.setAttribute("role", "application");
  node.setAttribute("aria-label", name);
  const pane = { map, node, labels: [], layers: {}, option: null };
  pane.fit = () => {
    const { width } = node.getBoundingClientRect();
    if (!width) return;
    const shape = (extent.north - extent.south) / (extent.east - extent.west);
    node.style.height = `${Math.round(Math.max(220, Math.min(width * shape + 24, window.innerHeight * 0.74)))}px`;
    map.invalidateSize({ animate: false });
    map.setMinZoom(-20);
    const zoom = map.getBoundsZoom(everything, false, L.point(12, 12));
    map.setMinZoom(zoom - 0.2);
    map.setMaxZoom(zoom + 6);
    map.fitBounds(everything, { animate: false, padding: [6, 6] });
    map.setMaxBounds(L.latLngBounds(everything).pad(0.4));
  };
  map.on("zoomend", () => layOut(pane));
  map.setView([(extent.south + extent.north) / 2, (extent.west + extent.east) / 2], -5);
  pane.fit();
  return pane;
};

const dots = (pane) => L.layerGroup(schools.at.map(([x, y], school) => {
  const option = pane.option;
  const out = isExempt(option, option.of[school]);
  return L.circleMarker([y, x], {
    radius: secondary.has(school) ? 4.4 : 2.4, weight: out ? 1.5 : 0.8, color: out ? INK : "#fff", fillColor: out ? "#fff" : INK, fillOpacity: 1,
  }).bindTooltip(() => schoolWords(pane.option, school), { className: "tip" });
}));
const label = (option, cluster) => {
  const lines = linesOf(option.names[cluster]);
  const node = make("div", undefined, "mark");
  const name = make("span");
  lines.forEach((line, i) => name.append(...(i ? [make("br")] : []), line));
  node.append(make("b", option.number[cluster]), name);
  return { spot: option.spots[cluster], node, lines };
};

const dotsOf = (pane) => {
  // Dots differ only by which schools stand outside; made once for all options alike in that.
  const out = pane.option.of.map((cluster) => isExempt(pane.option, cluster)).join();
  if (pane.dots && pane.dots.out === out) return pane.dots.layer;
  if (pane.dots) pane.dots.layer.remove();
  pane.dots = { out, layer: dots(pane) };
  return pane.dots.layer;
};
const clusterLayer = (pane, option) => L.featureGroup(shapesOf(option).flatMap((rings, cluster) => (rings.length ? [L.polygon(rings, {
  color: INK, weight: 2.2, fillColor: fills[option.colour[cluster]] || "#fff", fillOpacity: 1, smoothFactor: 0.8,
}).bindTooltip(() => clusterWords(option, cluster), { sticky: true, className: "tip" }).on("click", (event) => pane.onPick && pane.onPick(event.latlng))] : [])));
const labelLayer = (pane, option) => {
  const shapes = shapesOf(option);
  const order = option.spots.map((_, i) => i).filter((i) => option.spots[i] && shapes[i].length).sort((i, j) => option.spots[j][2] - option.spots[i][2]);
  pane.labels = order.map((cluster) => label(option, cluster));
  return L.layerGroup(pane.labels.map(({ spot, node }) => L.marker([spot[1], spot[0]], { icon: L.divIcon({ className: "mark-at", html: node, iconSize: [0, 0] }), interactive: false, keyboard: false })));
};
const areaArcs = allArcs.filter((arc) => new Set(areaSides[arc]).size > 1);
const areaLines = () => L.polyline(arcLines(areaArcs), { color: "#7a1f4b", weight: 2, opacity: 0.85, dashArray: "7 5", interactive: false });
// Pieces may be smaller than today's clusters: a line is where today's differ.
const localOfPiece = data.topology.pieces.map((_, piece) => schools.local[schools.piece.indexOf(piece)]);
const isToday = (arc) => pieceSides[arc].length > 1 && localOfPiece[pieceSides[arc][0]] !== localOfPiece[pieceSides[arc][1]];
const todayArcs = allArcs.filter(isToday);
const todayLines = (option) => L.polyline(arcLines(todayArcs.filter((arc) => !isBorder(option.pieces, arc))), { color: INK, weight: 0.9, opacity: 0.55, interactive: false });

const showOption = (pane, option, show) => {
  const { map, layers } = pane;
  ["clusters", "today", "areas", "changes", "labels"].forEach((name) => { if (layers[name]) layers[name].remove(); });
  pane.option = option;
  layers.labels = labelLayer(pane, option).addTo(map);
  if (show.dots) dotsOf(pane).addTo(map);
  else if (pane.dots) pane.dots.layer.remove();
  // What is put at the back last lies lowest.
  layers.changes = show.changes && pane.changes ? pane.changes().addTo(map).bringToBack() : null;
  layers.areas = show.areas && areaArcs.length ? areaLines().addTo(map).bringToBack() : null;
  layers.today = show.today ? todayLines(option).addTo(map).bringToBack() : null;
  layers.clusters = clusterLayer(pane, option).addTo(map).bringToBack();
  markSchool(pane);
  layOut(pane);
};
const markSchool = (pane) => {
  if (pane.layers.school) pane.layers.school.remove();
  delete pane.layers.school;
  if (chosen.school === null || !pane.option) return;
  const [x, y] = schools.at[chosen.school];
  pane.layers.school = L.layerGroup([
    L.circleMarker([y, x], { radius: 11, color: "#fff", weight: 6, fill: false, interactive: false }),
    L.circleMarker([y, x], { radius: 11, color: "#b3123e", weight: 3.5, fill: false, interactive: false }),
  ]).addTo(pane.map);
};
const keepTogether = (panes) => {
  let isMoving = false;
  panes.forEach((pane) => pane.map.on("move", () => {
    if (isMoving) return;
    isMoving = true;
    panes.filter((other) => other !== pane && other.node.offsetParent).forEach((other) => other.map.setView(pane.map.getCenter(), pane.map.getZoom(), { animate: false }));
    isMoving = false;
  }));
};
