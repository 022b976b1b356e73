// The views: each is a function of the frame that Python computed, and of nothing else. Text enters as text, so no
// name can be markup. player.js, which stands below this in the same module, puts them on the page.

const SVG = "http://www.w3.org/2000/svg";
const ROW = 30;
const STYLES = ["call", "reply", "cast", "fanout", "request", "response", "virt", "return", "error", "timeout"];
const LEGEND = { call: "call", reply: "reply", cast: "cast", fanout: "fanout", request: "http", virt: "hypervisor", error: "error", timeout: "timeout" };
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// --- making elements ---------------------------------------------------------------------------------------------

const dressed = (node, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
};
const h = (tag, attributes = {}, ...children) => dressed(document.createElement(tag), attributes, children);
const s = (tag, attributes = {}, ...children) => dressed(document.createElementNS(SVG, tag), attributes, children);
const button = (attributes, ...children) =>
  h("button", { type: "button", "data-lm-suppress-shortcuts": "true", ...attributes }, ...children);
const seconds = (time) => `${time.toFixed(3)} s`;
const percent = (part, whole) => `${whole > 0 ? Math.min(100, (100 * part) / whole) : 0}%`;

// --- the story ---------------------------------------------------------------------------------------------------

function drawStory(frame) {
  const facts = [`Step ${frame.position} of ${frame.total}`, seconds(frame.time), frame.actor, frame.kind];
  return [
    h("p", { class: "facts" }, ...facts.map((fact) => h("span", {}, fact)),
      frame.where && h("span", { class: "where", title: "the line of service code that waits here" }, frame.where)),
    h("p", { class: "sentence", title: frame.sentence }, frame.sentence),
  ];
}

const spoken = (frame) => `Step ${frame.position} of ${frame.total}. ${frame.sentence}`;

// --- the sequence ------------------------------------------------------------------------------------------------

const across = (lane, lanes) => `${((lane + 0.5) / lanes) * 100}%`;

function drawHead(actor, now) {
  const [service, host] = actor.split("@");
  const [, family, name] = /^(nova-)?(.*)$/s.exec(service);
  return h("div", { class: `head${now ? " now" : ""}`, title: actor },
    h("small", {}, host ? service : family ? "nova" : ""), h("b", {}, host || name));
}

// A label stays inside the picture: at the outer lanes it grows inwards.
function labelPlace(from, to, lanes) {
  const low = Math.min(from, to), high = Math.max(from, to);
  if (low === 0 && high < lanes - 1) return { x: across(0, lanes), dx: 8, "text-anchor": "start" };
  if (high === lanes - 1 && low > 0) return { x: across(high, lanes), dx: -8, "text-anchor": "end" };
  return { x: across((from + to) / 2, lanes), "text-anchor": "middle" };
}

function drawNote(lane, y, lanes) {
  const inward = lane < lanes - 2;
  return [s("circle", { cx: across(lane, lanes), cy: y, r: 4, class: "note" }),
    { x: across(lane, lanes), dx: inward ? 10 : -10, y: y + 4, "text-anchor": inward ? "start" : "end" }];
}

function drawWire(arrow, from, to, y, lanes, id) {
  const ends = { x1: across(from, lanes), x2: across(to, lanes), y1: y, y2: y };
  return [s("line", { ...ends, class: "wire", "marker-end": `url(#${id}-${arrow.style})` }), { y: y - 7, ...labelPlace(from, to, lanes) }];
}

function drawArrow(arrow, index, frame, id) {
  const lanes = frame.actors.length, from = frame.actors.indexOf(arrow.source), to = frame.actors.indexOf(arrow.target);
  const [line, place] = from === to ? drawNote(from, index * ROW + ROW / 2, lanes) : drawWire(arrow, from, to, index * ROW + 21, lanes, id);
  return s("g", { class: `arrow ${arrow.style} ${arrow.when}`, "data-seq": arrow.seq, role: "button",
                  "aria-label": arrow.title, "aria-current": arrow.when === "now" ? "step" : null },
    s("title", {}, arrow.title), s("rect", { x: 0, y: index * ROW, width: "100%", height: ROW, class: "band" }), line, s("text", place, arrow.label));
}

const HEADS = {
  call: "M0 0L9 4.5L0 9z", request: "M0 0L9 4.5L0 9z", virt: "M0 0L9 4.5L0 9z",
  reply: "M1 0L8.5 4.5L1 9", response: "M1 0L8.5 4.5L1 9", return: "M1 0L8.5 4.5L1 9", cast: "M1 0L8.5 4.5L1 9", fanout: "M0 0.5L5 4.5L0 8.5M4 0.5L9 4.5L4 8.5",
  error: "M1 1L8 8M8 1L1 8", timeout: "M1 1L8 8M8 1L1 8",
};

const drawMarkers = (id) => s("defs", {}, ...STYLES.map((style) =>
  s("marker", { id: `${id}-${style}`, class: `tip ${style}`, viewBox: "-1 -1 11 11", refX: style === "error" || style === "timeout" ? 4.5 : 9, refY: 4.5,
                markerWidth: 10, markerHeight: 10, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" }, s("path", { d: HEADS[style] }))));

function drawMoment(frame) {
  const lanes = frame.actors.length, lane = frame.actors.indexOf(frame.actor);
  const past = frame.arrows.filter((arrow) => arrow.when === "past").length;
  if (lane < 0 || frame.arrows.some((arrow) => arrow.when === "now")) return null;
  return s("g", { class: "moment" },
    s("line", { x1: 0, x2: "100%", y1: past * ROW, y2: past * ROW }), s("circle", { cx: across(lane, lanes), cy: past * ROW, r: 5.5 }));
}

function drawSequence(frame, id) {
  const lanes = frame.actors.length, height = Math.max(1, frame.arrows.length) * ROW + 8;
  const lives = frame.actors.map((actor, lane) =>
    s("line", { x1: across(lane, lanes), x2: across(lane, lanes), y1: 0, y2: height, class: `life${actor === frame.actor ? " now" : ""}` }));
  return s("svg", { class: "wires", height, width: "100%", role: "group", "aria-label": "Sequence of messages" },
    s("title", {}, "Sequence of messages"), s("desc", {}, spoken(frame)),
    ...lives, ...frame.arrows.map((arrow, index) => drawArrow(arrow, index, frame, id)), drawMoment(frame));
}

function drawTimes(frame) {
  let shown = "";
  return frame.arrows.map((arrow) => {
    const time = arrow.time.toFixed(3), same = time === shown;
    shown = time;
    return h("span", { class: arrow.when }, same ? "" : time);
  });
}

const drawLegend = (id) => Object.entries(LEGEND).map(([style, label]) => h("span", { class: `key ${style}` },
  s("svg", { width: 24, height: 10, "aria-hidden": "true" }, s("line", { x1: 1, x2: style === "error" || style === "timeout" ? 18 : 23, y1: 5, y2: 5, class: "wire", "marker-end": `url(#${id}-${style})` })), label));

// A message travels along its arrow, unless motion is unwelcome.
function travel(wires, frame) {
  const arrow = frame.arrows.find((one) => one.when === "now");
  if (!arrow || arrow.source === arrow.target || calm()) return;
  const lanes = frame.actors.length, y = frame.arrows.indexOf(arrow) * ROW + 21;
  const dot = s("circle", { r: 4.5, cy: y, class: `dot ${arrow.style}` });
  wires.append(dot);
  const [from, to] = [arrow.source, arrow.target].map((actor) => across(frame.actors.indexOf(actor), lanes));
  dot.animate([{ cx: from }, { cx: to }], { duration: 420, easing: "cubic-bezier(.4,0,.2,1)" }).finished.finally(() => dot.remove()).catch(() => {});
}

// --- the decision ------------------------------------------------------------------------------------------------

function mark(verdict) {
  if (verdict === undefined) return null;
  const path = verdict === true ? "M4.6 8.3l2.3 2.3 4.4-4.9" : "M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4";
  return s("svg", { viewBox: "0 0 16 16", class: "sign", "aria-hidden": "true" }, s("circle", { cx: 8, cy: 8, r: 7.5 }), s("path", { d: path }));
}

function verdictCell(stage, host, decision, tell) {
  const verdict = stage.verdicts[host];
  const state = verdict === undefined ? "unasked" : verdict === true ? "passed" : "rejected";
  const why = verdict === undefined ? `${host} was not asked: it was out already.` : verdict === true ? `${stage.name} lets ${host} pass.` : `${stage.name} rejects ${host}: ${verdict}`;
  const cell = h("td", { class: `${state}${host === decision.chosen ? " winner" : ""}` });
  if (verdict !== undefined) {
    const dot = button({ title: why, "aria-label": why }, mark(verdict));
    tell(dot, why, state);
    cell.append(dot);
  }
  return cell;
}

const rowLabel = (name, aside, decision) =>
  h("th", { scope: "row", title: name }, h("div", { class: "named" }, h("span", {}, dense(decision) ? name.replace(/(?<=.)(Filter|Weigher)$/, "") : name), h("small", {}, aside)));

const filterRow = (stage, decision, tell) => h("tr", {},
  rowLabel(stage.name, `${stage.passed}/${stage.asked}`, decision),
  ...decision.hosts.map((host) => verdictCell(stage, host, decision, tell)));

function bar(share, why, tell, tone = "") {
  const filled = h("i", {});
  filled.style.setProperty("--share", percent(share, 1));
  const column = button({ class: `bar ${tone}`, title: why, "aria-label": why }, filled);
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
  return h("tr", {}, rowLabel(weigher.name, weigher.multiplier === null ? "" : `× ${weigher.multiplier}`, decision), ...decision.hosts.map(cell));
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
  return h("tr", {}, rowLabel(all.length ? "Weight" : decision.chosen ? "Chosen" : "", "", decision), ...decision.hosts.map(cell));
}

function outcome(host, decision) {
  if (host === decision.chosen) return h("span", { class: "chosen" }, "★", h("small", {}, " chosen"));
  const turn = decision.alternates.indexOf(host);
  return turn < 0 ? null : h("span", { class: "alternate", title: `alternate ${turn + 1}` }, h("small", {}, "alternate "), `${turn + 1}`);
}

// What would have been enough for a host that lost: Python asks the scheduler, and the answer comes later.
function showAnswer(box, { host, because, sentences }) {
  const told = sentences?.length ? h("ul", {}, ...sentences.map((one) => h("li", {}, one)))
    : sentences ? h("p", {}, `No single change that was tried would have been enough for ${host}.`) : null;
  box.className = "reason answer";
  box.replaceChildren(h("p", {}, h("b", {}, because)), ...(told ? [told] : []));
  box.scrollTop = 0;
}

// Many hosts stand close: what all their names begin with is told once, in the corner.
const DENSE = 6;
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

function drawDecision(frame, ask) {
  const decision = frame.decision;
  if (!decision) return [h("p", { class: "empty" }, "No decision yet. It appears here when the scheduler is asked for a host.")];
  const summary = decision.more ? `${decision.summary} (${decision.more} more hosts are not shown)` : decision.summary;
  const reason = h("div", { class: "reason", "aria-live": "polite" });
  const say = (words, tone, ...more) => { reason.replaceChildren(words, ...more); reason.className = `reason ${tone}`; };
  const hint = decision.hosts.some((host) => hasLost(host, decision)) ? [h("span", { class: "hint" }, " Click on a host that lost: what would have been enough?")] : [];
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

// --- hosts, rows, log --------------------------------------------------------------------------------------------

function meter(room) {
  const filled = h("i", { class: room.used >= room.total ? "full" : null });
  filled.style.width = percent(room.used, room.total);
  const there = room.total > room.there ? h("i", { class: "there" }) : null;
  if (there) there.style.left = percent(room.there, room.total);
  return h("div", { class: "meter", title: `${room.name}: ${room.used} sold of ${room.total} ${room.unit} that may be; ${room.there} are there` },
    h("span", { class: "sum" }, h("b", {}, room.used), ` / ${room.total} ${room.unit}`), room.name, h("div", { class: "track" }, filled, there));
}

function serverTile(server, among) {
  const tile = h("li", { class: `server ${server.tone}${server.now ? " now" : ""}`, title: `${server.name}: ${server.state}` },
    h("b", {}, server.name), h("small", {}, server.state));
  tile.style.width = `${100 * server.share}%`;
  tile.style.minWidth = `min(108px, ${100 / among}%)`;
  return tile;
}

const hostCard = (host) => h("section", { class: `host ${host.tone}${host.now ? " now" : ""}`, "aria-label": `Host ${host.name}` },
  h("header", {}, h("b", { title: host.name }, host.name), h("small", {}, host.state)),
  h("ul", { class: "box" }, ...host.servers.map((server) => serverTile(server, host.servers.length))), h("div", { class: "meters" }, ...host.rooms.map(meter)));

function drawHosts(frame) {
  if (!frame.hosts.length) return [h("p", { class: "empty" }, "No host has reported to the conductor yet.")];
  return [h("div", { class: "scroll hosts" }, ...frame.hosts.map(hostCard))];
}

const changeTable = (change) => h("section", { class: "change" },
  h("header", {}, h("b", {}, change.table), h("small", { class: change.verb }, change.verb), h("code", {}, change.key)),
  h("table", {}, ...change.columns.map(([name, before, after]) => h("tr", {}, h("th", { scope: "row" }, name),
    h("td", { class: "before" }, before), h("td", { class: "to", "aria-hidden": "true" }, before === null ? "" : "→"), h("td", { class: "after" }, after)))));

function drawRows(frame) {
  if (!frame.changes.length) return [h("p", { class: "empty" }, "No row of a database changed since the step before.")];
  return [h("div", { class: "scroll" }, ...frame.changes.map(changeTable))];
}

function drawLog(frame) {
  if (!frame.log.length) return [h("p", { class: "empty" }, "No service has logged a line yet.")];
  return [h("ol", { class: "scroll lines" }, ...frame.log.map((line) => h("li", { class: line.now ? "now" : null }, h("span", {}, line.head), line.text)))];
}

const DRAW = { decision: drawDecision, hosts: drawHosts, rows: drawRows, log: drawLog };
