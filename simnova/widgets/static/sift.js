// The verbs that ask by queries and remember places, without Python, for a model whose steps are walked by `go`.

const AGAIN = { 1: "from the top again", [-1]: "from the end again" };
const LONGEST_NAME = 60;

function markName(given) {
  const name = given.trim();
  if (!name || name.length > LONGEST_NAME) throw new Error(`'${name}' is no name for a marker: a text of 1 to ${LONGEST_NAME} characters is`);
  return name;
}

const freeName = (marks, number = 1) => (`mark ${number}` in marks ? freeName(marks, number + 1) : `mark ${number}`);

function renamed(marks, name, given) {
  const to = markName(given);
  if (to !== name && Object.hasOwn(marks, to)) throw new Error(`there is a marker '${to}' already: remove it first`);
  return Object.entries(marks).map(([one, seq]) => [one === name ? to : one, seq]);
}

function makeDoings(film, state, { walk, index, go, change, tell }) {
  const place = (hits) => hits.indexOf(index()) + 1;
  let turned = { at: -1, again: "" };
  const look = () => {
    const { hits, of } = walk(), sought = state.found.text ? hits(state.found.text) : [];
    state.found = { ...state.found, count: sought.length, place: place(sought), again: turned.at === index() ? turned.again : "" };
    state.asked = { of, stops: Object.fromEntries(state.stops.map((text) => [text, hits(text).length])), stopped: state.stops.filter((text) => place(hits(text))) };
  };
  const mark = () => {
    const { hits, cellsOf, nearest, steps } = walk(), last = Math.max(1, steps.length - 1);
    state.ticks = {
      stops: cellsOf(state.stops.flatMap(hits)), found: cellsOf(state.found.text ? hits(state.found.text) : []),
      marks: Object.entries(state.marks).map(([name, seq]) => [name, seq, nearest(seq) / last]),
    };
  };
  const changed = (...names) => { look(); mark(); tell(...names, "found", "asked", "ticks"); };
  const nothing = (text) => {
    const { detail } = walk(), deeper = Object.keys(film.reels).find((one) => one !== detail && change.would(one, text).steps.length);
    return new Error(`no step is meant by '${text}'${deeper ? `: with the detail '${deeper}' some are` : ""}`);
  };
  const seek = (written, by) => {
    const text = walk().spell(written), hits = text ? walk().hits(text) : [], beside = by > 0 ? hits.find((one) => one > index()) : hits.findLast((one) => one < index());
    if (!hits.length) throw nothing(text);
    state.found = { ...state.found, text };
    const to = beside ?? hits.at(by > 0 ? 0 : -1);
    turned = { at: to, again: beside === undefined ? AGAIN[by] : "" };
    go(to);
    changed();
  };
  const stop = (written) => {
    const query = walk().spell(written);
    if (!query) throw new Error("a stop needs a query, as in kind:rpc.cast to:compute");
    if (!state.stops.includes(query)) state.stops = [...state.stops, query];
    changed("stops");
  };
  const sift = (query) => {
    if (!change.would(walk().detail, query).steps.length) throw nothing(walk().spell(query));
    change.to(walk().detail, query);
  };
  const said = (text) => {
    const [, seq, name] = /^(-?\d+):(.*)$/s.exec(text) ?? [];
    return seq === undefined ? [] : [[markName(name), Number(seq)]];
  };
  const marks = (entries) => { state.marks = Object.fromEntries(entries); changed("marks"); };
  const verbs = {
    choices: () => tell("menu"),
    filter: ({ query }) => sift(query),
    find: ({ text }) => (text.trim() ? seek(text, 1) : (state.found = { text: "", count: 0, place: 0 }, changed())),
    find_next: () => state.found.text && seek(state.found.text, 1),
    find_back: () => state.found.text && seek(state.found.text, -1),
    stop_at: ({ query }) => stop(query),
    stop_like: ({ seq }) => stop(walk().like(walk().nearest(seq))),
    unstop: ({ query }) => { state.stops = state.stops.filter((one) => one !== query); changed("stops"); },
    go_on: () => go(Math.min(walk().steps.length - 1, ...state.stops.flatMap(walk().hits).filter((one) => one > index()))),
    marks: ({ marks: texts }) => marks(texts.flatMap(said)),
    mark: ({ name }) => marks([...Object.entries(state.marks), [name ? markName(name) : freeName(state.marks), walk().steps[index()]]]),
    jump: ({ name }) => go(walk().nearest(state.marks[name])),
    rename: ({ name, to }) => marks(renamed(state.marks, name, to)),
    unmark: ({ name }) => marks(Object.entries(state.marks).filter(([one]) => one !== name)),
  };
  return { verbs, look, mark };
}
