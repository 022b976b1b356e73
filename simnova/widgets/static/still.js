// A model without a kernel: every answer that Python would have given lies in the film of the page.

function unfolder(parts) {
  const done = new Map();
  const one = (place) => {
    if (done.has(place)) return done.get(place);
    const part = parts[place];
    const whole = Array.isArray(part) ? part.map(one)
      : part && typeof part === "object" ? Object.fromEntries(Object.entries(part).map(([name, inside]) => [name, one(inside)])) : part;
    done.set(place, whole);
    return whole;
  };
  return one;
}

// What is looked at is put together then; what was seen last is kept, not all.
function projector(parts) {
  let part = unfolder(parts), uses = 0;
  return (place) => {
    if (++uses % 5000 === 0) part = unfolder(parts);
    return part(place);
  };
}

const UNASKED = {
  view: "decision", filter: "", found: { text: "", count: 0, place: 0 }, stops: [], asked: {}, ticks: {}, marks: {}, menu: {}, problem: {}, answer: {}, opened: {}, following: false,
};

function makeStill(film) {
  const part = projector(film.parts), ears = new Map();
  const state = { ...UNASKED, ...unfolder(film.parts)(film.state), offline: true };
  let walk = walkOf(film, part, film.detail, state.filter), index = 0, kept = null;
  const tell = (...names) => { for (const name of names) for (const ear of ears.get(`change:${name}`) ?? []) ear(); };
  const put = (wanted) => {
    index = Math.min(Math.max(0, wanted), walk.steps.length - 1);
    Object.assign(state, walk.at(index), { pane: walk.pane(state.view, index) });
  };
  const go = (wanted) => { put(wanted); doings.look(); reopen(); tell("frame", "pane", "asked", "found"); };
  const seek = (seq) => go(walk.nearest(seq));
  const opened = (place) => { state.opened = place == null ? {} : part(place); tell("opened"); };
  const keep = (of, name) => { kept = { of, name }; reopen(); };
  const reopen = () => {
    if (kept) opened(walk.opened(kept, index));
    else if (state.opened.of && walk.nearest(state.opened.seq) !== index) opened(null);
  };
  // Another detail, another filter: a filter that no step of the detail passes is let go.
  const would = (detail, filter) => walkOf(film, part, detail, filter);
  const to = (detail, filter) => {
    const wanted = would(detail, filter);
    walk = wanted.steps.length ? wanted : would(detail, "");
    Object.assign(state, { filter: walk.filter, strip: walk.strip });
    seek(state.frame.seq);
    doings.mark();
    tell("filter", "ticks", "marks");
  };
  const answer = (said) => { state.answer = { step: state.frame.seq, ...said }; tell("answer"); };
  const verbs = {
    forward: () => go(index + 1), back: () => go(index - 1), first: () => go(0), last: () => go(walk.steps.length - 1),
    seek: ({ seq }) => seek(seq), position: ({ position }) => go(position - 1), parting: () => seek(walk.parting ?? state.frame.seq),
    detail: ({ detail }) => Object.hasOwn(film.reels, detail) && to(detail, state.filter),
    open: ({ seq }) => { kept = null; seek(seq); opened(film.messages[seq]); },
    open_queue: ({ queues }) => keep("queues", queues.join("\n")), open_service: ({ service }) => keep("services", service),
    shut: () => { kept = null; opened(null); },
    source: ({ where }) => answer({ where, ...part(film.sources[where]) }),
    what_if: ({ host }) => answer({ host, because: `What would have been enough for ${host} is asked of the scheduler, and this page has none: open the run again in Python.` }),
  };
  const doings = makeDoings(film, state, { walk: () => walk, index: () => index, go, change: { would, to }, tell });
  put(walk.nearest(film.at));
  state.strip = walk.strip;
  doings.mark();
  doings.look();
  Object.assign(verbs, doings.verbs);
  const heed = (message) => {
    const told = state.problem.text;
    try {
      verbs[message.do]?.(message);
      state.problem = {};
    } catch (error) {
      state.problem = { do: message.do, text: error.message };
    }
    if (told !== state.problem.text) tell("problem");
  };
  return {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; },
    save_changes: () => { state.pane = walk.pane(state.view, index); tell("view", "pane"); },
    on: (name, ear) => { ears.set(name, [...(ears.get(name) ?? []), ear]); },
    off: (name, ear) => { ears.set(name, (ears.get(name) ?? []).filter((one) => one !== ear)); },
    send: heed,
  };
}
