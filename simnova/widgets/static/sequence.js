// The sequence: lifelines, and the messages between them around the cursor.

const ROW = 30, LANE = 38, GUTTER = 42; // as in sequence.css
const STYLES = ["call", "reply", "cast", "fanout", "request", "response", "virt", "return", "error", "timeout"];
const LEGEND = { call: "call", reply: "reply", cast: "cast", fanout: "fanout", request: "http", virt: "hypervisor", error: "error", timeout: "timeout" };

const across = (lane, lanes) => `${((lane + 0.5) / lanes) * 100}%`;

// The frame with the rows around it; `page` is the same as long as these are.
function placed(frame, page) {
  const when = ({ seq }) => (seq === frame.seq ? "now" : seq < frame.seq ? "past" : "future");
  return { ...frame, page, actors: page.actors, arrows: page.arrows.map((arrow) => ({ ...arrow, when: when(arrow) })) };
}

function drawHead(actor) {
  const [service, host] = actor.split("@");
  const [, family, name] = /^(nova-)?(.*)$/s.exec(service);
  return h("div", { class: "head", title: actor },
    h("small", {}, host ? service.replace(/^nova-/, "") : family ? "nova" : ""), h("b", {}, host || name));
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
  return s("g", { class: `arrow ${arrow.style} ${arrow.when}`, "data-seq": arrow.seq, role: "button", tabindex: -1, "aria-label": arrow.title, "data-lm-suppress-shortcuts": "true" },
    s("title", {}, arrow.title), s("rect", { x: 0, y: index * ROW, width: "100%", height: ROW, class: "band" }), line, s("text", place, arrow.label));
}

const HEADS = {
  call: "M0 0L9 4.5L0 9z", virt: "M0 0L9 4.5L0 9z", request: "M0.5 0.5L9 4.5L0.5 8.5z", response: "M0.5 0.5L9 4.5L0.5 8.5z",
  reply: "M1 0L8.5 4.5L1 9", return: "M1 0L8.5 4.5L1 9", cast: "M1 0L8.5 4.5L1 9", fanout: "M0 0.5L5 4.5L0 8.5M4 0.5L9 4.5L4 8.5",
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
    s("line", { x1: across(lane, lanes), x2: across(lane, lanes), y1: 0, y2: height, class: "life" }));
  return s("svg", { class: "wires", height, width: "100%", role: "group", "aria-label": "Sequence of messages" },
    s("title", {}, "Sequence of messages"), s("desc"), ...lives, ...frame.arrows.map((arrow, index) => drawArrow(arrow, index, frame, id)));
}

// A step among rows that are drawn already changes their classes only.
// Six digits have room beside the rows: a run of hours does without the milliseconds.
const inGutter = (time) => time.toFixed(Math.max(0, Math.min(3, 5 - Math.floor(time).toString().length)));

function moveCursor({ heads, times, stage }, frame) {
  const wires = stage.firstElementChild;
  wires.querySelector("desc").textContent = spoken(frame);
  for (const among of [heads.children, wires.querySelectorAll(".life")])
    frame.actors.forEach((actor, lane) => among[lane].classList.toggle("now", actor === frame.actor));
  const arrows = wires.querySelectorAll(".arrow");
  frame.arrows.forEach(({ when }, index) => {
    for (const row of [arrows[index], times.children[index]])
      if (!row.classList.contains(when)) { row.classList.remove("past", "now", "future"); row.classList.add(when); }
    arrows[index].setAttribute("tabindex", when === "now" ? 0 : -1);
    if (when === "now") arrows[index].setAttribute("aria-current", "step");
    else arrows[index].removeAttribute("aria-current");
  });
  wires.querySelector(".moment")?.remove();
  wires.append(drawMoment(frame) ?? "");
}

function drawTimes(frame) {
  let shown = "";
  return frame.arrows.map((arrow) => {
    const time = inGutter(arrow.time), same = time === shown;
    shown = time;
    return h("span", {}, same ? "" : time);
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
