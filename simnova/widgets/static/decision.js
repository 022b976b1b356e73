// The decision: the matrix of hosts and filters, weights as bars, and what would have been enough.

function verdictCell(stage, host, decision, tell) {
  const verdict = stage.verdicts[host];
  const state = verdict === undefined ? "unasked" : verdict === true ? "passed" : "rejected";
  const why = verdict === undefined ? `${host} was not asked: it was out already.` : verdict === true ? `${stage.name} lets ${host} pass.` : `${stage.name} rejects ${host}: ${verdict}`;
  const cell = h("td", { class: `${state}${host === decision.chosen ? " winner" : ""}` });
  if (verdict !== undefined) {
    const dot = button({ title: why, "aria-label": why, tabindex: verdict === true ? -1 : 0, class: "sign" });
    tell(dot, why, state);
    cell.append(dot);
  }
  return cell;
}

function rowLabel(name, aside) {
  const [, stem, tail] = /^(.*?)((?<=.)(?:Filter|Weigher))?$/.exec(name);
  return h("th", { scope: "row", title: name }, h("div", { class: "named" }, h("span", {}, stem, tail && h("i", { class: "tail" }, tail)), h("small", {}, aside)));
}

const filterRow = (stage, decision, tell) => h("tr", {},
  rowLabel(stage.name, `${stage.passed}/${stage.asked}`),
  ...decision.hosts.map((host) => verdictCell(stage, host, decision, tell)));

function bar(share, why, tell, tone = "") {
  const column = button({ class: `bar ${tone}`, title: why, "aria-label": why });
  column.style.setProperty("--share", percent(share, 1));
  tell(column, why, "weight");
  return column;
}

// A bar is as high as the scaled weight; what takes points away has the colour of a no.
function weigherRow(weigher, decision, tell) {
  const fixed = (number) => (number ?? 0).toFixed(2);
  const cell = (host) => {
    const [raw, share, score] = [weigher.raw[host], weigher.normalized[host], weigher.scores[host]];
    const why = `${weigher.name} gives ${host} ${fixed(score)}: raw ${raw}, scaled to ${fixed(share)}, multiplied by ${weigher.multiplier ?? "its own factor"}`;
    const inside = share === undefined ? [] : [bar(share, why, tell, score < 0 ? "minus" : ""), dense(decision) ? null : h("small", {}, fixed(score))];
    return h("td", { class: `weight${host === decision.chosen ? " winner" : ""}` }, h("div", {}, ...inside.filter(Boolean)));
  };
  return h("tr", {}, rowLabel(weigher.name, weigher.multiplier === null ? "" : `× ${weigher.multiplier}`), ...decision.hosts.map(cell));
}

function idleLine(decision) {
  if (!decision.idle.length) return [];
  const told = `${decision.idle.length} weighers made no difference: ${decision.idle.join(", ")}`;
  return [h("p", { class: "idle", title: told }, told)];
}

// The foot: the sum of the weights as a number and a bar, and what became of the host.
function totalRow(decision, tell) {
  const all = Object.values(decision.weights);
  const low = Math.min(0, ...all), high = Math.max(...all, low + 1e-9);
  const sum = (host) => {
    const total = decision.weights[host];
    return total === undefined ? [] : [h("b", {}, total.toFixed(2)), bar((total - low) / (high - low), `${host} weighs ${total.toFixed(3)}`, tell)];
  };
  const cell = (host) => h("td", { class: `total${host === decision.chosen ? " winner" : ""}` }, ...sum(host), outcome(host, decision));
  return h("tr", {}, rowLabel(all.length ? "Weight" : decision.chosen ? "Chosen" : "", ""), ...decision.hosts.map(cell));
}

function outcome(host, decision) {
  if (host === decision.chosen) return h("span", { class: "chosen" }, "★", h("small", {}, " chosen"));
  const turn = decision.alternates.indexOf(host);
  return turn < 0 ? null : h("span", { class: "alternate", title: `alternate ${turn + 1}` }, h("small", {}, "alternate "), `${turn + 1}`);
}

// What would have been enough for a host that lost: Python asks the scheduler, and the answer comes later.
function showAnswer(box, { because, sentences, nothing }) {
  const told = sentences?.length ? h("ul", {}, ...sentences.map((one) => h("li", {}, one)))
    : nothing ? h("p", {}, nothing) : null;
  box.className = "reason answer";
  box.replaceChildren(h("p", {}, h("b", {}, because)), ...(told ? [told] : []));
  box.scrollTop = 0;
}

// Many hosts stand close: what all their names begin with is told once, in the corner.
const DENSE = 4;
const dense = (decision) => decision.hosts.length > DENSE;

function sharedStart(hosts) {
  if (hosts.length <= DENSE) return "";
  let start = hosts[0].replace(/\d+$/, "");
  while (start && !hosts.every((host) => host.startsWith(start) && host.length > start.length)) start = start.slice(0, -1);
  return start;
}

const hasLost = (host, decision) =>
  decision.lost.includes(host) || decision.stages.some((stage) => typeof stage.verdicts[host] === "string");

function hostHead(host, decision, wonder) {
  const lost = hasLost(host, decision);
  const name = h("span", {}, host.slice(sharedStart(decision.hosts).length));
  const inside = lost ? button({ class: "ask", title: `What would have been enough for ${host}?`, "aria-label": host }, name) : name;
  if (lost) inside.addEventListener("click", () => wonder(host));
  return h("th", { scope: "col", class: host === decision.chosen ? "winner" : null, title: host }, inside);
}

function drawDecision(decision, frame, ask) {
  if (!decision) return [h("p", { class: "empty" }, "No decision yet. It appears here when the scheduler is asked for a host.")];
  const summary = decision.more ? `${decision.summary} (${decision.more} more hosts are not shown)` : decision.summary;
  const reason = h("div", { class: "reason", "aria-live": "polite" });
  const say = (words, tone, ...more) => { reason.replaceChildren(words, ...more); reason.className = `reason ${tone}`; };
  const hint = decision.hosts.some((host) => hasLost(host, decision)) ? [h("span", { class: "hint needs-kernel" }, " Click on a host that lost: what would have been enough?")] : [];
  const rest = () => (reason.answer ? showAnswer(reason, reason.answer) : say(summary.replace(/[^.]$/, "$&."), "", ...hint));
  rest();
  const tell = (node, text, state) => {
    node.addEventListener("pointerenter", () => say(text, state));
    node.addEventListener("focus", () => say(text, state));
    node.addEventListener("click", () => say(text, state));
    node.addEventListener("pointerleave", () => node.matches(":focus") || rest());
  };
  const wonder = (host) => {
    say(`What would have been enough for ${host}? The scheduler is asked …`, "asking");
    ask({ do: "what_if", host });
  };
  const start = sharedStart(decision.hosts);
  const corner = h("td", { title: decision.instance }, h("div", { class: "named" }, h("span", {}, `Hosts for ${decision.instance}`), h("small", {}, start && `${start}…`)));
  const matrix = h("table", { class: `matrix${dense(decision) ? " dense" : ""}` },
    h("thead", {}, h("tr", {}, corner, ...decision.hosts.map((host) => hostHead(host, decision, wonder)))),
    h("tbody", {}, ...decision.stages.map((stage) => filterRow(stage, decision, tell))),
    h("tbody", { class: "weights" }, ...decision.weighers.map((weigher) => weigherRow(weigher, decision, tell))),
    h("tfoot", {}, totalRow(decision, tell)));
  matrix.style.setProperty("--hosts", decision.hosts.length);
  matrix.style.setProperty("--rows", decision.stages.length + decision.weighers.length);
  return [h("div", { class: "scroll" }, matrix), ...idleLine(decision), reason];
}

function hearAnswer(pane, said) {
  const box = pane.querySelector(".reason");
  if (box && said.host) showAnswer(box, (box.answer = said));
}

VIEWS.decision = { label: "Decision", draw: drawDecision, hear: hearAnswer };
