// What each option means for one school, in words.
const companyOf = (list, school) => {
  const mine = list[school];
  return list.flatMap((cluster, other) => (cluster === mine && other !== school ? [other] : []));
};
const bySize = (names) => [...names].sort((x, y) => x.localeCompare(y, language));
const todayParts = (option, school) => {
  // Today's local clusters whose ordinary schools are in the school's new cluster.
  const cluster = option.of[school];
  const ground = data.grounds[option.ground];
  const parts = new Map();
  option.of.forEach((other, i) => {
    if (ground.group[i] >= 0) return;
    const name = schools.locals[schools.local[i]];
    const part = parts.get(name) || { n: 0, inside: 0 };
    part.n += 1;
    part.inside += other === cluster ? 1 : 0;
    parts.set(name, part);
  });
  return [...parts].filter(([, part]) => part.inside).map(([name, part]) => ({ name, ...part, isWhole: part.inside === part.n }));
};
const namedList = (title, list) => {
  const more = make("details");
  const items = make("ul", undefined, "names");
  list.map((i) => schools.name[i]).sort((x, y) => x.localeCompare(y, language)).forEach((name) => items.append(make("li", name)));
  more.append(make("summary", title), items);
  return more;
};
const withWhom = (option, school) => {
  const own = schools.locals[schools.local[school]];
  const parts = todayParts(option, school);
  const others = parts.filter(({ name }) => name !== own);
  if (!others.length) return fill(parts.every(({ isWhole }) => isWhole) ? say.alone : say.alone_part, { own });
  if (others.length === 1) return fill(others[0].isWhole ? say.with_one : say.with_one_part, { others: others[0].name });
  const names = others.map(({ name, isWhole }) => (isWhole ? name : fill(say.part_of, { name })));
  return fill(say.with_many, { others: join(bySize(names)) });
};
// A school whose cluster of today is divided: how many of it stay together.
const divided = (option, school) => {
  const own = schools.locals[schools.local[school]];
  const part = todayParts(option, school).find(({ name }) => name === own);
  if (!part || part.isWhole) return null;
  return fill(part.inside === 1 ? say.divided_one : say.divided_many, { own, n: number(part.inside), all: number(part.n) });
};
const wayTo = (option, school) => {
  const meets = option.meets[option.of[school]];
  if (meets === school) return say.meets_here;
  const found = meets < 0 ? -1 : way(school, meets);
  if (found < 0) return say.minutes_unknown;
  const minutes = Math.round(found / HUNDREDTHS);
  return fill(minutes === 1 ? say.minute : say.minutes, { minutes: number(minutes), place: schools.name[meets] });
};
const answerFor = (option, school) => {
  const cluster = option.of[school];
  const item = make("li");
  item.dataset.option = option.label;
  const head = make("p", undefined, "answer-option");
  head.append(chip(option), ` ${option.title}`);
  const text = make("p");
  text.append(make("strong", option.names[cluster]));
  const size = fill(option.schools[cluster] === 1 ? say.size_one : say.size, { pupils: number(option.pupils[cluster]), schools: number(option.schools[cluster]) });
  if (isExempt(option, cluster)) {
    const link = option.links[school];
    text.append(`. ${link === undefined ? say.exempt_alone : fill(say.exempt, { link: option.names[link] })} ${size} ${wayTo(option, school)}`);
    item.append(head, text);
    return item;
  }
  text.append(` ${fill(say.on_map, { n: option.number[cluster] })}. ${withWhom(option, school)} ${size} ${wayTo(option, school)}`);
  const before = new Set(companyOf(schools.today, school));
  const now = new Set(companyOf(option.of, school));
  const joined = [...now].filter((i) => !before.has(i));
  const left = [...before].filter((i) => !now.has(i));
  const cut = divided(option, school);
  item.append(head, text, ...(cut ? [make("p", cut, "sub")] : []));
  data.levels.filter((pair) => options[pair.lower] === option).forEach(({ upper }) => {
    const { of, names, label } = options[upper];
    item.append(make("p", fill(say.level_inside, { name: names[of[school]], label }), "sub"));
  });
  if (!joined.length && !left.length) item.append(make("p", say.same_company, "sub"));
  if (joined.length) item.append(namedList(counted(joined.length, say.joined_one, say.joined_many), joined));
  if (left.length) item.append(namedList(counted(left.length, say.left_one, say.left_many), left));
  return item;
};
const showAnswer = () => {
  const school = chosen.school;
  const answer = byId("answer");
  answer.hidden = school === null;
  if (school === null) return;
  byId("answer-name").textContent = schools.name[school];
  const pupils = unknownPupils.has(school) ? say.pupils_unknown : counted(schools.pupils[school], say.pupil, say.pupils);
  byId("answer-today").textContent = fill(say.today, { cluster: schools.todays[schools.today[school]], pupils, urn: schools.urn[school] });
  byId("answer-list").replaceChildren(...options.map((option) => answerFor(option, school)));
};
const showReference = () => {
  const { school, a, b } = chosen;
  const lines = [document.title];
  if (school !== null) lines.push(fill(say.ref_school, { name: schools.name[school], urn: schools.urn[school] }));
  [...new Set([a, b])].forEach((i) => lines.push(fill(say.ref_option, { label: options[i].label, title: options[i].title, stamp: options[i].stamp })));
  lines.push(fill(say.ref_address, { address: address() }));
  byId("reference").value = lines.join("\n");
};
const setUpReference = () => {
  byId("copy").addEventListener("click", async () => {
    const field = byId("reference");
    field.select();
    try { await navigator.clipboard.writeText(field.value); } catch { document.execCommand("copy"); }
    byId("copied").textContent = say.copied;
  });
};
