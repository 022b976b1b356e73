// A player on a page of its own. The step and the view stand in the page's address, so that a link leads there.

async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

function addressed(model) {
  const asked = new URLSearchParams(location.hash.slice(1)), seq = Number.parseInt(asked.get("step"), 10);
  if (Object.hasOwn(VIEWS, asked.get("view"))) { model.set("view", asked.get("view")); model.save_changes(); }
  if (Number.isInteger(seq)) model.send({ do: "seek", seq });
}

const address = (model) => `#${new URLSearchParams({ step: model.get("frame").seq, view: model.get("view") })}`;

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
  const write = () => history.replaceState(null, "", address(model));
  model.on("change:frame", write);
  model.on("change:view", write);
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
  for (const view of Object.keys(VIEWS)) if (!(view in film.panes)) delete VIEWS[view];
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
