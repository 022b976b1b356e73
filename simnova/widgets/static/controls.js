// Controls and tabs: what is pressed, and how it shows where the cursor is.

const SPEEDS = [0.5, 1, 2, 4];
const DETAILS = ["story", "messages", "everything"];
const ICONS = {
  first: "M4 3v10M13 3L6.5 8l6.5 5z",
  back: "M11.5 2.5L4.5 8l7 5.5z",
  play: "M4.5 2.5L13 8l-8.5 5.5z",
  pause: "M5 3v10M11 3v10",
  forward: "M4.5 2.5L11.5 8l-7 5.5z",
  last: "M12 3v10M3 3l6.5 5L3 13z",
};

const icon = (name) => s("svg", { viewBox: "0 0 16 16", "aria-hidden": "true", class: "icon" }, s("path", { d: ICONS[name] }));

function makeControls(ask) {
  const one = (name, key) => button({ class: name, "aria-label": name, title: `${name} (${key})` }, icon(name));
  const parts = {
    first: one("first", "Home"), back: one("back", "←"), play: one("play", "space"), forward: one("forward", "→"), last: one("last", "End"),
    slider: h("input", { type: "range", min: 1, step: 1, "aria-label": "step", "data-lm-suppress-shortcuts": "true" }),
    strip: h("div", { class: "strip", "aria-hidden": "true" }),
    speed: h("select", { "aria-label": "speed", title: "speed of play", "data-lm-suppress-shortcuts": "true" },
      ...SPEEDS.map((speed) => h("option", { value: speed, selected: speed === 1 }, `${speed}×`))),
    detail: h("select", { "aria-label": "detail", title: "what is a step", hidden: DETAILS.length < 2, "data-lm-suppress-shortcuts": "true" },
      ...DETAILS.map((detail) => h("option", { value: detail }, detail))),
    flags: h("div", { class: "flags", "aria-hidden": "true" }), tools: h("div", { class: "tools" }), cells: [],
  };
  parts.bar = h("div", { class: "controls", role: "toolbar", "aria-label": "player controls" },
    h("div", { class: "buttons" }, parts.first, parts.back, parts.play, parts.forward, parts.last),
    h("div", { class: "seek" }, parts.strip, parts.slider, parts.flags), parts.speed, parts.detail, parts.tools);
  for (const name of ["first", "back", "forward", "last"]) parts[name].addEventListener("click", () => ask({ do: name }));
  parts.detail.addEventListener("change", () => ask({ do: "detail", detail: parts.detail.value }));
  return parts;
}

function showControls(parts, frame, strip) {
  parts.slider.max = frame.total;
  if (!parts.slider.matches(":active")) parts.slider.value = frame.position;
  parts.slider.setAttribute("aria-valuetext", `${frame.position} of ${frame.total}`);
  // A button that is really disabled would lose the focus, and the next key would go to the notebook.
  for (const name of ["first", "back"]) parts[name].setAttribute("aria-disabled", frame.position <= 1);
  parts.detail.value = frame.detail;
  if (parts.drawn !== strip) {
    parts.cells = strip.map((style) => h("i", { class: style }));
    parts.strip.replaceChildren(...parts.cells);
    parts.drawn = strip;
    parts.ticked = null;
  }
  const past = Math.floor((strip.length * frame.position) / frame.total + 1e-9);
  if (past !== parts.past || parts.ticked === null) parts.cells.forEach((cell, index) => cell.classList.toggle("past", index < past));
  parts.past = past;
}

// Over the strip: stops, matches, and a flag for each marker.
function showTicks(parts, ticks, ask) {
  if (!ticks || parts.ticked === ticks) return;
  parts.ticked = ticks;
  for (const [name, of] of [["stop", ticks.stops], ["found", ticks.found]])
    parts.cells.forEach((cell, index) => cell.classList.toggle(name, Boolean(of?.includes(index))));
  parts.flags.replaceChildren(...(ticks.marks ?? []).map(([name, seq, share]) => {
    const flag = button({ class: "flag", title: name, tabindex: -1 });
    flag.style.left = `calc(7px + ${share} * (100% - 14px))`;
    flag.addEventListener("click", () => ask({ do: "seek", seq }));
    return flag;
  }));
}

function makeTabs(choose, id) {
  const tabs = Object.entries(VIEWS).map(([view, { label }], index) =>
    button({ role: "tab", id: `${id}-${view}`, "aria-controls": `${id}-pane`, "aria-keyshortcuts": index + 1, "data-view": view }, label, h("i", { class: "news", "aria-hidden": "true" })));
  for (const tab of tabs) tab.addEventListener("click", () => choose(tab.dataset.view));
  return tabs;
}

function showTabs(tabs, frame, view, pane) {
  for (const tab of tabs) {
    const chosen = tab.dataset.view === view, fresh = frame.news.includes(tab.dataset.view);
    tab.setAttribute("aria-selected", chosen);
    tab.classList.toggle("fresh", fresh);
    tab.title = `${fresh ? "something new at this step" : "nothing new at this step"} (key ${tab.getAttribute("aria-keyshortcuts")})`;
    if (!chosen || pane.getAttribute("aria-labelledby") === tab.id) continue;
    pane.setAttribute("aria-labelledby", tab.id);
    requestAnimationFrame(() => { tab.parentNode.scrollLeft = tab.offsetLeft - (tab.parentNode.clientWidth - tab.offsetWidth) / 2; });
  }
}
