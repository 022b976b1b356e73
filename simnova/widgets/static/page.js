// A player on a page of its own. The step and the view stand in the page's address, so that a link leads there.

async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

// What a link says beside the step and the view is what is not as the page was written: marks as 12:name, each for itself.
function addressed(model) {
  const asked = new URLSearchParams(location.hash.slice(1)), seq = Number.parseInt(asked.get("step"), 10);
  if (asked.has("detail")) model.send({ do: "detail", detail: asked.get("detail") });
  if (asked.has("filter")) model.send({ do: "filter", query: asked.get("filter") });
  if (asked.has("mark")) model.send({ do: "marks", marks: asked.getAll("mark") });
  if (Object.hasOwn(VIEWS, asked.get("view"))) { model.set("view", asked.get("view")); model.save_changes(); }
  if (Number.isInteger(seq)) model.send({ do: "seek", seq });
}

function told(model) {
  const marks = Object.entries(model.get("marks")).map(([name, seq]) => ["mark", `${seq}:${name}`]);
  return { detail: [["detail", model.get("frame").detail]], filter: [["filter", model.get("filter")]], mark: marks.length ? marks : [["mark", ""]] };
}

function makeAddress(model) {
  const written = told(model);
  return () => {
    const changed = Object.entries(told(model)).filter(([name, said]) => JSON.stringify(said) !== JSON.stringify(written[name]));
    return `#${new URLSearchParams([["step", model.get("frame").seq], ["view", model.get("view")], ...changed.flatMap(([, said]) => said)])}`;
  };
}

// A page from a file may not always use the clipboard; then the text is there to be copied by hand.
async function copied(text, pressed) {
  const said = pressed.textContent;
  try {
    await navigator.clipboard.writeText(text);
    pressed.textContent = "copied";
    setTimeout(() => { pressed.textContent = said; }, 1500);
  } catch {
    prompt("Copy it from here:", text);
  }
}

function wire(model) {
  const on = (name, work) => { const found = document.querySelector(name); found?.addEventListener("click", () => work(found)); };
  on(".copy-link", (pressed) => copied(location.href, pressed));
  on(".copy-code", (pressed) => copied(document.querySelector("footer pre").textContent, pressed));
  on(".print", () => print());
  const address = makeAddress(model), write = () => history.replaceState(null, "", address());
  for (const name of ["frame", "view", "marks", "filter"]) model.on(`change:${name}`, write);
  addEventListener("hashchange", () => addressed(model));
  addressed(model);
  write();
}

// The page is the player's: a key that nothing else has asked for is for it.
function keysReach(root) {
  addEventListener("keydown", (event) => {
    if (event.target === document.body && !root.dispatchEvent(new KeyboardEvent("keydown", event))) event.preventDefault();
  });
}

async function open() {
  const film = await unpack(document.getElementById("film").textContent);
  for (const view of Object.keys(VIEWS)) if (!(view in film.reels[film.detail].panes)) delete VIEWS[view];
  DETAILS.splice(0, DETAILS.length, ...Object.keys(film.reels));
  const model = makeStill(film);
  wire(model);
  render({ model, el: document.querySelector("main") });
  keysReach(document.querySelector(".simnova-player"));
}

open().catch((error) => {
  const still = document.querySelector(".still");
  still.style.display = "block";
  still.querySelector(".why").append(` (${error.message})`);
});
