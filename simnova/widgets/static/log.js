// The log lines of the moment, and those before it.

const shortLogLine = (line) => h("li", { class: line.level.toLowerCase(), title: line.head }, h("span", {}, `${line.level} ${line.service} `), line.text);

function drawLog(lines) {
  if (!lines.length) return [h("p", { class: "empty" }, "No service has logged a line yet.")];
  return [h("ol", { class: "scroll lines" }, ...lines.map((line) => h("li", { class: line.now ? "now" : null }, h("span", {}, line.head), line.text)))];
}

VIEWS.log = { label: "Log", draw: drawLog };
