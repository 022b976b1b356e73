// What is asked of Python. Each message has a number that is answered, so that a kernel which is busy or gone is noticed.

const PATIENCE = 4000;
const SILENT = "The kernel does not answer: it is busy, or was restarted. The picture stays as it is.";

function makeAsk(model, silent) {
  let turn = 0, waiting = null;
  const done = new Map();
  const heard = () => { clearTimeout(waiting); waiting = null; silent(false); };
  const hear = (said) => {
    if (!said.wrong) done.get(said.heard)?.();
    done.delete(said.heard);
    if (said.heard === turn) heard();
  };
  const gone = () => ask({ do: "hello" });
  // What follows an answer is for one that nothing was wrong with.
  const ask = (message, then) => {
    if (model.get("offline")) {
      model.send(message);
      return model.get("problem").text || then?.();
    }
    try {
      model.send({ ...message, turn: ++turn });
      if (then) done.set(turn, then);
      waiting ??= setTimeout(() => silent(true), PATIENCE);
    } catch {
      silent(true);
    }
  };
  model.on("msg:custom", hear);
  model.on("change:frame", heard);
  model.on("comm_live_update", gone);
  const stop = () => {
    clearTimeout(waiting);
    model.off("msg:custom", hear);
    model.off("change:frame", heard);
    model.off("comm_live_update", gone);
  };
  return { ask, stop, waits: () => waiting !== null };
}
