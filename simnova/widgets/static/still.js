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

// What a step of a film shows is put together when it is looked at; what was seen last is kept, not all.
function projector({ parts, shown, panes }) {
  let part = unfolder(parts), uses = 0;
  const show = (place) => {
    if (++uses % 1000 === 0) part = unfolder(parts);
    return part(place);
  };
  const at = (index) => Object.fromEntries(Object.entries(shown).map(([name, places]) => [name, show(places[index])]));
  return { part: show, at, pane: (view, index) => show(panes[view][index]) };
}

const UNASKED = {
  view: "decision", filter: "", found: { text: "", count: 0, place: 0 }, stops: [], asked: {}, ticks: {}, marks: {}, menu: {}, problem: {}, answer: {}, opened: {}, following: false,
};

function makeStill(film) {
  const { steps } = film, projected = projector(film), ears = new Map();
  const state = { ...UNASKED, ...unfolder(film.parts)(film.state), offline: true };
  let index = 0, kept = null;
  const tell = (...names) => { for (const name of names) for (const ear of ears.get(`change:${name}`) ?? []) ear(); };
  const inside = (wanted) => Math.min(Math.max(0, wanted), steps.length - 1);
  const nearest = (seq) => inside(steps.findLastIndex((step) => step <= seq));
  const put = (wanted) => {
    index = inside(wanted);
    Object.assign(state, projected.at(index), { pane: projected.pane(state.view, index) });
  };
  const go = (wanted) => { put(wanted); doings.look(); reopen(); tell("frame", "pane", "asked", "found"); };
  const opened = (place) => { state.opened = place == null ? {} : projected.part(place); tell("opened"); };
  const keep = (of, name) => { kept = film.opened[of][name] ? { of, name } : null; reopen(); };
  const reopen = () => {
    if (kept) opened(film.opened[kept.of][kept.name][index]);
    else if (state.opened.of && nearest(state.opened.seq) !== index) opened(null);
  };
  const verbs = {
    forward: () => go(index + 1), back: () => go(index - 1), first: () => go(0), last: () => go(steps.length - 1),
    seek: ({ seq }) => go(nearest(seq)), position: ({ position }) => go(position - 1),
    parting: () => go(nearest(film.parting ?? steps[index])),
    open: ({ seq }) => { kept = null; go(nearest(seq)); opened(film.opened.messages[seq]); },
    open_queue: ({ queues }) => keep("queues", queues.join("\n")), open_service: ({ service }) => keep("services", service),
    shut: () => { kept = null; opened(null); },
    what_if: ({ host }) => {
      state.answer = { host, step: state.frame.seq, because: `What would have been enough for ${host} is asked of the scheduler, and this page has none: open the run again in Python.` };
      tell("answer");
    },
  };
  put(nearest(film.at));
  const doings = makeDoings(film, projected.part, state, { index: () => index, go, nearest, tell });
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
    save_changes: () => { state.pane = projected.pane(state.view, index); tell("view", "pane"); },
    on: (name, ear) => { ears.set(name, [...(ears.get(name) ?? []), ear]); },
    off: (name, ear) => { ears.set(name, (ears.get(name) ?? []).filter((one) => one !== ear)); },
    send: heed,
  };
}
