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

async function open() {
  const model = makeStill(await unpack(document.getElementById("film").textContent));
  wire(model);
  render({ model, el: document.querySelector("main") });
  document.querySelector(".simnova-player").focus({ preventScroll: true });
}

open().catch((error) => {
  const still = document.querySelector(".still");
  still.style.display = "block";
  still.querySelector(".why").append(` (${error.message})`);
});
