const page = ["cluster_optimiser/present/templates/js/*.js", "cluster_optimiser/studio/js/*.js"];
const browser = [
  "Event", "L", "parent", "window", "document", "history", "location", "navigator", "innerWidth", "innerHeight", "scrollY", "print", "performance", "matchMedia",
  "addEventListener", "getComputedStyle", "requestAnimationFrame", "setTimeout", "clearTimeout", "Option", "Blob", "URL", "URLSearchParams",
  "Intl", "IntersectionObserver", "FileReader", "scrollTo", "DOMParser", "TextDecoder", "fetch", "EventSource", "ResizeObserver", "HTMLInputElement",
];

export default [{
  files: page,
  languageOptions: { ecmaVersion: 2022, sourceType: "module", globals: Object.fromEntries(browser.map((name) => [name, "readonly"])) },
  linterOptions: { reportUnusedDisableDirectives: "error" },
  rules: {
    "array-callback-return": "error",
    complexity: ["error", 15],
    eqeqeq: "error",
    "max-depth": ["error", 3],
    "max-len": ["error", { code: 119 }],
    "max-lines": ["error", { max: 400, skipComments: true }],
    "no-constant-binary-expression": "error",
    "no-dupe-keys": "error",
    "no-eval": "error",
    "no-loop-func": "error",
    "no-redeclare": "error",
    "no-self-compare": "error",
    "no-shadow": "error",
    "no-undef": "error",
    "no-unreachable": "error",
    "no-unused-vars": "error",
    "no-useless-assignment": "error",
    "no-var": "error",
    "object-shorthand": "error",
    "prefer-const": "error",
    "use-isnan": "error",
  },
}];
