// The desk: the buttons that open a drawer, and the drawer that is open.

const TOOLS = {
  filter: { key: "f", title: "filter the steps", draw: filterDrawer, path: "M2 3h12L9.4 8.6V13L6.6 11.4V8.6z" },
  search: { key: "/", title: "search", draw: findDrawer, path: "M7 2.4a4.6 4.6 0 1 0 0 9.2a4.6 4.6 0 0 0 0-9.2M10.6 10.6L14 14" },
  stops: { key: "b", title: "stops", draw: stopsDrawer, path: "M5.4 1.8h5.2l3.6 3.6v5.2l-3.6 3.6H5.4L1.8 10.6V5.4zM6.4 6v4M9.6 6v4" },
  marks: { key: "m", title: "markers", draw: marksDrawer, path: "M4 14.5V1.9h8.6L10.4 5l2.2 3.1H4" },
  live: { key: "l", title: "follow the cloud while it runs", path: "M8 8h.01M5.2 10.8a4 4 0 0 1 0-5.6M10.8 5.2a4 4 0 0 1 0 5.6M3 13a7 7 0 0 1 0-10M13 3a7 7 0 0 1 0 10" },
  keys: { key: "?", title: "all keys", draw: helpDrawer, path: "M5.6 6a2.4 2.4 0 1 1 3.6 2.1c-.8.5-1.2.9-1.2 1.9M8 12.8h.01" },
};
const WITH_A_KERNEL = ["live"];
const WATCHED = ["filter", "found", "stops", "marks", "asked", "problem", "menu", "following"];

function makeDesk(model, ask, root) {
  let opened = null, drawer = null;
  const tools = Object.entries(TOOLS).map(([name, { key, title, path }]) => button({ class: `tool${WITH_A_KERNEL.includes(name) ? " needs-kernel" : ""}`, "data-tool": name, "aria-label": name, title: `${title} (${key})` },
    s("svg", { viewBox: "0 0 16 16", class: "icon line", "aria-hidden": "true" }, s("path", { d: path }))));
  const problem = h("p", { class: "problem", role: "alert" }), inside = h("div", { class: "inside" });
  const shown = h("div", { class: "drawer", role: "dialog" }, inside, problem);
  const close = () => {
    if (!opened) return false;
    opened = drawer = null;
    shown.remove();
    root.focus({ preventScroll: true });
    show();
    return true;
  };
  const open = (name) => {
    if (name === "live") return ask({ do: "follow", on: !model.get("following") });
    if (name === opened) return close();
    opened = name;
    drawer = TOOLS[name].draw({ model, ask, close });
    shown.setAttribute("aria-label", TOOLS[name].title);
    shown.dataset.drawer = name;
    inside.replaceChildren(...drawer.parts);
    root.querySelector(".controls").after(shown);
    show("opened");
    const first = inside.querySelector("input");
    if (first) first.select();
    else tools.find(({ dataset }) => dataset.tool === name).focus();
  };
  const lit = { filter: () => model.get("filter"), search: () => model.get("found")?.text, stops: () => model.get("stops")?.length,
    marks: () => Object.keys(model.get("marks") ?? {}).length, live: () => model.get("following"), keys: () => false };
  const show = (changed) => {
    for (const tool of tools) {
      const { tool: name } = tool.dataset;
      tool.classList.toggle("lit", Boolean(lit[name]()));
      if (name === "live") tool.setAttribute("aria-pressed", Boolean(lit.live()));
      else tool.setAttribute("aria-expanded", name === opened);
    }
    const held = shown.contains(root.getRootNode().activeElement);
    drawer?.show(changed);
    if (held && !shown.contains(root.getRootNode().activeElement)) root.focus({ preventScroll: true });
    const wrong = model.get("problem") ?? {};
    problem.textContent = drawer?.verbs.includes(wrong.do) && changed !== "opened" ? wrong.text : "";
  };
  for (const tool of tools) tool.addEventListener("click", () => open(tool.dataset.tool));
  const listeners = WATCHED.map((name) => [`change:${name}`, () => show(name)]);
  for (const [event, listener] of listeners) model.on(event, listener);
  show();
  const stop = () => { for (const [event, listener] of listeners) model.off(event, listener); };
  return { tools, open, close, stop, byKey: Object.fromEntries(Object.entries(TOOLS).map(([name, { key }]) => [key, name])) };
}

// What stands beside the facts of a step: the filter, which of those searched for it is, and the stop that it is.
function asides(model) {
  const { of, stopped = [] } = model.get("asked") ?? {};
  return [of == null ? null : h("span", { class: "filtered" }, `filter ${model.get("filter")}: ${model.get("frame").total} of ${of}`),
    model.get("found")?.place ? h("span", { class: "sought" }, `${model.get("found").text}: ${sought(model)}`) : null,
    ...stopped.map((query) => h("span", { class: "stopped" }, `stopped at ${query}`))].filter(Boolean);
}
