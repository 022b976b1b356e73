// The state of one server: the course of its operation lit up, and below it what went with the step.

const LIT = {
  now: "the server is here", been: "it has been here", next: "what comes next",
  fails: "where it goes if this fails", open: "part of the operation",
};

function statePill(one) {
  const told = [one.task || "no task", LIT[one.lit], one.spent && `for ${one.spent}`, one.by && `led here by ${one.by}`];
  return h("li", { class: `pill ${one.lit}`, title: told.filter(Boolean).join(", "), "aria-current": one.lit === "now" ? "step" : null },
    h("span", {}, h("b", {}, one.task || "no task"), one.spent && h("small", {}, one.spent)));
}

const stateBox = (box) => h("li", { class: `vm ${box.lit}${box.vm === "error" ? " error" : ""}` },
  h("section", {}, h("header", {}, box.vm ? box.vm.toUpperCase() : "no row in a cell"),
    box.vm ? h("ol", {}, ...box.pills.map(statePill), box.lit === "now" && box.pills.length > 1 && box.pills[0].lit === "next" ? h("li", { class: "again", title: "and back to the first" }, "↩") : null) : null));

const powerRow = (powers) => h("ol", { class: "powers", "aria-label": "power_state" }, h("li", { class: "label", "aria-hidden": "true" }, "power"),
  ...powers.map(([name, lit]) => h("li", { class: lit, "aria-current": lit === "now" ? "true" : null, title: `power_state ${name}: ${LIT[lit] === LIT.open ? "not now" : LIT[lit]}` }, name)));

function stateHead(found, ask) {
  const choose = h("select", { "aria-label": "server", class: "needs-kernel", "data-lm-suppress-shortcuts": "true" },
    h("option", { value: "", selected: found.followed }, "server of the step"),
    ...found.servers.map(([uuid, name]) => h("option", { value: uuid, selected: !found.followed && uuid === found.server }, name)));
  choose.addEventListener("change", () => ask({ do: "watch", server: choose.value }));
  const name = found.servers.find(([uuid]) => uuid === found.server)?.[1];
  const doing = found.operation ? `${found.operation}, ${found.outcome}` : "";
  return h("header", { class: "whose" }, h("b", { title: found.server }, name ?? "No server"), h("span", {}, doing),
    h("small", {}, found.host && `on ${found.host}`), choose);
}

function stateDiagram(found, ask) {
  const words = found.done ? "may be asked for now" : "comes next";
  return h("section", { class: "diagram", "aria-label": "states of the server" }, stateHead(found, ask),
    found.boxes.length ? h("ol", { class: "map scroll" }, ...found.boxes.map(stateBox)) : h("p", { class: "empty" }, found.none),
    found.boxes[0]?.vm ? powerRow(found.powers) : null,
    found.boxes.length ? h("p", { class: "onward", title: found.onward.join(", ") }, h("small", {}, `${words}: `), found.onward.join(found.done ? ", " : "; ") || "nothing, it is gone") : null);
}

function waitLine(one, ask, show) {
  const lines = one.open ? button({ class: "lines-of", title: `show the lines around ${one.where}`, "aria-label": `lines around ${one.where}` }, "‹›") : null;
  lines?.addEventListener("click", () => (show.shown(one.where) ? null : ask({ do: "source", where: one.where })));
  const told = one.what ? `waits ${one.seconds || "from now on"} for ${one.what}` : one.seconds ? `was last here ${one.seconds} ago` : "is here";
  return h("li", { class: `${one.what ? "waiting" : "idle"}${one.now ? " now" : ""}`, title: `${one.service} ${told}: ${one.where}` },
    h("b", {}, one.service), h("code", {}, one.where.split("/").slice(-2).join("/") || "outside"), lines,
    h("small", { class: "long" }, one.seconds ? `${one.seconds}${one.what ? "" : " ago"}` : "now"), one.what ? h("small", { class: "what" }, `waits for ${one.what}`) : null);
}

// The lines around a place, over the list that it was chosen in; the button brings the list back.
function sourceLines(said, close) {
  const back = button({ class: "close", "aria-label": "back to who waits where" }, "×");
  back.addEventListener("click", close);
  return h("div", { class: "source" }, h("header", {}, h("code", {}, said.where), h("span", {}, said.function), back),
    h("ol", { class: "scroll", start: said.first }, ...said.lines.map((text, index) =>
      h("li", { class: said.first + index === said.line ? "now" : null }, h("i", {}, said.first + index), text || " "))));
}

function showSource(pane, said) {
  const room = pane.querySelector(".waits");
  if (!room || !said.lines) return;
  const close = () => { pane.source = null; room.lastElementChild.remove(); room.classList.remove("reading"); };
  room.querySelector(".source")?.remove();
  pane.source = said;
  room.classList.add("reading");
  room.append(sourceLines(said, close));
  const lines = room.querySelector(".source ol"), line = lines.querySelector(".now");
  if (line) lines.scrollTop = line.offsetTop - lines.offsetTop - lines.clientHeight / 2;
}

function drawState(found, frame, ask) {
  if (found === null) return [h("p", { class: "empty" }, "Nothing has happened yet.")];
  const list = (name, title, none, lines) => h("section", { class: name, "aria-label": title }, h("p", { class: "title" }, title),
    lines.length ? h("ol", { class: "scroll" }, ...lines) : h("p", { class: "none" }, none));
  const waits = list("waits", "Who waits at which line", "No service has done anything yet.", []);
  const show = { shown: (where) => {
    const pane = waits.closest(".pane"), known = pane.said?.where === where;
    if (known) showSource(pane, pane.said);
    return known;
  } };
  if (found.waits.length) waits.replaceChildren(waits.firstElementChild, h("ol", { class: "scroll" }, ...found.waits.map((one) => waitLine(one, ask, show))));
  return [h("div", { class: "course" }, stateDiagram(found, ask),
    list("altered", "Rows that changed", "No row changed in this step.", found.rows.map(changedLine)),
    list("logged", "Log lines", "No line was logged in this step.", found.log.map(shortLogLine)), waits)];
}

VIEWS.state = {
  label: "State", draw: drawState, hear: (pane, said) => { pane.said = said; showSource(pane, said); },
  about: "The states of one server as Nova's table of allowed moves has them: each box is a vm_state, each pill in it a task_state, "
    + "● marks where the server is, ✓ where it has been and for how long, a dashed pill what comes next, ✗ where it goes if this fails. "
    + "Below stand the rows and log lines of this step, and the line of source at which each service waits.",
};
