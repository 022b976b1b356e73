// Why: the chain of causes from the event at the cursor down to the request that began it.

const TURNS = { decision: "★ decision", fault: "⚡ fault", error: "✗ error", timeout: "◷ timeout", retry: "↻ retry" };

function chainStep(text, seq, ask, name) {
  const step = button({ class: name, title: `go to event ${seq}` }, text);
  step.addEventListener("click", () => ask({ do: "seek", seq }));
  return step;
}

function chainSides(link, first, ask) {
  if (!link.others.length) return null;
  const count = link.others.length;
  return h("details", { class: "others" }, h("summary", {}, `${first ? "leads" : "also led"} to ${count} ${count === 1 ? "step" : "steps"}`),
    h("ul", {}, ...link.others.map((one) => h("li", {}, chainStep(one.sentence, one.seq, ask, "side")))));
}

function chainLink(link, first, ask) {
  const before = link.wait ? `${link.wait} earlier` : first ? "" : "at the same time";
  return h("li", { class: `link ${link.style}${link.turn ? ` turn ${link.turn}` : ""}${first ? " first" : ""}` },
    link.turn ? h("em", {}, TURNS[link.turn]) : null, chainStep(link.sentence, link.seq, ask, "step"),
    h("small", {}, [before, seconds(link.time), `event ${link.seq}`].filter(Boolean).join(" · ")), chainSides(link, first, ask));
}

const chainFold = (fold, ask) => h("li", { class: "fold" }, h("details", {},
  h("summary", {}, fold.fold, fold.wait && h("small", {}, ` · ${fold.wait}`)),
  h("ol", {}, ...fold.links.map((link) => chainLink(link, false, ask)), fold.more ? h("li", { class: "more" }, `and ${fold.more} more`) : null)));

function drawWhy(chain, frame, ask) {
  if (!chain.length) return [h("p", { class: "empty" }, "Nothing has happened yet.")];
  return [h("div", { class: "scroll" }, h("ol", { class: "why", "aria-label": "causes, the latest first" },
    ...chain.map((one, index) => (one.fold ? chainFold(one, ask) : chainLink(one, index === 0, ask)))))];
}

VIEWS.why = {
  label: "Why", draw: drawWhy,
  about: "Why the step at the top happened: what caused it, what caused that, and so on down to the request that began it, with the time between. "
    + "Marked are the turning points: ★ a decision, ⚡ a fault, ✗ an error, ◷ a timeout, ↻ a retry; a click goes to a step.",
};
