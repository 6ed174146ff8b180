// What the scripts use of Leaflet 1.9, parts that are its own among them.
declare namespace L {
  interface LatLng { lat: number; lng: number }
  type LatLngs = LatLng | [lat: number, lng: number] | number[];
  interface Bounds { min: Point; max: Point; contains(at: Point): boolean }
  interface LatLngBounds {
    contains(at: LatLng): boolean;
    extend(at: LatLngs): LatLngBounds;
    pad(share: number): LatLngBounds;
  }
  interface Point { x: number; y: number; distanceTo(other: Point): number; _add(other: Point): Point; _subtract(other: Point): Point }
  interface MouseEvent { latlng: LatLng; layerPoint: Point }
  interface Layer {
    addTo(map: Map): this;
    remove(): this;
    bringToBack(): this;
    bindTooltip(words: () => HTMLElement, look: object): this;
    isTooltipOpen(): boolean;
    openTooltip(): this;
    closeTooltip(): this;
    on(event: string, hear: (event: MouseEvent) => void): this;
  }
  interface Renderer {
    _bounds: Bounds;
    _ctx: CanvasRenderingContext2D;
    _redraw(): void;
    _redrawBounds: Bounds | null;
  }
  interface Still { animate: boolean }
  interface Map {
    dragging: { enable(): void; disable(): void };
    options: { renderer: Renderer; zoomDelta: number };
    _limitZoom(zoom: number): number;
    containerPointToLayerPoint(at: number[]): Point;
    createPane(name: string): HTMLElement;
    fitBounds(bounds: LatLngBounds, how: Still & { padding?: number[] }): this;
    getBounds(): LatLngBounds;
    getBoundsZoom(bounds: LatLngBounds, isInside: boolean, padding: Point): number;
    getCenter(): LatLng;
    getMinZoom(): number;
    getPane(name: string): HTMLElement;
    getSize(): Point;
    getZoom(): number;
    invalidateSize(how: Still): this;
    latLngToContainerPoint(at: LatLngs): Point;
    latLngToLayerPoint(at: LatLngs): Point;
    off(events: Record<string, () => void>, context: object): this;
    on(events: Record<string, () => void>, context: object): this;
    on(event: string, hear: () => void): this;
    setMaxBounds(bounds: LatLngBounds): this;
    setMaxZoom(zoom: number): this;
    setMinZoom(zoom: number): this;
    setView(at: LatLngs, zoom: number, how?: Still): this;
    setZoom(zoom: number, how: Still): this;
    setZoomAround(at: LatLng, zoom: number, how: Still): this;
  }
  /** A class of one's own: what its layers have, and what each is made with. */
  interface Extended {
    extend<Made extends unknown[], Own>(own: Partial<NoInfer<Own>> & { initialize(...made: Made): void } & ThisType<NoInfer<Own> & Drawing>): new (...made: Made) => Own;
  }
  /** What Leaflet sets on a layer that it draws. */
  interface Drawing { _map: Map; _renderer: Renderer; _pxBounds: Bounds; _clickTolerance(): number; _updatePath(): void }
  const CRS: { Simple: object };
  const DomUtil: { create<K extends keyof HTMLElementTagNameMap>(tag: K, className: string, home: HTMLElement): HTMLElementTagNameMap[K]; setPosition(node: HTMLElement, at: Point): void };
  const Layer: Extended;
  const Path: Extended;
  const control: { scale(look: object): { addTo(map: Map): void } };
  function bounds(points: Point[]): Bounds;
  function canvas(how: object): Renderer;
  function circleMarker(at: LatLngs, look: object): Layer;
  function divIcon(look: object): object;
  function extend<A, B, C>(target: A, one: B, other: C): A & B & C;
  function featureGroup(layers: Layer[]): Layer;
  function latLng(lat: number, lng: number): LatLng;
  function latLngBounds(corners: LatLngs[]): LatLngBounds;
  function layerGroup(layers: Layer[]): Layer;
  function map(node: HTMLElement, how: object): Map;
  function marker(at: LatLngs, look: object): Layer & { getLatLng(): LatLng };
  function point(x: number, y: number): Point;
  function polygon(rings: LatLngs[][] | LatLngs[][][], look: object): Layer;
  function polyline(lines: LatLngs[] | LatLngs[][], look: object): Layer;
}
