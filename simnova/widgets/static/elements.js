// What all pictures are made of. Text enters as text, so no name can be markup.

const SVG = "http://www.w3.org/2000/svg";
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

const dressed = (node, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
};
const h = (tag, attributes = {}, ...children) => dressed(document.createElement(tag), attributes, children);
const s = (tag, attributes = {}, ...children) => dressed(document.createElementNS(SVG, tag), attributes, children);
const button = (attributes, ...children) =>
  h("button", { type: "button", "data-lm-suppress-shortcuts": "true", ...attributes }, ...children);
const seconds = (time) => `${time.toFixed(3)} s`;
const percent = (part, whole) => `${whole > 0 ? Math.min(100, (100 * part) / whole) : 0}%`;

// Each view puts itself here: a label and a function of what Python computed for it, in the order of the tabs.
const VIEWS = {};
