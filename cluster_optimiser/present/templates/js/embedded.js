// In a frame of a council's own page: tell it how high this page is, and where the reader goes.
// No figures and nothing of the reader are told, so it does not matter which page it is.
/** @param {object} told */
const tellFrame = (told) => parent.postMessage(told, "*");
const tellHeight = () => tellFrame({ height: document.body.getBoundingClientRect().height });
new ResizeObserver(tellHeight).observe(document.body);
addEventListener("load", tellHeight);
document.addEventListener("reveal", ({ target }) => {
  const place = /** @type {Element} */ (target);
  tellHeight();
  tellFrame({ top: place.getBoundingClientRect().top + scrollY });
});
