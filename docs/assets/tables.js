// A table that is wider than the page scrolls inside; by the keyboard it is reached like a link.
"use strict";
const reach = () => document.querySelectorAll(".md-typeset__scrollwrap").forEach((one) => {
  if (one.scrollWidth <= one.clientWidth) { one.removeAttribute("tabindex"); return; }
  one.tabIndex = 0;
  one.setAttribute("role", "group");
  one.setAttribute("aria-label", "Table");
});
addEventListener("resize", reach);
new MutationObserver(reach).observe(document.body, { childList: true, subtree: true });
