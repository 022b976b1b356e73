// The fork: what can be done otherwise from here, and then both runs side by side, equal rows beside each other.

let forks = 0;

// --- before there is one -----------------------------------------------------------------------------------------

function changeGroup(group, changes, choose) {
  const one = ([, label, code]) => {
    const chip = button({ class: "chip", title: code }, label);
    chip.addEventListener("click", () => choose(code, chip));
    return chip;
  };
  return h("section", { class: "changes" }, h("p", { class: "title" }, group), h("div", {}, ...changes.map(one)));
}

// Whether a fork is asked again what came after the step: it stays as it was said while one looks for the step.
let askedAgain = false;

function drawLater(later) {
  const box = h("input", { type: "checkbox", checked: askedAgain, "data-lm-suppress-shortcuts": "true" });
  box.addEventListener("change", () => { askedAgain = box.checked; });
  return h("label", { class: "later", title: "each at its time, as far as it still makes sense" }, box,
    `and what was asked later (${later})`);
}

function drawOffer({ changes, trouble, later }, frame, ask) {
  const said = h("p", { class: "wait", role: "status" }, trouble ?? "");
  const choose = (code, chip) => {
    chip.classList.add("chosen");
    said.textContent = `The same run is played again up to step ${frame.position}, and goes on after ${code} …`;
    ask({ do: "fork", code, later: askedAgain && later > 0 });
  };
  const groups = [...new Set(changes.map(([group]) => group))];
  const intro = changes.length
    ? ["Fork from here: the same run up to this step, then one thing goes otherwise."]
    : ["Nothing that could go otherwise happens after this step. Go some steps back."];
  return [h("div", { class: "scroll offer" }, h("p", { class: "lead" }, ...intro),
    changes.length && later ? drawLater(later) : null,
    ...groups.map((group) => changeGroup(group, changes.filter(([name]) => name === group), choose)), said,
    h("p", { class: "python" }, "Any other change, in a cell: ", h("code", {}, "player.fork(lambda cloud: cloud.boot(\"another\"))")))];
}

// --- both runs ---------------------------------------------------------------------------------------------------

const whenOf = (place, now) => (place === now ? "now" : place < now ? "past" : "future");

function drawSide(data, side, id) {
  const rows = data.rows.map((row, place) => row[side] && { ...row[side], when: whenOf(place, data.now) });
  const lanes = data.actors.length, height = rows.length * ROW + 8;
  const lives = data.actors.map((_, lane) => s("line", { x1: across(lane, lanes), x2: across(lane, lanes), y1: 0, y2: height, class: "life" }));
  const alone = data.differ.filter((place) => rows[place]).map((place) =>
    s("rect", { x: 0, y: place * ROW, width: "100%", height: ROW, class: "alone" }));
  const parts = data.parts === null || data.parts < 0 ? null
    : s("line", { x1: 0, x2: "100%", y1: data.parts * ROW, y2: data.parts * ROW, class: "parts" });
  return s("svg", { class: "wires", height, width: "100%", role: "group", "aria-label": side ? "The other run" : "This run" },
    ...alone, ...lives, ...rows.map((arrow, place) => arrow && drawArrow(arrow, place, data, id)), parts);
}

const first = (data, side) => (data.parts === null ? "does the same." : `goes its own way: ${data.parted[side]}`);

const sideHead = (title, sentence, actors) => h("div", { class: "side-head" },
  h("p", { title: sentence }, h("b", {}, title), " ", sentence),
  h("div", { class: "heads" }, ...actors.map((actor) => drawHead(actor, false))));

function gutter(data) {
  const differ = new Set(data.differ);
  return h("div", { class: "gutter", "aria-hidden": "true" }, ...data.rows.map((_, place) =>
    h("span", { class: `${differ.has(place) ? "differs" : "same"} ${whenOf(place, data.now)}` }, differ.has(place) ? "≠" : "=")));
}

// Each side says how its run ends, under its own column; the left one is the run that is stepped through.
function outcomeTable({ outcome }, names) {
  if (!outcome.length) return h("p", { class: "outcome" }, "Neither run has a server in the end.");
  const one = (side) => ([name, ...ends]) => h("span", { class: ends[0] === ends[1] ? "same" : "differs" }, h("b", {}, name), h("i", {}, ` ${ends[side]}`));
  const whole = (side) => `${names[side]}, in the end:\n${outcome.map(([name, ...ends]) => `${name} ${ends[side]}`).join("\n")}`;
  return h("div", { class: "outcomes" }, ...[0, 1].map((side) =>
    h("p", { class: "outcome", title: whole(side) }, h("b", {}, names[side]), ", in the end: ", ...outcome.map(one(side)))));
}

function drawBoth(data, frame, ask) {
  const id = `simnova-fork-${++forks}`;
  const act = (label, title, verb) => {
    const made = button({ class: `chip${verb === "parting" ? "" : " needs-kernel"}`, title }, label);
    made.addEventListener("click", () => ask({ do: verb }));
    return made;
  };
  const names = data.turned ? ["After the change", "Without it"] : ["This run", "After the change"];
  const stage = h("div", { class: "scroll both" },
    h("div", { class: "both-lanes" },
      sideHead(names[0], first(data, 0), data.actors), h("div", { class: "corner" }), sideHead(names[1], first(data, 1), data.actors),
      h("div", { class: "side" }, drawSide(data, 0, id)), gutter(data), h("div", { class: "side" }, drawSide(data, 1, id))));
  stage.style.setProperty("--lanes", data.actors.length);
  stage.addEventListener("click", (event) => {
    const arrow = event.target.closest(".side:first-of-type [data-seq], .side [data-seq]");
    if (arrow && arrow.closest(".side") === stage.querySelector(".side")) ask({ do: "seek", seq: Number(arrow.dataset.seq) });
  });
  requestAnimationFrame(() => { stage.scrollTop = Math.max(0, (data.now + 1.5) * ROW - (stage.clientHeight - 92) * 0.55); });
  return [h("header", { class: "fork-head" }, h("p", {}, "Forked at event ", h("b", {}, data.at), ", then ", h("code", {}, data.change)),
    act("first difference", "go to the first event that is not the same in both runs", "parting"),
    act("step the other run", "let the keys and the slider step through the run on the right; the two change sides", "swap"),
    act("end the fork", "throw the run on the right away and go on with the one on the left", "join")),
    s("svg", { width: 0, height: 0, "aria-hidden": "true", class: "defs" }, drawMarkers(id)), stage, outcomeTable(data, names)];
}

const drawFork = (data, frame, ask) => (data.changes ? drawOffer(data, frame, ask) : drawBoth(data, frame, ask));

VIEWS.fork = { label: "Fork", draw: drawFork, wide: (data) => !data.changes };
