// The panel over a view: what a message carried, what waits in a queue, what a service waits for.

const CROSS = "M3.5 3.5l9 9M12.5 3.5l-9 9";

// Objects can be folded; the first two levels are open where they are small.
function drawBranch(branch, depth) {
  const words = [h("code", { class: "name" }, branch.key), h("span", { class: branch.of ? "kind" : "value" }, branch.text)];
  if (!branch.of) return h("div", { class: "leaf" }, ...words);
  const more = branch.more ? [h("div", { class: "leaf more" }, `… ${branch.more} more`)] : [];
  return h("details", { open: depth === 0 || (depth < 3 && branch.of.length < 7) }, h("summary", { "data-lm-suppress-shortcuts": "true" }, ...words),
    ...branch.of.map((one) => drawBranch(one, depth + 1)), ...more);
}

function drawItem(item, ask) {
  const go = button({ class: "item", title: `what event ${item.seq} carried` }, h("b", {}, item.text), h("small", {}, item.aside));
  go.addEventListener("click", () => ask({ do: "open", seq: item.seq }));
  return h("li", {}, go);
}

function drawPanel(opened, ask) {
  const facts = opened.facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", { title: value }, value)]);
  const items = opened.items ?? [], more = opened.more ? [h("li", { class: "more" }, `… ${opened.more} more`)] : [];
  return [
    h("dl", { class: opened.of }, ...facts),
    opened.note ? h("p", { class: "note" }, opened.note) : null,
    items.length ? h("ol", {}, ...items.map((item) => drawItem(item, ask)), ...more) : null,
    ...(opened.parts ?? []).map((part) => h("div", { class: "tree" }, drawBranch(part, 0))),
  ].filter(Boolean);
}

function makePanel(ask) {
  const title = h("b", { "aria-live": "polite" }), inside = h("div", { class: "scroll" });
  const shut = button({ class: "shut", "aria-label": "close", title: "close (Esc)" }, s("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" }, s("path", { d: CROSS })));
  const shown = h("section", { class: "panel", hidden: true, "aria-label": "What was clicked" }, h("header", {}, title, shut), inside);
  shut.addEventListener("click", () => ask({ do: "shut" }));
  const isOpen = () => !shown.hidden;
  let opener = null;
  const show = (opened, root, pane) => {
    const open = Boolean(opened?.of), before = heldIn(shown), under = heldIn(pane);
    const same = open && title.textContent === opened.title;
    shown.hidden = !open;
    title.textContent = open ? opened.title : "";
    inside.replaceChildren(...(open ? drawPanel(opened, ask) : []));
    if (!same) inside.scrollTop = 0;
    pane.inert = open;
    if (under && open) { opener = calledBy(under); shut.focus(); }
    else if (before) (open ? shut : named(pane, opener) ?? root).focus({ preventScroll: true });
  };
  return { shown, show, isOpen };
}
