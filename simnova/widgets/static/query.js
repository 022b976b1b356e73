// The language of queries without Python (simnova/observe/query.py): a step is meant by the facts of it that lie in the page.

const PART = /^(-?)(?:([A-Za-z_]+):)?("(?:[^"\\]|\\.)*"|[^\s"]*)(?=\s|$)/s;
const KEYS_OF_A_QUERY = ["time", "kind", "service", "request", "table", "level", "state", "server", "method", "to", "host"];
const SPELLED = { level: (value) => value.toUpperCase() };
const FITS = {
  level: (one, value) => one === value.toUpperCase(),
  request: (one, value) => one.startsWith(value.startsWith("req-") ? value : `req-${value}`),
  method: (one, value) => one.startsWith(value.toLowerCase()),
  server: (one, value) => one === value || (/^[0-9a-f]{4,8}(-[0-9a-f-]*)?$/.test(value) && /^[0-9a-f]{8}-/.test(one) && one.startsWith(value)),
};
const COMPARE = { "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b };

function spanOf(value) {
  const bound = /^([<>]=?)(\d+\.?\d*|\.\d+)$/.exec(value), ends = /^(\d+\.?\d*|\.\d+)?\.\.(\d+\.?\d*|\.\d+)?$/.exec(value);
  if (bound) return (time) => COMPARE[bound[1]](time, Number(bound[2]));
  if (!ends || value === "..") throw new Error(`'${value}' is no span of seconds: time:>1.5, time:<=2, time:0..2 or time:1.5.. are`);
  return (time) => Number(ends[1] ?? 0) <= time && time <= Number(ends[2] ?? Infinity);
}

// Quotes stand only where they are needed, so what means the same is spelled the same.
function spelled(minus, key, value) {
  const plain = /^[^\s"]+$/.test(value) && (key || !/^(-|[A-Za-z_]+:)/.test(value));
  return `${minus}${key && `${key}:`}${plain ? value : `"${value.replace(/[\\"]/g, "\\$&")}"`}`;
}

function check(key, value, known) {
  if (key && !KEYS_OF_A_QUERY.includes(key)) throw new Error(`unknown key '${key}'; keys: ${KEYS_OF_A_QUERY.join(", ")}; to look for the text itself, put it in quotes`);
  if (!value) throw new Error(key ? `${key}: needs a value` : "an empty word is in every text: leave it out");
  if (known[key] && !known[key].includes(SPELLED[key]?.(value) ?? value)) throw new Error(`unknown ${key} '${value}'`);
}

function term([, minus, written = "", said], known) {
  const key = written.toLowerCase(), value = said.startsWith("\"") ? said.slice(1, -1).replace(/\\(.)/gs, "$1") : said;
  check(key, value, known);
  const fits = FITS[key] ?? ((one) => one === value), within = key === "time" ? spanOf(value) : null, word = value.toLowerCase();
  const holds = within ? ({ time }) => within(Number(time?.[0])) : key ? (facts) => (facts[key] ?? []).some((one) => fits(one, value)) : ({ text }) => text[0].includes(word);
  return { text: spelled(minus, key, value), holds: minus ? (facts) => !holds(facts) : holds };
}

// What a query means, and how it is spelled; `known` are the only values of some keys. No term means every step.
function meaning(text, known) {
  const terms = [];
  for (let rest = text.trim(); rest; rest = rest.trim()) {
    const part = PART.exec(rest);
    if (!part) throw new Error(`cannot read '${rest}': quotes go around a whole value, as in "web 1" or server:"web 1"`);
    terms.push(term(part, known));
    rest = rest.slice(part[0].length);
  }
  return { text: terms.map((one) => one.text).join(" "), holds: (facts) => terms.every(({ holds }) => holds(facts)) };
}
