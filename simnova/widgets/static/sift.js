// Queries without Python: the same language, answered from the facts of each step that lie in the page.

const PART = /(-?)(?:([A-Za-z_]+):)?("(?:[^"\\]|\\.)*"|[^\s"]+)(?=\s|$)/gsy;
const KEYS_OF_A_QUERY = ["time", "kind", "service", "request", "table", "level", "state", "server", "method", "to", "host"];
const AGAIN = { 1: "from the top again", [-1]: "from the end again" };
const BEGINS = {
  level: (one, value) => one === value.toUpperCase(),
  request: (one, value) => one.startsWith(value.startsWith("req-") ? value : `req-${value}`),
  method: (one, value) => one.startsWith(value.toLowerCase()),
  server: (one, value) => one === value || (/^[0-9a-f]{4,8}(-[0-9a-f-]*)?$/.test(value) && /^[0-9a-f]{8}-/.test(one) && one.startsWith(value)),
};
const COMPARE = { "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b };

function spanOf(value) {
  const bound = /^([<>]=?)([\d.]+)$/.exec(value), ends = /^([\d.]*?)\.\.([\d.]*)$/.exec(value);
  if (bound) return (time) => COMPARE[bound[1]](time, Number(bound[2]));
  if (!ends || value === "..") throw new Error(`'${value}' is no span of seconds: time:>1.5 and time:0..2 are`);
  return (time) => Number(ends[1] || 0) <= time && time <= Number(ends[2] || Infinity);
}

function term([, minus, key, said]) {
  const value = said.startsWith("\"") ? said.slice(1, -1).replace(/\\(.)/gs, "$1") : said, name = key?.toLowerCase();
  if (name && !KEYS_OF_A_QUERY.includes(name)) throw new Error(`unknown key '${key}'; keys: ${KEYS_OF_A_QUERY.join(", ")}`);
  const fits = BEGINS[name] ?? ((one) => one === value), within = name === "time" ? spanOf(value) : null, word = value.toLowerCase();
  const holds = within ? ({ time }) => within(time) : name ? ({ facts }) => (facts[name] ?? []).some((one) => fits(one, value)) : ({ facts }) => facts.text[0].includes(word);
  return minus ? (step) => !holds(step) : holds;
}

function meaning(text) {
  const terms = [];
  for (let rest = text.trim(); rest;) {
    PART.lastIndex = 0;
    const part = PART.exec(rest);
    if (!part) throw new Error(`cannot read '${rest}': quotes go around a whole value, as in "web 1"`);
    terms.push(term(part));
    rest = rest.slice(part[0].length).trim();
  }
  return (step) => terms.every((holds) => holds(step));
}

// The steps that a query means, found once.
function makeSieve(film, part) {
  const known = new Map(), all = film.steps.length;
  const step = (index) => ({ facts: part(film.facts[index]), time: part(film.shown.frame[index]).time });
  const hits = (text) => {
    if (!known.has(text)) {
      const holds = meaning(text);
      known.set(text, [...film.steps.keys()].filter((index) => holds(step(index))));
    }
    return known.get(text);
  };
  const cells = Math.min(all, 120);
  const cellsOf = (indices) => [...Array(cells).keys()].filter((cell) =>
    indices.some((index) => Math.floor((cell * all) / cells) <= index && index < Math.floor(((cell + 1) * all) / cells)));
  const like = (index) => {
    const { kind, service, method, table } = step(index).facts;
    const named = { kind: kind.at(-1), service: service.find((one) => !/[@:]/.test(one)), method: method?.[0], table: table?.[0] };
    return Object.entries(named).filter(([, value]) => value).map(([key, value]) => `${key}:${value}`).join(" ");
  };
  return { hits, cellsOf, like };
}

// The verbs that ask by queries and remember places, for a model whose steps are walked by `go`.
function makeDoings(film, part, state, { index, go, nearest, tell }) {
  const sieve = makeSieve(film, part), place = (hits) => hits.indexOf(index()) + 1;
  let turned = { at: -1, again: "" };
  const look = () => {
    const sought = state.found.text ? sieve.hits(state.found.text) : [];
    state.found = { ...state.found, count: sought.length, place: place(sought), again: turned.at === index() ? turned.again : "" };
    state.asked = { ...state.asked, stops: Object.fromEntries(state.stops.map((text) => [text, sieve.hits(text).length])), stopped: state.stops.filter((text) => place(sieve.hits(text))) };
  };
  const mark = () => {
    const last = Math.max(1, film.steps.length - 1);
    state.ticks = {
      stops: sieve.cellsOf(state.stops.flatMap(sieve.hits)), found: sieve.cellsOf(state.found.text ? sieve.hits(state.found.text) : []),
      marks: Object.entries(state.marks).map(([name, seq]) => [name, seq, nearest(seq) / last]),
    };
  };
  const changed = (...names) => { look(); mark(); tell(...names, "found", "asked", "ticks"); };
  const seek = (text, by) => {
    const hits = sieve.hits(text), beside = by > 0 ? hits.find((one) => one > index()) : hits.findLast((one) => one < index());
    if (!hits.length) throw new Error(`no step is meant by '${text}'`);
    state.found = { ...state.found, text };
    const to = beside ?? hits.at(by > 0 ? 0 : -1);
    turned = { at: to, again: beside === undefined ? AGAIN[by] : "" };
    go(to);
    changed();
  };
  const stop = (query) => {
    sieve.hits(query);
    if (query && !state.stops.includes(query)) state.stops = [...state.stops, query];
    changed("stops");
  };
  const marks = (entries) => { state.marks = Object.fromEntries(entries); changed("marks"); };
  const verbs = {
    choices: () => tell("menu"),
    find: ({ text }) => (text.trim() ? seek(text.trim(), 1) : (state.found = { text: "", count: 0, place: 0 }, changed())),
    find_next: () => state.found.text && seek(state.found.text, 1),
    find_back: () => state.found.text && seek(state.found.text, -1),
    stop_at: ({ query }) => stop(query.trim()),
    stop_like: ({ seq }) => stop(sieve.like(nearest(seq))),
    unstop: ({ query }) => { state.stops = state.stops.filter((one) => one !== query); changed("stops"); },
    go_on: () => go(Math.min(film.steps.length - 1, ...state.stops.flatMap(sieve.hits).filter((one) => one > index()))),
    mark: ({ name }) => marks([...Object.entries(state.marks), [name.trim() || `mark ${Object.keys(state.marks).length + 1}`, film.steps[index()]]]),
    jump: ({ name }) => go(nearest(state.marks[name])),
    rename: ({ name, to }) => marks(Object.entries(state.marks).map(([one, seq]) => [one === name && to.trim() ? to.trim() : one, seq])),
    unmark: ({ name }) => marks(Object.entries(state.marks).filter(([one]) => one !== name)),
  };
  mark();
  look();
  return { verbs, look };
}
