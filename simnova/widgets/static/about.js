// What a view shows and what its marks mean, behind the question mark beside the tabs.

const ABOUT = {
  decision: "Each row is a filter, each column a host: ✓ lets it pass, ✗ rejects it, and a host that is out is not asked again. "
    + "Below, what the weighers give those that are left: the largest sum wins (★); ☆ marks the alternates that a failed build may fall back on.",
  topology: "Exchanges, queues and services of the message bus: a line is a binding or a subscription, a number the depth of a queue. "
    + "The message of this step is on its way along the lines that are lit.",
  fork: "What happens from this step on where something is changed: the two runs stand side by side, and the first event in which they differ is marked. "
    + "The cloud itself is never touched, for the fork is another one.",
  cloud: "Each box is a host, as wide as its memory, with its servers in it: dashed while they are being built or changed, red where they failed. "
    + "The bars tell what is sold of what may be sold; the mark in a bar is what the machine really has.",
  rows: "The rows of the databases that changed since the step before: what a column was, and what it is now. "
    + "NULL is a column that holds nothing.",
  log: "What the services wrote to their logs, in OpenStack's format, up to this step; the lines of this step are marked. "
    + "The id that begins with req- follows one request through all services.",
};

const SEQUENCE = "Time runs downwards, each column is a service, each arrow a message: solid with a full head waits for its answer, "
  + "dashed with an open head does not wait, or is the answer; a cross is an error. A dot is something that a service decides or writes; what is pale is still to come.";

function aboutNote(name, text = "") {
  const told = h("p", {}, text);
  const shown = h("details", { class: "about" },
    h("summary", { "aria-label": name, title: name, "data-lm-suppress-shortcuts": "true" }, "?"), told);
  shown.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !shown.open) return;
    event.stopPropagation();
    shown.open = false;
  });
  shown.addEventListener("focusout", (event) => { if (!shown.contains(event.relatedTarget)) shown.open = false; });
  return { shown, told };
}

const aboutSequence = () => aboutNote("what the sequence shows", SEQUENCE).shown;

function makeAbout() {
  const { shown, told } = aboutNote("what this view shows");
  const show = (view) => { told.textContent = VIEWS[view].about ?? ABOUT[view] ?? ""; shown.hidden = !told.textContent; };
  return { shown, show };
}
