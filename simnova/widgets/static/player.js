// The player's face. A key or a click becomes a message to Python, never a change of state here;
// the answer is a new frame, which the files above this one in the same module draw.

const PACE = 1300;
const KEYS = { ArrowLeft: "back", ArrowRight: "forward", Home: "first", End: "last", c: "go_on", n: "find_next", N: "find_back" };
const REDRAWN = ["ticks", "asked", "found"];
let players = 0;

function build(id, ask, choose) {
  const controls = makeControls(ask), tabs = makeTabs(choose, id), about = makeAbout();
  const part = (name, ...inside) => h("div", { class: name }, ...inside);
  const story = part("story"), heads = part("heads"), stage = part("stage");
  const times = h("div", { class: "times", "aria-hidden": "true" });
  const notice = h("p", { class: "notice", role: "alert" });
  const voice = h("div", { class: "voice", role: "status", "aria-live": "polite" });
  const scroller = part("scroll sequence", part("lanes", heads, times, stage));
  const pane = h("div", { class: "pane", role: "tabpanel", id: `${id}-pane` }), panel = makePanel(ask);
  const markers = s("svg", { width: 0, height: 0, "aria-hidden": "true", class: "defs" }, drawMarkers(id));
  const root = h("div", { class: "simnova-player", tabindex: 0, role: "group", "aria-label": "SimNova player", "aria-description": "Arrow keys step, space plays, ? shows all keys.", "data-lm-suppress-shortcuts": "true" },
    controls.bar, story, voice, notice,
    part("views", part("left", scroller, part("legend", markers, ...drawLegend(id), aboutSequence())),
      part("right", part("tabbar", h("div", { class: "tabs", role: "tablist", "aria-label": "views" }, ...tabs), about.shown), pane, panel.shown)));
  keepKeys(root);
  pane.addEventListener("scroll", (event) => { if (event.target === pane.firstElementChild) pane.scrolled = event.target.scrollTop; }, true);
  return { root, controls, tabs, about, panel, story, voice, notice, heads, times, stage, scroller, pane, sight: { width: 0, height: 0 } };
}

function showSequence(parts, frame, id) {
  parts.root.style.setProperty("--lanes", frame.actors.length);
  parts.heads.replaceChildren(...frame.actors.map((actor) => drawHead(actor)));
  parts.times.replaceChildren(...drawTimes(frame));
  keepFocus(parts.stage, parts.root, () => parts.stage.replaceChildren(drawSequence(frame, id)));
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
  const drawn = JSON.stringify(data), kept = pane.dataset.view === view && pane.drawn === drawn && !pane.querySelector(".asking, .answer");
  // What a view shows is often the same for many steps; only the offer of forks tells the step.
  if (kept && view !== "fork") return showTabs(tabs, frame, view, pane);
  pane.drawn = drawn;
  const top = view === "log" ? 1e6 : pane.dataset.view === view ? pane.scrolled ?? 0 : 0;
  pane.dataset.view = view;
  root.classList.toggle("wide", Boolean(VIEWS[view].wide?.(data)));
  keepFocus(pane, root, () => pane.replaceChildren(...VIEWS[view].draw(data, frame, ask)));
  letScroll(pane, VIEWS[view].label);
  if (top) requestAnimationFrame(() => { pane.firstElementChild.scrollTop = top; });
  showTabs(tabs, frame, view, pane);
  about.show(view);
}

// Play asks for the next step at the chosen pace, until the end or until somebody pauses it.
function makePlay({ controls, root }, frame, { ask, waits }) {
  let timer = null;
  const atEnd = () => frame().position >= frame().total;
  const start = () => { timer = setInterval(() => (atEnd() ? stop() : waits() || ask({ do: "forward" })), PACE / Number(controls.speed.value)); show(); };
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
  const hurry = () => { if (timer !== null) { stop(); start(); } };
  const pace = (by) => {
    controls.speed.selectedIndex = Math.min(Math.max(0, controls.speed.selectedIndex + by), SPEEDS.length - 1);
    hurry();
  };
  controls.play.addEventListener("click", toggle);
  controls.speed.addEventListener("change", hurry);
  return { toggle, stop, pace };
}

function listen({ controls, stage, root, panel }, ask, choose, play, desk, seq) {
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
    if (!act(event)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  const act = ({ key, target, altKey, ctrlKey, metaKey }) => {
    const view = Object.keys(VIEWS)[Number(key) - 1], typing = target.matches("select, input:not([type=range])");
    const arrow = target.closest(".arrow");
    if (key === "Escape" && panel.isOpen() && !target.closest(".drawer")) { ask({ do: "shut" }); return true; }
    if (key === "Escape") return desk.close();
    if (key === "Enter" && target.matches("form input")) { target.form.requestSubmit(); return true; }
    if ((ctrlKey || metaKey) && key === "f") { desk.open("search"); return true; }
    if (typing || altKey || ctrlKey || metaKey || (key === " " && target.matches("button, summary"))) return false;
    if (view) choose(view);
    else if (KEYS[key]) ask({ do: KEYS[key] });
    else if (key === "i" || (key === "Enter" && arrow)) look(key === "i" ? seq() : Number(arrow.dataset.seq));
    else if (key === " ") play.toggle();
    else if (key === "+" || key === "-") play.pace(key === "+" ? 1 : -1);
    else if (desk.byKey[key]) desk.open(desk.byKey[key]);
    else return false;
    return true;
  };
}

function render({ model, el }) {
  const id = `simnova-player-${++players}`;
  const frame = () => placed(model.get("frame"), model.get("score"));
  const kernel = makeAsk(model, (gone) => silent(gone)), { ask } = kernel;
  const choose = (view) => { model.set("view", view); model.save_changes(); };
  const parts = build(id, ask, choose);
  parts.root.classList.toggle("offline", Boolean(model.get("offline")));
  const play = makePlay(parts, frame, kernel), saving = makeSave(model, id), desk = makeDesk(model, ask, parts.root);
  parts.controls.tools.append(...desk.tools, saving.menu);
  listen(parts, ask, choose, play, desk, () => frame().seq);
  const silent = (gone) => {
    parts.root.classList.toggle("silent", gone);
    parts.notice.textContent = gone ? SILENT : "";
    if (gone) play.stop();
  };
  let drawn = Infinity, page = null;
  const turn = () => showView(parts, frame(), model.get("pane"), ask);
  const draw = () => {
    const now = frame(), turned = now.page !== page;
    showControls(parts.controls, now, model.get("strip"));
    showTicks(parts.controls, model.get("ticks"), ask);
    parts.story.replaceChildren(...drawStory(now, asides(model)));
    if (drawn !== now.seq && model.get("asked")?.stopped?.length) play.stop();
    say(parts.voice, [spoken(now), model.get("found")?.again].filter(Boolean).join(" "));
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
  const open = () => parts.panel.show(model.get("opened"), parts.root, parts.pane);
  model.on("change:opened", open);
  model.on("change:answer", answer);
  model.on("change:frame", draw);
  model.on("change:score", draw);
  for (const name of REDRAWN) model.on(`change:${name}`, draw);
  model.on("change:pane", turn);
  draw();
  turn();
  open();
  return () => { play.stop(); saving.stop(); desk.stop(); kernel.stop(); for (const name of REDRAWN) model.off(`change:${name}`, draw); sight.disconnect(); model.off("change:opened", open); model.off("change:answer", answer); model.off("change:frame", draw); model.off("change:score", draw); model.off("change:pane", turn); };
}

export default { render };
