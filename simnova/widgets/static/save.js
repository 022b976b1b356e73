// Saving: a small menu, and files that Python sends when they are asked for. The browser paints a PNG from the SVG.

const SAVED = { html: "Page of all steps (HTML)", svg: "Picture of this step (SVG)", png: "Picture of this step (PNG)" };
const SCALE = 2;

function download(name, blob) {
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

async function painted(drawing) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(await drawing.text())}`;
  await image.decode();
  const canvas = h("canvas", { width: image.width * SCALE, height: image.height * SCALE });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

function makeSave(model, id) {
  let painting = false;
  const told = h("p", { class: "refused", role: "status" });
  const choose = button({ class: "save", "aria-label": "save", title: "save as a page or a picture", "aria-haspopup": "menu" },
    s("svg", { viewBox: "0 0 16 16", "aria-hidden": "true", class: "icon" }, s("path", { d: "M8 2v8M4.8 7L8 10.2 11.2 7M3 13.5h10", fill: "none" })));
  const items = Object.entries(SAVED).map(([form, label]) => button({ role: "menuitem", "data-form": form }, label));
  const list = h("div", { class: "forms" }, h("div", { role: "menu", "aria-label": "save as" }, ...items), told);
  const menu = h("div", { class: "saving needs-kernel" }, choose, list);
  const open = (wide) => {
    menu.classList.toggle("open", wide);
    choose.setAttribute("aria-expanded", wide);
    told.textContent = "";
  };
  const ask = (form) => {
    painting = form === "png";
    told.textContent = "…";
    model.send({ do: "save", form: painting ? "svg" : form, to: id });
  };
  const got = async ({ do: verb, to, name, type, refused }, [content] = []) => {
    if (verb !== "saved" || to !== id) return;
    told.textContent = refused ?? "";
    if (refused) return;
    const file = new Blob([content], { type });
    if (painting) download(name.replace(/svg$/, "png"), await painted(file));
    else download(name, file);
    open(false);
    choose.focus();
  };
  open(false);
  choose.addEventListener("click", () => { open(!menu.classList.contains("open")); items[0].focus(); });
  for (const item of items) item.addEventListener("click", () => ask(item.dataset.form));
  menu.addEventListener("focusout", (event) => menu.contains(event.relatedTarget) || event.relatedTarget === null || open(false));
  menu.addEventListener("keydown", (event) => menuKey(event, items, () => { open(false); choose.focus(); }));
  model.on("msg:custom", got);
  return { menu, stop: () => model.off("msg:custom", got) };
}

// Up and down go through the menu, Escape leaves it; none of them reaches the player or the notebook.
function menuKey(event, items, leave) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by) items[(items.indexOf(event.target) + by + items.length) % items.length]?.focus();
  else if (event.key === "Escape") leave();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
