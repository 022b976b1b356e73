// The cloud: hosts that fill with servers, what is sold against what is there; many hosts as a grid.

const GRID = 12; // as CARDS in views/cloud.py

const roomWords = (room) => `${room.name}: ${room.used} sold of ${room.total} ${room.unit} that may be${room.told ? ` (${room.told})` : ""}; ${room.there} are there`;

// What is sold beyond what is there is hatched; the line says where the machine itself ends.
function meter(room) {
  const full = room.used >= room.total, filled = h("i", { class: full ? "full" : null }), parts = [filled];
  filled.style.width = percent(Math.min(room.used, Math.max(room.there, 0)), room.total);
  if (room.used > room.there) {
    const over = h("i", { class: `over${full ? " full" : ""}` });
    over.style.width = percent(room.used - room.there, room.total);
    parts.push(over);
  }
  const line = room.total > room.there ? h("i", { class: "there" }) : null;
  if (line) line.style.left = percent(room.there, room.total);
  return h("div", { class: "meter", title: roomWords(room) },
    h("span", { class: "sum" }, h("b", {}, room.used), ` / ${room.total} ${room.unit}`), room.name, room.told ? h("small", { class: "ratio" }, ` ${room.told}`) : null,
    h("div", { class: "track" }, ...parts), line);
}

function tile(one, kind, among) {
  const state = one.leaves ? `${one.state}, leaving` : one.state;
  const shown = h("li", { class: `server ${kind}${one.now ? " now" : ""}${one.leaves ? " leaving" : ""}`, title: `${one.name}: ${state}` },
    h("b", {}, one.name), h("small", {}, state));
  shown.style.width = `${100 * one.share}%`;
  shown.style.minWidth = `min(108px, ${100 / among}%)`;
  return shown;
}

function hostCard(host) {
  const among = host.servers.length + host.claims.length;
  return h("section", { class: `host ${host.tone}${host.now ? " now" : ""}`, "aria-label": `Host ${host.name}, ${host.state}` },
    h("header", {}, h("b", { title: host.name }, host.name), host.cell && h("small", { class: "cell" }, host.cell),
      h("small", { class: "state", title: host.reason }, host.reason ? `${host.state}: ${host.reason}` : host.state)),
    h("ul", { class: "box" }, ...host.servers.map((one) => tile(one, one.tone, among)), ...host.claims.map((one) => tile(one, `ghost ${one.kind}`, among))),
    h("div", { class: "meters" }, ...host.rooms.map(meter)));
}

function fieldWords(host) {
  const rooms = host.rooms.map((room) => `${room.name} ${room.used} / ${room.total} ${room.unit}`.trim());
  const names = host.names.length ? [`${host.names.join(", ")}${host.count > host.names.length ? ", …" : ""}`] : [];
  const claims = host.claims.map((one) => `${one.name} ${one.state}`);
  return [`${host.name}${host.cell ? ` in ${host.cell}` : ""} is ${host.state}${host.reason ? ` (${host.reason})` : ""}`, ...rooms, ...names, ...claims].join(" · ");
}

function field(host, tell, short) {
  const memory = host.rooms[1] ?? { used: 0, total: 1 }, level = h("i", { class: memory.used >= memory.total ? "full" : null });
  level.style.height = percent(memory.used, memory.total);
  const marks = [host.count || null, host.claims.some((one) => one.kind === "leak") ? "◌" : null].filter(Boolean);
  const shown = button({ class: `field ${host.tone}${host.now ? " now" : ""}`, "aria-label": fieldWords(host), title: fieldWords(host) },
    level, h("span", {}, short(host.name)), h("b", {}, marks.join(" ")));
  tell(shown, fieldWords(host));
  return shown;
}

function drawGrid(hosts) {
  const rest = "Each field is a host, filled as its memory is sold; the number counts its servers.";
  const said = h("p", { class: "told" }, rest), more = hosts.at(-1).more;
  const tell = (node, words) => {
    for (const name of ["pointerenter", "focus"]) node.addEventListener(name, () => { said.textContent = words; });
    for (const name of ["pointerleave", "blur"]) node.addEventListener(name, () => { said.textContent = rest; });
  };
  const start = sharedStart(hosts.map((host) => host.name)), short = (name) => name.slice(start.length) || name;
  const cells = [...new Set(hosts.map((host) => host.cell))];
  const groups = cells.flatMap((cell) => [cell ? h("p", { class: "title" }, cell) : null,
    h("div", { class: "fields" }, ...hosts.filter((host) => host.cell === cell).map((host) => field(host, tell, short)))]);
  return [h("div", { class: "scroll grid" }, start ? h("p", { class: "start" }, `${start}…`) : "", ...groups.filter(Boolean), more ? h("p", { class: "start" }, `${more} more hosts`) : ""), said];
}

function drawHosts(hosts) {
  if (!hosts.length) return [h("p", { class: "empty" }, "No host has reported to the conductor yet.")];
  if (hosts.length > GRID) return drawGrid(hosts);
  return [h("div", { class: "scroll hosts" }, ...hosts.map(hostCard))];
}

VIEWS.cloud = { label: "Cloud", draw: drawHosts };
