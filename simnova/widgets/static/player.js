// The player's face. A key or a click becomes a message to Python, never a change of state here;
// the answer is a new frame, which the files above this one in the same module draw.

const PACE = 1300;
const KEYS = { ArrowLeft: "back", ArrowRight: "forward", Home: "first", End: "last", " ": "play" };
let players = 0;

function build(id, ask, choose) {
  const controls = makeControls(ask), tabs = makeTabs(choose), about = makeAbout();
  const part = (name, ...inside) => h("div", { class: name }, ...inside);
  const story = part("story"), heads = part("heads"), stage = part("stage");
  const times = h("div", { class: "times", "aria-hidden": "true" });
  const voice = h("div", { class: "voice", role: "status", "aria-live": "polite" });
  const scroller = part("scroll sequence", part("lanes", heads, times, stage));
  const pane = h("div", { class: "pane", role: "tabpanel" }), panel = makePanel(ask);
  const markers = s("svg", { width: 0, height: 0, "aria-hidden": "true", class: "defs" }, drawMarkers(id));
  const root = h("div", { class: "simnova-player", tabindex: 0, role: "group", "aria-label": "SimNova player", "data-lm-suppress-shortcuts": "true" },
    controls.bar, story, voice,
    part("views", part("left", scroller, part("legend", markers, ...drawLegend(id))),
      part("right", part("tabbar", h("div", { class: "tabs", role: "tablist", "aria-label": "views" }, ...tabs), about.shown), pane, panel.shown)));
  pane.addEventListener("scroll", (event) => { if (event.target === pane.firstElementChild) pane.scrolled = event.target.scrollTop; }, true);
  return { root, controls, tabs, about, panel, story, voice, heads, times, stage, scroller, pane, sight: { width: 0, height: 0 } };
}

function showSequence(parts, frame, id) {
  const held = parts.stage.contains(parts.root.getRootNode().activeElement);
  parts.root.style.setProperty("--lanes", frame.actors.length);
  parts.heads.replaceChildren(...frame.actors.map((actor) => drawHead(actor)));
  parts.times.replaceChildren(...drawTimes(frame));
  parts.stage.replaceChildren(drawSequence(frame, id));
  if (held) parts.root.focus({ preventScroll: true });
}

const reached = (frame) => frame.arrows.filter((arrow) => arrow.when !== "future").length;

function follow({ scroller, sight }, frame, smooth = true) {
  const index = reached(frame) - 1, wide = Math.max(sight.width, frame.actors.length * LANE + GUTTER);
  const top = Math.max(0, (index + 1.5) * ROW - (sight.height - 50) * 0.62);
  const now = frame.arrows[index] ?? { source: frame.actor, target: frame.actor };
  const middle = (frame.actors.indexOf(now.source) + frame.actors.indexOf(now.target) + 1) / 2 / frame.actors.length;
  const behavior = calm() || !smooth ? "instant" : "smooth";
  requestAnimationFrame(() => scroller.scrollTo({ top, left: middle * wide - sight.width / 2, behavior }));
}

// What asks where something lies makes the browser lay the page out: it waits until everything is drawn.
function showView({ pane, root, tabs, about }, frame, { view, data }, ask) {
  const held = pane.contains(root.getRootNode().activeElement);
  const top = view === "log" ? 1e6 : pane.dataset.view === view ? pane.scrolled ?? 0 : 0;
  pane.dataset.view = view;
  root.classList.toggle("wide", Boolean(VIEWS[view].wide?.(data)));
  pane.replaceChildren(...VIEWS[view].draw(data, frame, ask));
  if (top) requestAnimationFrame(() => { pane.firstElementChild.scrollTop = top; });
  if (held) root.focus({ preventScroll: true });
  showTabs(tabs, frame, view);
  about.show(view);
}

// Play asks for the next step at the chosen pace, until the end or until somebody pauses it.
function makePlay({ controls, root }, frame, ask) {
  let timer = null;
  const atEnd = () => frame().position >= frame().total;
  const start = () => { timer = setInterval(() => (atEnd() ? stop() : ask({ do: "forward" })), PACE / Number(controls.speed.value)); show(); };
  const stop = () => { clearInterval(timer); timer = null; show(); };
  const show = () => {
    const name = timer === null ? "play" : "pause";
    controls.play.replaceChildren(icon(name));
    controls.play.setAttribute("aria-label", name);
    root.classList.toggle("playing", name === "pause");
  };
  const toggle = () => {
    if (timer !== null) return stop();
    ask({ do: atEnd() ? "first" : "forward" });
    start();
  };
  controls.play.addEventListener("click", toggle);
  controls.speed.addEventListener("change", () => { if (timer !== null) { stop(); start(); } });
  return { toggle, stop };
}

function listen({ controls, stage, root, panel }, ask, choose, toggle, seq) {
  let wanted = null;
  const look = (at) => { ask({ do: "seek", seq: at }); ask({ do: "open", seq: at }); };
  controls.slider.addEventListener("input", () => {
    if (wanted === null) setTimeout(() => { ask({ do: "position", position: wanted }); wanted = null; }, 40);
    wanted = Number(controls.slider.value);
  });
  stage.addEventListener("click", (event) => {
    const arrow = event.target.closest("[data-seq]");
    if (arrow) look(Number(arrow.dataset.seq));
  });
  root.addEventListener("keydown", (event) => {
    const view = Object.keys(VIEWS)[Number(event.key) - 1], verb = KEYS[event.key];
    const taken = event.target.matches("select") || (event.key === " " && event.target.matches("button, summary"));
    const arrow = event.key === "Enter" && event.target.closest(".arrow");
    const shuts = event.key === "Escape" && panel.isOpen(), looks = event.key === "i" && !event.target.matches("input:not([type=range]), textarea");
    if (event.altKey || event.ctrlKey || event.metaKey || taken || !(verb || view || arrow || shuts || looks)) return;
    event.preventDefault();
    event.stopPropagation();
    if (view) choose(view);
    else if (shuts) ask({ do: "shut" });
    else if (arrow || looks) look(arrow ? Number(arrow.dataset.seq) : seq());
    else if (verb === "play") toggle();
    else ask({ do: verb });
  });
}

function render({ model, el }) {
  const id = `simnova-player-${++players}`;
  const frame = () => placed(model.get("frame"), model.get("score")), ask = (message) => model.send(message);
  const choose = (view) => { model.set("view", view); model.save_changes(); };
  const parts = build(id, ask, choose);
  parts.root.classList.toggle("offline", Boolean(model.get("offline")));
  const play = makePlay(parts, frame, ask), saving = makeSave(model, id);
  parts.controls.bar.append(saving.menu);
  listen(parts, ask, choose, play.toggle, () => frame().seq);
  let drawn = Infinity, page = null;
  const turn = () => showView(parts, frame(), model.get("pane"), ask);
  const draw = () => {
    const now = frame(), turned = now.page !== page;
    showControls(parts.controls, now, model.get("strip"));
    parts.story.replaceChildren(...drawStory(now));
    parts.voice.textContent = spoken(now);
    if (turned) showSequence(parts, now, id);
    moveCursor(parts, now);
    follow(parts, now, !turned);
    if (drawn < now.seq) travel(parts.stage.firstElementChild, now);
    drawn = now.seq;
    page = now.page;
  };
  // JupyterLab renders before the page has room for it: the cursor is looked for again when there is.
  const sight = new ResizeObserver(([{ contentRect: { width, height } }]) => {
    Object.assign(parts.sight, { width, height });
    follow(parts, frame(), false);
  });
  sight.observe(parts.scroller);
  el.append(parts.root);
  const answer = () => {
    const said = model.get("answer");
    if (said.step === frame().seq) VIEWS[model.get("view")].hear?.(parts.pane, said);
  };
  const open = () => parts.panel.show(model.get("opened"), parts.root);
  model.on("change:opened", open);
  model.on("change:answer", answer);
  model.on("change:frame", draw);
  model.on("change:score", draw);
  model.on("change:pane", turn);
  draw();
  turn();
  open();
  return () => { play.stop(); saving.stop(); sight.disconnect(); model.off("change:opened", open); model.off("change:answer", answer); model.off("change:frame", draw); model.off("change:score", draw); model.off("change:pane", turn); };
}

export default { render };
