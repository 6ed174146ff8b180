// Leaflet maps on the national grid: no tiles are drawn, so nothing has to be bent to fit them.
import {
  byId,
  data,
  decimal,
  fill,
  homes,
  isExempt,
  make,
  number,
  pupilsOf,
  say,
  schools,
  secondary,
} from "./core.js";
import { placeLabels, scaleLabels } from "./labels.js";
import { chosen } from "./state.js";
import { arcs, areaSides, extent, isBorder, outlines, pieceSides, unfold } from "./topology.js";

const GRID_M = 10;
const INK = "#22303a";
export const MARK = "#b3123e";
const style = getComputedStyle(document.documentElement);
const fills = [0, 1, 2, 3, 4].map((i) => style.getPropertyValue(`--fill-${i}`).trim());
const nationalGrid = L.extend({}, L.CRS.Simple, {
  /** @param {L.LatLng} p @param {L.LatLng} q */
  distance: (p, q) => GRID_M * Math.hypot(p.lat - q.lat, p.lng - q.lng),
});
/** @param {Place[]} points */
const toMap = (points) => points.map(([x, y]) => /** @type {[y: number, x: number]} */ ([y, x]));
const everything = L.latLngBounds([[extent.south, extent.west], [extent.north, extent.east]]);
/** @param {number[]} numbers */
const arcLines = (numbers) => numbers.map((arc) => toMap(arcs[arc]));
const allArcs = arcs.map((_, arc) => arc);
/** @type {WeakMap<Clusters, [y: number, x: number][][][]>} */
const cachedShapes = new WeakMap();
/** @param {Clusters} option */
const shapesOf = (option) => {
  const made =
    cachedShapes.get(option) || outlines(option.pieces, option.names.length).map((rings) => rings.map(toMap));
  cachedShapes.set(option, made);
  return made;
};

/** @param {Clusters} option @param {number} cluster */
const clusterWords = (option, cluster) => {
  const words = make("div");
  words.append(
    make("b", `${option.number[cluster]}. ${option.names[cluster]}`),
    make("br"),
    fill(option.mean[cluster] === null ? say.tip_area : say.tip_cluster, {
      pupils: number(option.pupils[cluster]),
      schools: number(option.schools[cluster]),
      mean: decimal(option.mean[cluster]),
      longest: decimal(option.longest[cluster]),
    }),
  );
  return words;
};
/** @param {Clusters} option @param {number} school */
const schoolWords = (option, school) => {
  const words = make("div");
  words.append(make("b", schools.name[school]), make("br"), option.names[option.of[school]], make("br"),
    pupilsOf(school));
  return words;
};

// The page scrolls under one finger and under the wheel; the map answers to two fingers, to the
// wheel with Ctrl, and to the wheel once it has been clicked.
/** @param {Pane} pane */
const gate = (pane) => {
  const { node, map } = pane;
  const hint = make("p", say.map_wheel, "map-hint");
  hint.setAttribute("aria-hidden", "true");
  hint.hidden = true;
  node.append(hint);
  let isActive = false;
  let timer = 0;
  node.addEventListener("pointerdown", (event) => {
    isActive = event.pointerType === "mouse";
    map.dragging[event.pointerType === "touch" ? "disable" : "enable"]();
  }, true);
  node.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") isActive = false; });
  /** @type {HTMLElement} */ (node.parentNode).addEventListener("wheel", (event) => {
    if (!node.contains(/** @type {Node} */ (event.target)) || isActive || event.ctrlKey || event.metaKey) return;
    event.stopPropagation();
    hint.hidden = false;
    clearTimeout(timer);
    timer = setTimeout(() => { hint.hidden = true; }, 1600);
  }, true);
};

/** @type {new (pane: Pane) => LabelLayer} */
const LabelLayer = L.Layer.extend({
  initialize(pane) { this.pane = pane; },
  onAdd(map) {
    if (!map.getPane("labels")) map.createPane("labels").style.zIndex = "620";
    this.canvas = L.DomUtil.create("canvas", "map-labels", map.getPane("labels"));
    map.on({ moveend: this.draw, resize: this.draw }, this);
    this.draw();
  },
  onRemove(map) { this.canvas.remove(); map.off({ moveend: this.draw, resize: this.draw }, this); },
  draw() {
    const { map } = this.pane;
    const size = map.getSize();
    const ratio = window.devicePixelRatio || 1;
    L.DomUtil.setPosition(this.canvas, map.containerPointToLayerPoint([0, 0]));
    Object.assign(this.canvas, { width: size.x * ratio, height: size.y * ratio });
    Object.assign(this.canvas.style, { width: `${size.x}px`, height: `${size.y}px` });
    const pen = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    pen.scale(ratio, ratio);
    this.writeTo(pen, size);
  },
  writeTo(pen, size) {
    const { map } = this.pane;
    /** @param {number[]} spot */
    const at = ([x, y]) => { const point = map.latLngToContainerPoint([y, x]); return [point.x, point.y]; };
    this.pane.labels = placeLabels(scaleLabels(this.pane, GRID_M / 2 ** map.getZoom()), at, size, pen);
  },
});

/**
 * Draw a map at once, its labels on the same canvas: paper does not wait, and shows one canvas.
 * @param {Pane} pane
 */
export const drawForPaper = ({ map, layers }) => {
  const { renderer } = map.options;
  renderer._redrawBounds = null;
  renderer._redraw();
  const corner = map.containerPointToLayerPoint([0, 0]);
  renderer._ctx.save();
  renderer._ctx.translate(corner.x, corner.y);
  layers.names.writeTo(renderer._ctx, map.getSize());
  renderer._ctx.restore();
};
/**
 * A map in a box of the page. `name` is what a screen reader calls it.
 * @param {HTMLElement} node
 * @param {string} name
 */
export const makePane = (node, name) => {
  const map = L.map(node, {
    crs: nationalGrid, preferCanvas: true, attributionControl: false, zoomControl: false, zoomSnap: 0, zoomDelta: 0.75,
    wheelPxPerZoomLevel: 110, fadeAnimation: false, zoomAnimation: false, markerZoomAnimation: false, inertia: false,
    maxBoundsViscosity: 0.8, renderer: L.canvas({ padding: 0.15 }),
  });
  node.setAttribute("role", "application");
  node.setAttribute("aria-label", name);
  const pane = /** @type {Pane} */ ({ map, node, labels: /** @type {Written[]} */ ([]), layers: {} });
  pane.fit = () => {
    if (!node.clientWidth) return;
    map.invalidateSize({ animate: false });
    map.setMinZoom(-20);
    const zoom = map.getBoundsZoom(everything, false, L.point(12, 12));
    map.setMinZoom(zoom - 0.2);
    map.setMaxZoom(zoom + 6);
    map.fitBounds(everything, { animate: false, padding: [6, 6] });
    map.setMaxBounds(everything.pad(0.4));
  };
  map.setView([(extent.south + extent.north) / 2, (extent.west + extent.east) / 2], -5);
  L.control.scale({ imperial: true, maxWidth: 90 }).addTo(map);
  pane.fit();
  node.addEventListener("keydown", (event) => { if (event.key === "0") pane.fit(); });
  gate(pane);
  return pane;
};
/** @param {number} school */
const spot = (school) => L.latLng(schools.at[school][1], schools.at[school][0]);
/**
 * The schools that an option puts together with one, on the ground: those across the area left out.
 * @param {Clusters} option
 * @param {number} school
 */
export const companyOnGround = (option, school) => {
  const cluster = option.links[school] === undefined ? option.of[school] : option.links[school];
  return option.of.flatMap((other, i) => (other === cluster ? [i] : []));
};
/**
 * Show a school with all it would be with, in the options of some maps.
 * @param {Pane[]} panes
 * @param {number} school
 */
export const flyTo = (panes, school) => panes.forEach((pane) => {
  if (!pane.node.clientWidth) return;
  const bounds = L.latLngBounds([spot(school)]);
  panes.forEach(({ option }) =>
    companyOnGround(option, school)
      .filter((i) => isExempt(option, option.of[school]) || !isExempt(option, option.of[i]))
      .forEach((i) => bounds.extend(spot(i))),
  );
  pane.map.fitBounds(bounds.pad(0.25), { animate: false });
});
/** Closer or further by a step, round the school that was chosen. @param {Pane} pane @param {number} steps */
export const zoomBy = (pane, steps) => {
  const { map } = pane;
  const zoom = map._limitZoom(map.getZoom() + steps * map.options.zoomDelta);
  if (chosen.school === null) { map.setZoom(zoom, { animate: false }); return; }
  const at = spot(chosen.school);
  if (map.getBounds().pad(-0.05).contains(at)) map.setZoomAround(at, zoom, { animate: false });
  else map.setView(at, zoom, { animate: false });
};

// All schools as one layer: hundreds of layers take longer to add than to draw.
/** @type {new (out: boolean[]) => DotLayer} */
const DotLayer = L.Path.extend({
  initialize(out) {
    this.looks = schools.at.map((_, school) => ({
      radius: secondary.has(school) ? 4.4 : homes.has(school) ? 0 : 2.4,
      isOut: out[school],
    }));
    this.school = 0;
  },
  getLatLng() { return spot(this.school); },
  _project() {
    this.places = schools.at.map((_, school) => this._map.latLngToLayerPoint(spot(school)));
    this._pxBounds = L.bounds(this.places);
    this._pxBounds.min._subtract(L.point(6, 6));
    this._pxBounds.max._add(L.point(6, 6));
  },
  _update() { if (this._map) this._updatePath(); },
  _updatePath() {
    const pen = this._renderer._ctx;
    const seen = this._renderer._bounds;
    if (!pen || !seen) return;
    pen.globalAlpha = 1;
    pen.setLineDash([]);
    this.places.forEach((place, school) => {
      if (!seen.contains(place)) return;
      const { radius, isOut } = this.looks[school];
      pen.beginPath();
      pen.arc(place.x, place.y, radius, 0, 2 * Math.PI);
      pen.fillStyle = isOut ? "#fff" : INK;
      pen.fill();
      pen.lineWidth = isOut ? 1.5 : 0.8;
      pen.strokeStyle = isOut ? INK : "#fff";
      pen.stroke();
    });
  },
  _containsPoint(at) {
    const far = this.places.map((place, school) => at.distanceTo(place) - this.looks[school].radius);
    const nearest = far.indexOf(Math.min(...far));
    if (far[nearest] > 1 + this._clickTolerance()) return false;
    // From one school straight to the next: the tip is that of the next.
    if (nearest !== this.school && this.isTooltipOpen()) this.closeTooltip();
    this.school = nearest;
    return true;
  },
});
/** @param {Pane} pane */
const dotsOf = (pane) => {
  // Dots differ only by which schools stand outside; made once for all options alike in that.
  const out = pane.option.of.map((cluster) => isExempt(pane.option, cluster));
  if (pane.dots && pane.dots.out === out.join()) return pane.dots.layer;
  if (pane.dots) pane.dots.layer.remove();
  const layer = new DotLayer(out);
  layer.bindTooltip(() => schoolWords(pane.option, layer.school), { className: "tip" });
  // The library looks what is under the pointer only now and then.
  layer.on("mousemove", ({ layerPoint }) => {
    if (layer._containsPoint(layerPoint) && !layer.isTooltipOpen()) layer.openTooltip();
  });
  pane.dots = { out: out.join(), layer };
  return layer;
};
/** @param {Pane} pane @param {Clusters} option */
const clusterLayer = (pane, option) =>
  L.featureGroup(
    shapesOf(option).flatMap((rings, cluster) =>
      rings.length
        ? [
            L.polygon(rings, {
              color: INK,
              weight: 2.2,
              fillColor: fills[option.colour[cluster]] || "#fff",
              fillOpacity: 1,
              smoothFactor: 0.8,
            })
              .bindTooltip(() => clusterWords(option, cluster), { sticky: true, className: "tip" })
              .on("click", (event) => pane.onPick && pane.onPick(event.latlng)),
          ]
        : [],
    ),
  );
const areaArcs = allArcs.filter((arc) => new Set(areaSides[arc]).size > 1);
const areaLines = () =>
  L.polyline(arcLines(areaArcs), { color: "#7a1f4b", weight: 2, opacity: 0.85, dashArray: "7 5", interactive: false });
// Pieces may be smaller than today's clusters: a line is where today's differ.
const localOfPiece = data.topology.pieces.map((_, piece) => schools.local[schools.piece.indexOf(piece)]);
/** @param {number} arc */
const isToday = (arc) =>
  pieceSides[arc].length > 1 && localOfPiece[pieceSides[arc][0]] !== localOfPiece[pieceSides[arc][1]];
const todayArcs = allArcs.filter(isToday);
/** @param {Clusters} option */
const todayLines = (option) =>
  L.polyline(arcLines(todayArcs.filter((arc) => !isBorder(option.pieces, arc))), {
    color: INK,
    weight: 0.9,
    opacity: 0.55,
    interactive: false,
  });
const backdrop = data.backdrop.map(([, look, lines]) => ({
  look: { interactive: false, ...look },
  lines: lines.map((flat) => toMap(unfold(flat))),
}));
/** Main roads, water, railways and built-up ground, where the authority has a map of roads. */
const backdropLayer = () =>
  L.featureGroup(
    backdrop.map(({ look, lines }) =>
      look.fill
        ? L.polygon(
            lines.map((ring) => [ring]),
            look,
          )
        : L.polyline(lines, look),
    ),
  );
/** Borders that only one of two options has. @param {Clusters} a @param {Clusters} b */
export const changedBorders = (a, b) => {
  const gone = allArcs.filter((arc) => isBorder(a.pieces, arc) && !isBorder(b.pieces, arc));
  const fresh = allArcs.filter((arc) => !isBorder(a.pieces, arc) && isBorder(b.pieces, arc));
  /** @param {number[]} borders @param {object} look */
  const lines = (borders, look) => L.polyline(arcLines(borders), { interactive: false, ...look });
  // Lowest last: a group puts its members at the back one after another.
  return L.featureGroup([
    lines(fresh, { color: MARK, weight: 4.5 }), lines(fresh, { color: "#fff", weight: 7 }),
    lines(gone, { color: MARK, weight: 3, dashArray: "2 6" }), lines(gone, { color: "#fff", weight: 5 }),
  ]);
};
/** @param {Pane} pane @param {Clusters} option @param {Show} show */
export const showOption = (pane, option, show) => {
  const { map, layers } = pane;
  /** @type {const} */ (["clusters", "backdrop", "today", "areas", "changes", "names"]).forEach((name) =>
    layers[name]?.remove(),
  );
  pane.option = option;
  pane.show = show;
  if (show.dots) dotsOf(pane).addTo(map);
  else if (pane.dots) pane.dots.layer.remove();
  // What is put at the back last lies lowest.
  layers.changes = show.changes && pane.changes ? pane.changes().addTo(map).bringToBack() : null;
  layers.areas = show.areas && areaArcs.length ? areaLines().addTo(map).bringToBack() : null;
  layers.today = show.today ? todayLines(option).addTo(map).bringToBack() : null;
  layers.backdrop = backdrop.length ? backdropLayer().addTo(map).bringToBack() : null;
  layers.clusters = clusterLayer(pane, option).addTo(map).bringToBack();
  markSchool(pane);
  layers.names = new LabelLayer(pane).addTo(map);
};
/** Mark the school that was chosen, the schools it would be with, and where they would meet. @param {Pane} pane */
export const markSchool = (pane) => {
  if (pane.layers.school) pane.layers.school.remove();
  delete pane.layers.school;
  if (pane.layers.names) pane.layers.names.draw();
  const { school } = chosen;
  if (school === null || !pane.option) return;
  const { option } = pane;
  const meets = option.meets[option.of[school]];
  const mine = { interactive: false, color: "#fff", fillColor: MARK, fillOpacity: 1 };
  pane.layers.school = L.layerGroup([
    ...companyOnGround(option, school).filter((i) => i !== school && !homes.has(i))
      .map((i) => L.circleMarker(spot(i), { ...mine, radius: secondary.has(i) ? 6 : 4.5, weight: 1.5 })),
    ...(meets < 0 || meets === school ? [] : [
      L.polyline([spot(school), spot(meets)], { color: MARK, weight: 2, dashArray: "3 5", interactive: false }),
      L.circleMarker(spot(meets), { ...mine, radius: 8, weight: 3, color: MARK, fillColor: "#fff" }),
    ]),
    L.circleMarker(spot(school), { radius: 11, color: "#fff", weight: 6, fill: false, interactive: false }),
    L.circleMarker(spot(school), { radius: 11, color: MARK, weight: 3.5, fill: false, interactive: false }),
  ]).addTo(pane.map);
};
/** Whatever moves one map moves the others. @param {Pane[]} panes */
export const keepTogether = (panes) => {
  let isMoving = false;
  panes.forEach((pane) => pane.map.on("move", () => {
    if (isMoving) return;
    isMoving = true;
    panes
      .filter((other) => other !== pane && other.node.offsetParent)
      .forEach((other) => other.map.setView(pane.map.getCenter(), pane.map.getZoom(), { animate: false }));
    isMoving = false;
  }));
};
/**
 * Make a map when its box comes near the screen, or when the browser has nothing else to do: a
 * picture of the whole page has all its maps.
 * @param {string} id
 * @param {() => void} makeIt
 */
export const whenNear = (id, makeIt) => {
  const box = byId(id);
  const open = () => {
    if (!watcher) return;
    watcher.disconnect();
    watcher = null;
    makeIt();
  };
  /** @type {IntersectionObserver | null} */
  let watcher = new IntersectionObserver((seen) => {
    if (seen.some((one) => one.isIntersecting)) open();
  }, { rootMargin: "300px" });
  watcher.observe(box);
  // One browser does not know this; a box that is folded away has no size to draw in.
  globalThis.requestIdleCallback?.(() => box.offsetParent && open(), { timeout: 1000 });
};
/** The three buttons of a map: closer, further, all of it. @param {string} name @param {() => Pane[]} panes */
export const setUpZoom = (name, panes) => {
  const first = () => /** @type {Pane} */ (panes().find((pane) => pane.node.offsetParent));
  byId(`${name}-in`).addEventListener("click", () => zoomBy(first(), 1));
  byId(`${name}-out`).addEventListener("click", () => zoomBy(first(), -1));
  byId(`${name}-all`).addEventListener("click", () => panes().forEach((pane) => pane.fit()));
};
