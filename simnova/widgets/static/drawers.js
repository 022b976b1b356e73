// The drawers under the controls: filter, search, stops, markers, keys. One is open at a time, over the story.

const help = () => ({
  "← →": "a step back, a step on", "Home End": "the first step, the last one", "space": "play, pause", "+ −": "play faster, slower",
  [`1 … ${Object.keys(VIEWS).length}`]: "the view beside", "f": "filter the steps", "/ Ctrl+F": "search", "n N": "the next match, the one before", "b": "stops",
  "c": "continue to the next stop", "m": "put a marker here", "i": "what a message carried", "l": "follow the cloud while it runs", "?": "these keys", "Esc": "close what is open",
});
const MENUS = { filter: ["request", "server", "service", "kind"], stops: ["service", "kind", "method", "server"] };

const line = (...inside) => h("div", { class: "line" }, ...inside);
const box = (label, value, placeholder) => h("input", { type: "text", "aria-label": label, value, placeholder, spellcheck: "false", autocomplete: "off", "data-lm-suppress-shortcuts": "true" });
const chip = (label, work, attributes = {}) => {
  const made = button({ class: "chip", ...attributes }, label);
  made.addEventListener("click", work);
  return made;
};
const cross = (label, work) => chip("×", work, { class: "cross", title: label, "aria-label": label });

// Enter in the box says it; nothing that was typed is lost when it was wrong.
function typed(input, say, ...more) {
  const form = h("form", { class: "line" }, input, ...more);
  form.addEventListener("submit", (event) => { event.preventDefault(); say(input.value); });
  return form;
}

const quotedValue = (value) => (/^[^\s"]+$/.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`);

function makeMenus(keys, input, say) {
  const menus = keys.map((key) => h("select", { "aria-label": key, "data-key": key, "data-lm-suppress-shortcuts": "true" }));
  const fill = (choices) => menus.forEach((menu) => menu.replaceChildren(h("option", { value: "" }, menu.dataset.key),
    ...(choices[menu.dataset.key] ?? []).map((value) => h("option", { value: menu.dataset.key === "request" ? value.split(" ")[0] : value }, value))));
  for (const menu of menus) menu.addEventListener("change", () => {
    if (!menu.value) return;
    const others = input.value.replace(new RegExp(`(^|\\s)${menu.dataset.key}:("[^"]*"|\\S*)`), "").trim();
    input.value = `${others} ${menu.dataset.key}:${quotedValue(menu.value)}`.trim();
    menu.value = "";
    say(input.value);
  });
  fill({});
  return { shown: line(...menus), fill };
}

function filterDrawer({ model, ask, close }) {
  const input = box("filter", model.get("filter"), "server:web kind:rpc -method:object_"), count = h("small");
  const say = (query, then) => ask({ do: "filter", query }, then);
  const menus = makeMenus(MENUS.filter, input, say);
  ask({ do: "choices" });
  return {
    parts: [typed(input, (query) => say(query, close), chip("filter", () => {}, { type: "submit" }), chip("all", () => { input.value = ""; say(""); })), menus.shown, count],
    verbs: ["filter"],
    show(changed) {
      if (changed !== "problem") menus.fill(model.get("menu") ?? {});
      const { of } = model.get("asked");
      count.textContent = of == null ? "" : `${model.get("frame").total} of ${of} steps pass.`;
    },
  };
}

// Which of the steps that were searched for this one is.
function sought(model) {
  const { count, place, again } = model.get("found");
  return `${place} of ${count}${again ? `, ${again}` : ""}`;
}

function findDrawer({ model, ask, close }) {
  const found = model.get("found"), input = box("search", found.text, "a word, or method:build_and_run"), count = h("small", { "aria-live": "polite" });
  const say = (text, then) => ask(text && text === model.get("found").text ? { do: "find_next" } : { do: "find", text }, then);
  return {
    parts: [typed(input, (text) => say(text, close), count, chip("‹", () => ask({ do: "find_back" }), { title: "previous match (N)", "aria-label": "previous match" }),
      chip("›", () => say(input.value), { title: "next match (n)", "aria-label": "next match" }))],
    verbs: ["find", "find_next", "find_back"],
    show() {
      const { text, count: all, place } = model.get("found");
      count.textContent = text ? (place ? sought(model) : `${all} found`) : "";
    },
  };
}

function stopsDrawer({ model, ask }) {
  const input = box("stop at", "", "service:nova-conductor kind:rpc.cast to:compute"), list = h("ul", { "aria-label": "stops" });
  const say = (query) => ask({ do: "stop_at", query }), menus = makeMenus(MENUS.stops, input, say);
  ask({ do: "choices" });
  return {
    parts: [typed(input, say, chip("stop at these", () => {}, { type: "submit" })), menus.shown, list,
      line(chip("continue (c)", () => ask({ do: "go_on" })), chip("stop at messages like this step", () => ask({ do: "stop_like", seq: model.get("frame").seq })))],
    verbs: ["stop_at", "stop_like", "unstop", "go_on"],
    show(changed) {
      if (changed !== "problem") menus.fill(model.get("menu") ?? {});
      if (changed === "stops") input.value = "";
      const { stops = {}, stopped = [] } = model.get("asked");
      list.replaceChildren(...(model.get("stops") ?? []).map((query) => h("li", { class: stopped.includes(query) ? "here" : null },
        h("code", { title: query }, query), h("small", {}, `${stops[query] ?? 0}×`), cross(`remove ${query}`, () => ask({ do: "unstop", query })))));
    },
  };
}

function marksDrawer({ model, ask }) {
  const input = box("name of the marker", "", "a name for this step"), list = h("ul", { "aria-label": "markers" });
  const rename = (name) => {
    const to = box(`new name of ${name}`, name), form = typed(to, () => ask({ do: "rename", name, to: to.value }));
    list.querySelector(`[data-name="${CSS.escape(name)}"]`).replaceChildren(form);
    to.select();
  };
  const row = ([name, seq]) => h("li", { "data-name": name, class: seq === model.get("frame").seq ? "here" : null },
    chip(name, () => ask({ do: "seek", seq }), { title: `go to ${name}` }), h("small", {}, `event ${seq}`),
    chip("rename", () => rename(name), { "aria-label": `rename ${name}` }), cross(`remove ${name}`, () => ask({ do: "unmark", name })));
  const form = typed(input, (name) => ask({ do: "mark", name: name.trim() }), chip("mark here", () => {}, { type: "submit" }));
  return {
    parts: [form, list],
    verbs: ["mark", "rename", "unmark", "jump"],
    show(changed) {
      if (changed === "marks") input.value = "";
      if (changed === "problem" || (list.querySelector("form") && changed !== "marks")) return;
      list.replaceChildren(...Object.entries(model.get("marks") ?? {}).map(row));
    },
  };
}

const helpDrawer = () => ({
  parts: [h("dl", {}, ...Object.entries(help()).map(([keys, what]) => h("div", {}, h("dt", {}, ...keys.split(" ").map((key) => (key === "…" ? ` ${key} ` : h("kbd", {}, key)))), h("dd", {}, what))))],
  verbs: [],
  show() {},
});
