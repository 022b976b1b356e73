// The topology: services, and between them brokers with exchanges, queues and bindings; messages travel along the ways.

const LIVES = { service: "what it waits for", compute: "what it waits for", queue: "what waits in it", reply: "what waits in it", fanout: "what waits in it" };
const BADGE = 15;
let topologies = 0;

const boxAt = ([x, y, width, height], more) => s("rect", { x, y, width, height, ...more });

function drawBroker(box) {
  const [x, y, , height] = box.at;
  return s("g", { class: `broker ${box.tone}` }, boxAt(box.at, { rx: 9 }),
    s("text", { transform: `translate(${x + 13} ${y + height / 2}) rotate(-90)` }, box.tone === "down" ? `${box.name} is down` : box.tone === "cut" ? `${box.name} is cut off` : box.name));
}

// Ready messages are counted on a filled badge, unacknowledged ones on an empty one beside it.
function depthBadges({ at: [x, y, width], ready, held }) {
  const counts = [[ready, "ready"], [held, "held"]].filter(([count]) => count);
  return counts.map(([count, kind], place) => {
    const left = x + width + 4 - (counts.length - place) * (BADGE + 1);
    return s("g", { class: `badge ${kind}` }, s("rect", { x: left, y: y - 7, width: BADGE, height: 13, rx: 6.5 }),
      s("text", { x: left + BADGE / 2, y: y + 3 }, count > 99 ? "99+" : count));
  });
}

const depthWords = ({ ready, held }) => (ready === undefined ? "" : `: ${ready} waiting, ${held} unacknowledged`);
const toneWords = ({ tone }) => (tone === "down" ? " is down" : tone === "cut" ? " is cut off" : "");
const nodeWords = (node) => `${node.title}${toneWords(node)}${depthWords(node)}`;

function drawNode(node, open, tell) {
  const [x, y, width, height] = node.at, middle = x + width / 2, two = node.aside ?? "";
  const off = node.tone === "down" || node.tone === "cut";
  const round = node.kind === "exchange" ? height / 2 : node.kind === "hypervisor" ? 3 : 6;
  const small = off ? (node.tone === "cut" ? "cut off" : "down") : two;
  const reach = LIVES[node.kind] ? { tabindex: 0, role: "button", "data-lm-suppress-shortcuts": "true", "aria-label": `${nodeWords(node)}: ${LIVES[node.kind]}` } : {};
  const group = s("g", { class: `node ${node.kind} ${node.tone ?? ""}${node.now ? " now" : ""}`, "data-name": node.name, ...reach },
    s("title", {}, nodeWords(node)), boxAt(node.at, { rx: round }),
    small && s("text", { x: middle, y: y + 12, class: "aside" }, small),
    s("text", { x: middle, y: small && height > 28 ? y + 25 : y + height / 2 + 4 }, node.label),
    ...depthBadges(node));
  if (LIVES[node.kind]) pressed(group, () => open(node));
  tell(group, nodeWords(node));
  return group;
}

function pressed(node, act) {
  node.addEventListener("click", act);
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    act();
  });
}

function drawTrip(trip, id) {
  const last = trip.legs.length - 1;
  return s("g", { class: `trip ${trip.style}${trip.now ? " now" : ""}${trip.failed ? " failed" : ""}` },
    ...trip.legs.map((d, leg) => s("path", { d, class: "wire", "marker-end": trip.now || leg === last ? `url(#${id}-${trip.failed && leg === last ? "error" : trip.style})` : null })));
}

// A message travels leg by leg, unless motion is unwelcome.
function sail(picture, trip, group) {
  const wires = [...group.querySelectorAll("path")], places = [];
  for (const wire of wires) {
    const length = wire.getTotalLength();
    for (let part = 0; part <= 12; part++) places.push(wire.getPointAtLength((length * part) / 12));
  }
  const dot = s("circle", { r: 5, class: `dot ${trip.style}` });
  picture.append(dot);
  dot.animate(places.map(({ x, y }) => ({ transform: `translate(${x}px, ${y}px)` })), { duration: 330 * wires.length + 120, easing: "ease-in-out" })
    .finished.finally(() => dot.remove()).catch(() => {});
}

function drawTopology(data, frame, ask) {
  if (!data) return [h("p", { class: "empty" }, "Nobody has talked to anybody yet. Services appear here when they do.")];
  const id = `simnova-topology-${++topologies}`;
  const rest = "A queue shows what waits in it, a service what it waits for: click.";
  const hint = () => h("span", { class: "needs-kernel" }, rest), said = h("p", { class: "said" }, hint());
  const tell = (node, words) => {
    // A drawing that listens for the focus can have it, so only what does something listens.
    const reached = node.hasAttribute("tabindex");
    for (const name of ["pointerenter", ...(reached ? ["focus"] : [])]) node.addEventListener(name, () => { said.textContent = words; });
    for (const name of ["pointerleave", ...(reached ? ["blur"] : [])]) node.addEventListener(name, () => { said.replaceChildren(hint()); });
  };
  const open = (node) => ask(node.queues ? { do: "open_queue", queues: node.queues } : { do: "open_service", service: node.name });
  const off = new Set(data.nodes.filter((node) => node.tone === "down" || node.tone === "cut").map((node) => node.name));
  const ways = data.ways.map((way) => s("path", { d: way.d, class: `way ${way.kind}${off.has(way.source) || off.has(way.target) ? " off" : ""}` }, s("title", {}, way.title)));
  const trips = data.trips.map((trip) => drawTrip(trip, id));
  const picture = s("svg", { viewBox: `0 0 ${data.width} ${data.height}`, class: "bus", role: "group", "aria-label": "Services, exchanges and queues" },
    drawMarkers(id), ...data.boxes.map(drawBroker), ...ways, ...trips, ...data.nodes.map((node) => drawNode(node, open, tell)));
  picture.style.minHeight = `${data.height * 0.86}px`;
  if (!calm()) requestAnimationFrame(() => picture.isConnected && data.trips.forEach((trip, place) => trip.now && sail(picture, trip, trips[place])));
  return [h("div", { class: "scroll topology" }, picture), said];
}

VIEWS.topology = { label: "Topology", draw: drawTopology };
