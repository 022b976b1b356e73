// The cloud: hosts as boxes that fill with servers, what is sold against what is there.

function meter(room) {
  const filled = h("i", { class: room.used >= room.total ? "full" : null });
  filled.style.width = percent(room.used, room.total);
  const there = room.total > room.there ? h("i", { class: "there" }) : null;
  if (there) there.style.left = percent(room.there, room.total);
  return h("div", { class: "meter", title: `${room.name}: ${room.used} sold of ${room.total} ${room.unit} that may be; ${room.there} are there` },
    h("span", { class: "sum" }, h("b", {}, room.used), ` / ${room.total} ${room.unit}`), room.name, h("div", { class: "track" }, filled, there));
}

function serverTile(server, among) {
  const tile = h("li", { class: `server ${server.tone}${server.now ? " now" : ""}`, title: `${server.name}: ${server.state}` },
    h("b", {}, server.name), h("small", {}, server.state));
  tile.style.width = `${100 * server.share}%`;
  tile.style.minWidth = `min(108px, ${100 / among}%)`;
  return tile;
}

const hostCard = (host) => h("section", { class: `host ${host.tone}${host.now ? " now" : ""}`, "aria-label": `Host ${host.name}` },
  h("header", {}, h("b", { title: host.name }, host.name), h("small", {}, host.state)),
  h("ul", { class: "box" }, ...host.servers.map((server) => serverTile(server, host.servers.length))), h("div", { class: "meters" }, ...host.rooms.map(meter)));

function drawHosts(hosts) {
  if (!hosts.length) return [h("p", { class: "empty" }, "No host has reported to the conductor yet.")];
  return [h("div", { class: "scroll hosts" }, ...hosts.map(hostCard))];
}

VIEWS.cloud = { label: "Cloud", draw: drawHosts };
