// The steps of a page that are walked: those of one detail that the filter means, and what is shown at each.

function rowsOf(scores, steps) {
  const walked = new Set(steps), rows = new Map();
  for (const { arrows } of scores) {
    const fresh = arrows.filter(({ seq }) => walked.has(seq) && !rows.has(seq));
    for (const arrow of fresh) rows.set(arrow.seq, [...(rows.get(arrow.seq) ?? []), arrow]);
  }
  return rows;
}

// The sequence with the rows alone that the filter means, in pages as Python makes them.
function filteredScores({ page, lanes }, actors, rows) {
  const seqs = [...rows.keys()], made = new Map();
  const make = (middle) => {
    const arrows = seqs.slice(Math.max(0, middle - 1) * page, (middle + 2) * page).flatMap((seq) => rows.get(seq));
    const ends = new Set(arrows.flatMap(({ source, target }) => [source, target]));
    return { actors: actors.length <= lanes ? actors : actors.filter((one) => ends.has(one)), arrows };
  };
  return (cursor) => {
    const middle = Math.floor(seqs.filter((seq) => seq <= cursor).length / page);
    if (!made.has(middle)) made.set(middle, make(middle));
    return made.get(middle);
  };
}

function walkOf(film, part, detail, filter) {
  const reel = film.reels[detail], facts = (seq) => part(film.facts[seq]), understood = (text) => meaning(text, film.known), found = new Map();
  const { holds, text: spelledFilter } = understood(filter);
  const places = [...reel.steps.keys()].filter((place) => !filter || (reel.steps[place] >= 0 && holds(facts(reel.steps[place]))));
  const steps = places.map((place) => reel.steps[place]), all = steps.length;
  const score = spelledFilter && all ? filteredScores(film.drawn, reel.actors, rowsOf([...new Set(reel.score)].map(part), steps)) : null;
  const hits = (text) => {
    if (!found.has(text)) {
      const query = understood(text);
      found.set(text, [...steps.keys()].filter((index) => steps[index] >= 0 && query.holds(facts(steps[index]))));
    }
    return found.get(text);
  };
  const count = Math.min(all, film.drawn.cells), edge = (cell) => Math.floor((cell * all) / count);
  const cells = [...Array(count).keys()].map((cell) => [edge(cell), edge(cell + 1)]);
  const style = (seq) => film.styles[seq] ?? "";
  const urgent = (styles) => film.drawn.urgent.find((one) => styles.includes(one)) ?? styles[0];
  return {
    detail, steps, hits, filter: spelledFilter, of: spelledFilter ? reel.steps.length : null, spell: (text) => understood(text).text,
    parting: reel.parting, nearest: (seq) => Math.max(0, steps.findLastIndex((step) => step <= seq)),
    cellsOf: (indices) => [...cells.keys()].filter((cell) => indices.some((index) => cells[cell][0] <= index && index < cells[cell][1])),
    strip: reel.steps[0] < 0 ? [] : cells.map(([from, to]) => urgent(steps.slice(from, to).map(style))),
    like: (index) => {
      const { kind, service, method, table } = facts(steps[index]);
      const named = { kind: kind.at(-1), service: service.find((one) => !/[@:]/.test(one)), method: method?.[0], table: table?.[0] };
      return Object.entries(named).filter(([, value]) => value).map(([key, value]) => spelled("", key, value)).join(" ");
    },
    at: (index) => {
      const frame = part(reel.frame[places[index]]);
      return score ? { frame: { ...frame, position: index + 1, total: all }, score: score(steps[index]) } : { frame, score: part(reel.score[places[index]]) };
    },
    pane: (view, index) => part(reel.panes[view][places[index]]),
    opened: ({ of, name }, index) => film[of][name]?.[film.steps.indexOf(steps[index])],
  };
}
