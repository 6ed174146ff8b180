"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const say = data.say;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const make = (tag, text, className) => {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    if (className) node.className = className;
    return node;
  };

  const maps = [...document.querySelectorAll(".all-maps .map")];
  const panes = document.querySelector(".panes");
  panes.hidden = false;
  [...panes.querySelectorAll(".pane")].forEach((pane, side) => {
    const pick = pane.querySelector("select");
    const slot = pane.querySelector(".slot");
    const show = () => slot.replaceChildren(maps[Number(pick.value)].cloneNode(true));
    pick.selectedIndex = side === 0 ? 0 : Math.max(0, Math.min(maps.length - 1, data.right));
    pick.addEventListener("change", show);
    show();
  });

  const MOST = 8;
  const find = document.getElementById("find");
  const found = document.getElementById("found");
  const answer = document.getElementById("answer");
  document.querySelector(".finder").hidden = false;
  const fold = (text) => text.toLocaleLowerCase("en-GB").normalize("NFKD").replace(/[\u0300-\u036f\u2019']/g, "");
  const keys = data.schools.map((school) => fold(`${school[0]} ${school[1]}`));
  const join = (names) => names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} ${data.and} ${names[names.length - 1]}`;

  const sentence = (school, option, place) => {
    const [number, name, pupils, schools, parts, where] = option.clusters[place[0]];
    const said = [];
    if (place.length > 2) {
      said.push(place[2] ? fill(say.school_exempt, { link: place[2] }) : say.school_exempt_alone);
    } else {
      const others = parts.filter((part) => part !== school[5]);
      said.push(others.length ? fill(say.school_with, { others: join(others) }) : fill(say.school_alone, { own: school[5] }));
    }
    said.push(fill(say.school_size, { pupils, schools }));
    if (place[1] === null || where === null) said.push(say.school_minutes_unknown);
    else if (where === school[0]) said.push(say.school_meets);
    else said.push(fill(say.school_minutes, { minutes: Math.round(place[1]), place: where }));
    const text = make("p");
    text.append(make("strong", name), place.length > 2 ? ". " : ` ${fill(say.school_number, { n: number })}. `, said.join(" "));
    return text;
  };

  const tell = (school) => {
    // The address then leads back to this school; some browsers refuse that for files.
    try { history.replaceState(null, "", `#school-${school[1]}`); } catch { /* no matter */ }
    const list = make("ul");
    school[4].forEach((place, i) => {
      const item = make("li");
      const chip = make("div");
      chip.append(make("span", data.options[i].label, "chip"));
      item.append(chip, sentence(school, data.options[i], place));
      list.append(item);
    });
    const pupils = school[2] === null ? say.school_pupils_unknown : fill(say.school_pupils, { n: school[2] });
    answer.replaceChildren(make("h3", school[0]), make("p", fill(say.school_today, { cluster: school[3], pupils }), "sub"), list);
  };

  const look = () => {
    const words = fold(find.value.trim()).split(/\s+/).filter(Boolean);
    answer.replaceChildren();
    found.replaceChildren();
    if (words.join("").length < 2) return;
    const hits = data.schools.filter((_, i) => words.every((word) => keys[i].includes(word)));
    if (hits.length === 1) { tell(hits[0]); return; }
    if (!hits.length) { found.append(make("p", say.school_none)); return; }
    found.append(make("p", fill(say.school_found, { n: hits.length })));
    const list = make("ul");
    hits.slice(0, MOST).forEach((school) => {
      const item = make("li");
      const button = make("button", `${school[0]} (${school[1]})`);
      button.type = "button";
      button.addEventListener("click", () => { find.value = school[0]; found.replaceChildren(); tell(school); answer.focus(); });
      item.append(button);
      list.append(item);
    });
    if (hits.length > MOST) list.append(make("li", fill(say.school_more, { n: hits.length - MOST }), "sub"));
    found.append(list);
  };
  find.addEventListener("input", look);
  const asked = /^#school-(\d+)$/.exec(location.hash);
  const school = asked && data.schools.find((one) => String(one[1]) === asked[1]);
  if (school) {
    find.value = school[0];
    tell(school);
    document.getElementById("school").scrollIntoView();
  } else if (find.value) look();

  // A closed section would be missing from paper; the table of all schools is too long for it.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open]):not(.all-schools)")];
    opened.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => { opened.forEach((one) => { one.open = false; }); });
})();
