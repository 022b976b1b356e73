// The focus: it is not lost when a picture is drawn anew, every part that scrolls can be reached, and no key gets past it.

const REACHED = "button, summary, select, input, [tabindex]";
const HERE = `:is(${REACHED}):not([tabindex="-1"], .offline .needs-kernel, .offline .needs-kernel *)`;
const calledBy = (node) => node.dataset.seq ?? node.dataset.name ?? node.getAttribute("aria-label") ?? node.textContent;
const heldIn = (within) => {
  const held = within.getRootNode().activeElement;
  return within.contains(held) ? held : null;
};

const named = (within, name) => [...within.querySelectorAll(REACHED)].find((one) => calledBy(one) === name);

// What had the focus has it again, where the new picture has something of that name; else the player has it.
function keepFocus(within, root, draw) {
  const held = heldIn(within), name = held && calledBy(held);
  draw();
  if (!held || within.contains(held)) return;
  (named(within, name) ?? root).focus({ preventScroll: true });
}

// A part that scrolls and has nothing in it to stop at is a stop itself, for the arrow keys up and down.
function letScroll(within, label) {
  for (const part of within.querySelectorAll(".scroll, .reason")) {
    if (part.querySelector(HERE)) continue;
    part.tabIndex = 0;
    if (part.localName === "div") dressed(part, { role: "group", "aria-label": label }, []);
  }
}

// JupyterLab's shortcuts stop at the element that has the focus only if that element itself says so.
const keepKeys = (root) => root.addEventListener("focusin", ({ target }) => target.setAttribute("data-lm-suppress-shortcuts", "true"));
