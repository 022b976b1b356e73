// The log lines of the moment, and those before it.

function drawLog(lines) {
  if (!lines.length) return [h("p", { class: "empty" }, "No service has logged a line yet.")];
  return [h("ol", { class: "scroll lines" }, ...lines.map((line) => h("li", { class: line.now ? "now" : null }, h("span", {}, line.head), line.text)))];
}

VIEWS.log = { label: "Log", draw: drawLog };
