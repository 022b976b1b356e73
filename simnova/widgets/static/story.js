// The story: one sentence in large type, and the facts of the step over it.

// Longer sentences are set smaller, so that none is cut off.
const LONG = 180;

function drawStory(frame, asides = []) {
  const facts = [seconds(frame.time), frame.actor, frame.kind].filter(Boolean);
  return [
    h("p", { class: "facts" }, h("span", {}, `Step ${frame.position} of ${frame.total}`),
      frame.seq < 0 ? null : h("span", { title: `its number in a cell: cloud.why(${frame.seq})` }, `event ${frame.seq}`),
      ...facts.map((fact) => h("span", {}, fact)), ...asides,
      frame.where && h("span", { class: "where", title: "the line of service code that waits here" }, frame.where)),
    h("p", { class: `sentence${frame.sentence.length > LONG ? " long" : ""}`, title: frame.sentence }, frame.sentence),
  ];
}

// What is said already is not said again.
const say = (voice, words) => { if (voice.textContent !== words) voice.textContent = words; };
const spoken = (frame) => `Step ${frame.position} of ${frame.total}. ${frame.sentence}`;
