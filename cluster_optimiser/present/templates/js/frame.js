// On a council's own page: the frame is as high as what is in it, and scrolls with the page around it.
addEventListener("message", ({ source, data }) => {
  const frames = [...document.querySelectorAll("iframe[data-school-clusters]")];
  const frame = frames.find(({ contentWindow }) => contentWindow === source);
  if (!frame || !data || typeof data !== "object") return;
  if (data.height > 0) {
    frame.style.border = "0";
    frame.style.height = `${Math.ceil(data.height)}px`;
  }
  if (data.top >= 0) scrollTo(0, frame.getBoundingClientRect().top + scrollY + data.top);
});
