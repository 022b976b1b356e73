// The rows of the databases that changed, before and after.

const changeTable = (change) => h("section", { class: "change" },
  h("header", {}, h("b", {}, change.table), h("small", { class: change.verb }, change.verb), h("code", {}, change.key)),
  h("table", {}, ...change.columns.map(([name, before, after]) => h("tr", {}, h("th", { scope: "row" }, name),
    h("td", { class: "before" }, before), h("td", { class: "to", "aria-hidden": "true" }, before === null ? "" : "→"), h("td", { class: "after" }, after)))));

// One changed column in one line, for where there is little room.
const changedLine = (line) => h("li", { class: /state$|^host$/.test(line.column) ? "told" : null, title: `${line.table}.${line.column}: ${line.before ?? ""} → ${line.after}` },
  h("span", {}, line.table.replace(/^.*\./, "")), ` ${line.column} `, line.before === null ? null : h("s", {}, line.before), line.before === null ? " " : " → ", h("b", {}, line.after));

function drawRows(changes) {
  if (!changes.length) return [h("p", { class: "empty" }, "No row of a database changed since the step before.")];
  return [h("div", { class: "scroll" }, ...changes.map(changeTable))];
}

VIEWS.rows = { label: "Rows", draw: drawRows };
