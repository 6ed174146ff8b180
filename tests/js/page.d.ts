// What Python tells the scripts of the page and of the studio, and what the scripts make of it.
// A test holds the first part to what Python writes; "make lint-js" adds words and elements.

/** A text in the plural forms of a language. */
interface Forms { other: string; [form: string]: string }
type Words = PageWords & StudioWords & NewWords;
interface PageWords {
  [key: `level_${string}`]: string;
  [key: `rule_${string}`]: string;
  [key: `weight_${string}`]: string;
  [key: `wish_${string}`]: string;
}
interface StudioWords {
  [key: `method_${string}`]: string;
}
/** What a text is filled in with. */
type Values = Record<string, string | number>;

/** East and north: metres of the national grid, or steps of 10 m from the corner of the map. */
type Place = [x: number, y: number];
/** The middle and the radius of a circle, in steps of the map. */
type Spot = [x: number, y: number, radius: number];
interface Layer { name: string; title: string; areas: string[]; of: number[] }
interface Schools {
  urn: number[];
  name: string[];
  xy: Place[];
  pupils: number[];
  /** Places in the list of those whose pupils are not known, are estimated, are secondary, stand for homes. */
  unknown: number[];
  estimated: number[];
  secondary: number[];
  homes: number[];
  /** Names of today's clusters, and of those with ground; the number of each school's among them. */
  todays: string[];
  today: number[];
  locals: string[];
  local: number[];
  piece: number[];
  layers: Layer[];
  postcode: string[];
  place: string[];
}
interface Pin { names: string[]; units: number[][] }
interface Rules {
  min_pupils: number;
  max_pupils: number;
  has_max?: boolean;
  keep_oversize?: boolean;
  exceptions?: number[];
  towards_hub?: boolean;
  target: number;
  max_exceptions: number;
  count: [least: number, most: number | null];
  max_minutes: number | null;
  quotas: (number | null)[];
  hubs: number[] | null;
  within: Record<string, number[]>;
  together: Pin[];
  apart: Pin[];
}
interface Quota { rule: string; say: `rule_${string}`; number: "schools" | "secondary"; is_least: boolean; metric: string }
interface Ground {
  units: string[];
  /** The school of each unit that is a single one. */
  single: Record<number, number>;
  /** The unit of each school, and its group where it stands outside; -1 for none. */
  unit: number[];
  groups: string[];
  group: number[];
  edges: [number, number][];
}
/** The clusters of a plan, as a map draws them. */
interface Clusters {
  names: string[];
  number: string[];
  colour: number[];
  pupils: number[];
  schools: number[];
  exempt: number[];
  meets: number[];
  longest: (number | null)[];
  mean: (number | null)[];
  /** The cluster of each school. */
  of: number[];
  /** The cluster of each piece of ground, -1 for none. */
  pieces: number[];
  links: Record<number, number>;
  spots: (Spot | null)[];
}
interface Option extends Clusters {
  label: string;
  stamp: string;
  title: string;
  text?: string;
  title_lang?: string;
  text_lang?: string;
  rules: Rules;
  can_edit: boolean;
  ground: number;
}
/** As Python writes it: the cluster of each school packed. */
type PackedOption = Omit<Option, "of" | "pieces"> & { of: string };
interface Formula { constant_min: number; bands: [end: number | null, rate: number][]; exact: [from: number, to: number, way: number][] }
interface Matrix { is_symmetric: boolean; rows: string[] }
interface Look { color?: string; weight?: number; opacity?: number; dashArray?: string; stroke?: boolean; fill?: boolean; fillColor?: string; fillOpacity?: number }
interface Area { names: string[]; of: number[]; exempt: number[]; colour: number[]; spots: (Spot | null)[] }
/** Two options of which one fits into the other; today is -1 where it is not among the options. */
interface Levels { lower: number; upper: number; today: number; area: Area | null; area_title: string }
/** What page and studio are both told. */
interface Drawn {
  say: Words;
  and: string;
  schools: Schools;
  options: PackedOption[];
  quotas: Quota[];
  grounds: Ground[];
  travel: { formula: Formula; matrix?: undefined } | { formula?: undefined; matrix: Matrix };
  topology: { arcs: number[][]; pieces: number[][][]; areas: number[][][] };
  postcodes: [sector: string, west: number, south: number, step_m: number, packed: string][];
  places: [name: string, x: number, y: number, people: number][];
  backdrop: [kind: string, look: Look, lines: number[][]][];
  area_title: string;
  origin: Place;
  areas: [name: string, x: number, y: number][];
  today: number;
  has_today: boolean;
  levels: Levels[];
  ask: { option: number; groups: number[][] } | null;
  right: number;
}
interface PageData extends Drawn {
  questions: string[];
  reply_to: string;
  naming: { same: Record<string, string>; kinds: string; phases: string };
}
/** As it stands in the page: what is said in the first ground, or can be seen from it, is not said again. */
interface WrittenPage extends Omit<PageData, "say" | "grounds"> {
  say: PageWords;
  grounds: (Omit<Ground, "single" | "group"> & Partial<Ground>)[];
}

/** A row of the form of rules. */
interface RuleRow {
  key: string;
  table: string;
  methods: string[];
  is_first: boolean;
  kind: "number" | "choice" | "layers" | "names" | "lists" | "groups" | "terms";
  choices?: string[];
  is_whole?: boolean;
  least?: number;
  most?: number | null;
}
/** A scenario file as a table of tables: what it holds is declared in the form. */
interface Scenario { [key: string]: Held }
type Held = string | number | boolean | null | undefined | Held[] | Scenario;
/** What some of its keys hold. */
interface Keys {
  title: string;
  description: string;
  option: string;
  method: string;
  units: string;
  within: string[];
  alignment: Record<string, string>;
  limits: Record<string, number>;
  exempt: { name: string }[];
  "objective.order": string[];
  "pins.together": string[][];
  "pins.apart": string[][];
  "size.exceptions": string[];
  "size.max_exceptions": number;
}
interface Step { own: Scenario; said: string }
interface Version { name: string; own: Scenario }
interface Draft {
  file: string;
  home: string;
  name: string;
  file_own: Scenario | null;
  inherited: Scenario;
  seen: string;
  changed_elsewhere: boolean;
  steps: Step[];
  at: number;
  versions: Version[];
  notes: Record<string, string>;
}
interface ScenarioFile {
  file: string;
  fault: string;
  option: string;
  title: string;
  description: string;
  authority: string;
  method: string;
}
interface StudioData extends Drawn {
  authority: string;
  form: RuleRow[];
  terms: Record<string, string>;
  units: Record<string, string>;
  no_limits: string[];
  units_named: string[];
  defaults: Scenario;
  span: { pupils: number; units: number };
  ground_key: string;
  authority_key: string;
  theme: Record<string, unknown>;
  today_values: Record<string, number | null>;
  spread: { first: string; second: string };
  draft: Draft;
  groups_known: { name: string; reason: string }[];
  scenarios: ScenarioFile[];
  /** Kept by the scripts. */
  last_answer?: Solved;
}
type WrittenStudio = Omit<StudioData, "say" | "last_answer"> & { say: PageWords & StudioWords };
/** An answer that tells more than the scripts read. */
interface More { [key: string]: unknown }
type Costs = Record<string, number>;
/** A plan of the server: the cluster of each school by its number, what it comes to, how far that is proved. */
interface Planned {
  status: "OPTIMAL" | "FEASIBLE" | "GIVEN";
  objective: Costs;
  bound: Costs | null;
  gap: number | null;
  n_clusters: number;
  n_plans: number | null;
  plan: Record<string, string>;
  proof: More & { second_method?: string };
}
interface About { rules: Rules; ground: Ground; seconds: number; stopped?: boolean }
type Solved = Planned & About;
interface Unsolved extends About {
  status: "INFEASIBLE" | "UNKNOWN";
  message: string;
  objective: null;
  bound: null;
  gap: null;
  n_clusters: null;
  n_plans: number | null;
  plan: null;
}

interface Relaxation extends More { changes: Record<string, Held>; units: string[]; words: string; is_minimal: boolean }
/** Why there is no plan and what would admit one, or what each rule costs. */
interface Explanation extends More {
  rules: Record<string, string>;
  clash: (More & { rules: string[] }) | null;
  unplaced: (More & { unit: string; words: string })[];
  stuck_units: string[];
  relaxations: Relaxation[];
  combined: (More & { relaxations: Relaxation[]; words: string })[];
  prices: (More & { rule: string; words: string; is_free: boolean })[];
  notes: string[];
  unsettled: string[];
}
interface Bars { term: string; edges: number[]; counts: number[]; is_all: boolean; n: number }
interface Point { values: Costs; plan: Record<string, string> }
/** How all legal plans are spread; without one, only that. */
interface Spread extends More {
  n_plans: number;
  metrics: string[];
  terms: [first: string, second: string, ...third: string[]];
  bars: Bars;
  front: Point[];
  n_front: number;
  pairs: [one: string, other: string, all: number, near: number | null][];
}
interface Outlook { assumptions: string[]; series: string[]; rows: (More & { cells: string[]; leaving: string[] })[] }
interface Published { folder: string; labels: string[] }
/** What the server answers to each question. */
interface Answers {
  "api/begin": { lines: string[]; key: string; scenarios: string[] };
  "api/best": { answer: Solved | null };
  "api/count": { lines: string[]; zip: string };
  "api/explain": Explanation;
  "api/explore": Spread | { n_plans: 0; metrics: string[] };
  "api/keep": { kept: boolean };
  "api/outlook": { outlook: Outlook };
  "api/publish": { page: string; zip: string; notes: string[]; published: Published[] };
  "api/published": { published: Published[] };
  "api/save": { file: string; seen: string };
  "api/solve": Solved | Unsolved;
  "api/stop": { stopped: boolean };
  "api/versions": { versions: Planned[]; ended: string };
}
/** What the server tells meanwhile: of progress a stage and its numbers, of what was saved the file. */
interface Told {
  job: string;
  kind: "start" | "progress" | "end" | "saved";
  stage: string;
  objective: number | null;
  bound: number | null;
  has_plan?: boolean;
  file?: string;
  seen?: string;
}

// What the scripts make of it.

/** A cluster as it is measured here; null where a way is not known. */
interface Cluster {
  name: string;
  units: number[];
  pupils: number;
  schools: number;
  secondary: number;
  meets: number;
  longest: number | null;
  total: number | null;
  anyTotal: number | null;
  mean: number | null;
  isWhole: boolean;
  layers: { home: number; misaligned: number }[];
}
/** A rule that is not kept: which, by whom, in words. */
type Broken = [rule: string, who: string, words: string];
type Metrics = Record<string, number | null>;
interface Measured { clusters: Cluster[]; metrics: Metrics; broken: Broken[] }
/** What a map shows besides clusters. */
interface Show { dots?: boolean; today?: boolean; areas?: boolean; changes?: boolean }
interface Label {
  kind: "chosen" | "number" | "place" | "cluster" | "area" | "school";
  lines: string[];
  spot: number[];
  dy: number;
  /** The cluster under whose number it stands. */
  below?: number | null;
  room?: number;
  people?: number;
}
type Box = [left: number, top: number, right: number, bottom: number];
interface Written { kind: Label["kind"]; text: string; box: Box }
interface Pane {
  map: L.Map;
  node: HTMLElement;
  labels: Written[];
  layers: { names: LabelLayer; school?: L.Layer } & Partial<Record<"clusters" | "backdrop" | "today" | "areas" | "changes", L.Layer | null>>;
  /** What it shows, once there is something. */
  option: Clusters;
  show: Show;
  dots?: { out: string; layer: DotLayer };
  fit(): void;
  changes?(): L.Layer;
  onPick?(at: L.LatLng): void;
}
/** All names on a map, on a canvas of their own. */
interface LabelLayer extends L.Layer {
  pane: Pane;
  canvas: HTMLCanvasElement;
  onAdd(map: L.Map): void;
  onRemove(map: L.Map): void;
  draw(): void;
  writeTo(pen: CanvasRenderingContext2D, size: L.Point): void;
}
/** All schools on a map; `school` is the one under the pointer. */
interface DotLayer extends L.Layer {
  looks: { radius: number; isOut: boolean }[];
  places: L.Point[];
  school: number;
  getLatLng(): L.LatLng;
  _project(): void;
  _update(): void;
  _updatePath(): void;
  _containsPoint(at: L.Point): boolean;
}
/** A plan of an option's units, each by the first unit of its cluster. */
interface OwnPlan { option: Option; part: number[] }
interface Reply {
  school: string;
  option: string;
  comment: string;
  may_quote: string;
  plan: OwnPlan | null;
  respondent: string;
  submitted_at: string;
}
/** A plan of the server as the studio shows it. */
interface Shown { answer: Solved; base: Option; ground: Ground; clusterOf: string[]; result: Measured; option: Option }
interface Question { scenario: Scenario; home: string; name: string }
/** What the address carries. */
interface Chosen { school: number | null; a: number; b: number; see: string; plan: string; ask: string }

/** Elements that scripts make. */
interface Elements {
  "rules-more": HTMLDetailsElement;
  "plans-told": HTMLElement;
  "plans-first": HTMLSelectElement;
  "plans-second": HTMLSelectElement;
  "plans-third": HTMLSelectElement;
  "publish-made": HTMLElement;
  "publish-told": HTMLElement;
  "replies": HTMLElement;
  "replies-files": HTMLInputElement;
  "replies-made": HTMLElement;
  "replies-to": HTMLSelectElement;
  "replies-told": HTMLElement;
  [id: `theme-${string}`]: HTMLInputElement | HTMLTextAreaElement;
}
/** An element by its id; one that no template and no script has is none. */
type ElementOf<K extends string> = K extends keyof Elements ? Elements[K] : {} extends Record<K, 1> ? HTMLElement : never;
/** The element that a selector asks for: its last part by its tag. Templates have what scripts ask for. */
type TagOf<S extends string> = S extends `${string} ${infer Last}` ? TagOf<Last>
  : S extends `${infer Tag}.${string}` | `${infer Tag}[${string}` | `${infer Tag}:${string}` ? TagOf<Tag> : S;
type Selected<S extends string> = S extends `${infer One},${infer More}` ? Selected<One> | Selected<More>
  : TagOf<S> extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[TagOf<S>] : HTMLElement;
interface ParentNode {
  querySelector<S extends string>(selectors: S): Selected<S>;
  querySelectorAll<S extends string>(selectors: S): NodeListOf<Selected<S>>;
}
interface Element { closest<S extends string>(selectors: S): Selected<S> | null }
interface Window { clusterPage: object; studio: object }
