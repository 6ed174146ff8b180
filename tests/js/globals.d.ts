// What the modules find in the page: Leaflet, and elements of the templates, whose kinds only those know.
declare const L: any;
interface Window {
  clusterPage: object;
  studio: object;
}
interface ParentNode {
  querySelector(selectors: string): any;
  querySelectorAll(selectors: string): NodeListOf<any>;
}
