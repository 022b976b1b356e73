"""The player on a journal of 100,000 events: in Python, and in JupyterLab from a key to the picture.

Aims: it opens in under a second and steps within 50 ms from key to picture, a step sends a few kilobytes, the page's
memory stays bounded, and a cloud that is followed runs a tenth slower at most. The browser's part is wall time, which
other work on the machine lengthens.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.measure import Line, cpu, long, show
from simnova.widgets.player import Player
from simnova.widgets.views import VIEWS

EVENTS, SEEKS, STEPS = 100_000, 60, 500
OPENS, STEP, PAGE, SLOWER = 1.0, 50.0, 50.0, 1.1
"""What is aimed at: seconds, milliseconds, megabytes that the page may grow by, times as long."""

HERE = Path(__file__).parents[1]
CELL = f"from benchmarks.measure import long\ncloud = long({EVENTS})"
OPEN = "player = cloud.player()\nplayer"
FOLLOW = """
from time import perf_counter
from benchmarks.measure import boot, roomy

cloud = roomy(20)
player = cloud.player(view="cloud")
look, looks = player.refresh, []

def timed(**how):
    start = perf_counter()
    look(**how)
    looks.append(perf_counter() - start)

player.refresh = timed
start = perf_counter()
player.follow()
boot(cloud, 200)
whole = perf_counter() - start
print(len(looks), whole / (whole - sum(looks)))
"""
WALK = """async ([key, count]) => {
  const root = document.querySelector('.simnova-player'), taken = [];
  const story = root.querySelector('.story');
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(0);
  }));
  const drawn = () => new Promise((done) => {
    const seen = new MutationObserver(() => { seen.disconnect(); painted().then(done); });
    seen.observe(story, { childList: true, subtree: true, characterData: true });
  });
  for (let step = 0; step < count; step++) {
    const start = performance.now(), picture = drawn();
    root.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    await picture;
    taken.push(performance.now() - start);
  }
  return taken.sort((one, other) => one - other);
}"""


def lines() -> Iterator[Line]:
    """Python first, then the browser."""
    yield from python()
    yield from browser()


def python() -> Iterator[Line]:
    """CPU time of the player itself: opening, stepping, seeking, filtering."""
    cloud = long(EVENTS)
    players: list[Player] = []
    opening = cpu(lambda: players.append(Player(cloud)))
    total = len(cloud.journal)
    yield Line("opening a player", opening, "s", f"{total:,} events; aim under {OPENS:g} s")
    yield Line("opening a second one", cpu(lambda: Player(cloud)) * 1e3, "ms")
    player = players[0]
    for view in VIEWS:
        player.view = view
        player.seek(total // 2)
        yield _each(f"a step, {view} in view", player.forward, SEEKS)
    for query in ("service:nova-conductor kind:rpc", "server:web7", "quota"):
        yield Line(f"the filter {query}", cpu(lambda query=query: player.sift(query)) * 1e3, "ms")
        yield Line("  and all steps again", cpu(lambda: player.sift("")) * 1e3, "ms")
    yield Line("a search for a word", cpu(lambda: player.find("claims")) * 1e3, "ms")
    player.stop_at("service:nova-conductor kind:rpc.cast to:compute")
    yield _each("on to the next stop", player.go_on, SEEKS)
    anywhere = iter(random.Random(0).sample(range(total), SEEKS))
    yield _each("a seek to anywhere, log in view", lambda: player.seek(next(anywhere)), SEEKS)


def _each(what: str, work: Callable[[], object], times: int) -> Line:
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    taken.sort()
    return Line(what, taken[times // 2] * 1e3, "ms", f"median; worst {taken[-1] * 1e3:.0f} ms")


def browser() -> Iterator[Line]:
    """Wall time in a headless JupyterLab: opening the widget, keys, what comes over the wire, the page's memory."""
    sys.path.append(str(HERE / "tools"))
    from lab import browse, serve

    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "root"
        root.mkdir()
        with serve(root, Path(scratch)) as server, browse(server, height=800) as lab:
            wire = _listen(lab.page)
            lab.make("live.ipynb", FOLLOW)
            lab.run_all(600)
            looks, slower = map(float, lab.cells()[0]["outputs"][-1]["text"].split())
            note = f"in {looks:.0f} looks; aim {SLOWER:g}"
            yield Line("a cloud that is followed takes", slower, "times", note)
            lab.make("long.ipynb", CELL, OPEN)
            lab.run_all(600)
            lab.page.locator(".simnova-player .story").first.wait_for()
            yield from _walk(lab.page, wire)


def _listen(page: Any) -> list[int]:
    """The sizes of the messages that come from the kernel, as they come."""
    sizes: list[int] = []
    page.on("websocket", lambda one: one.on("framereceived", lambda got: sizes.append(len(got))))
    return sizes


def _walk(page: Any, wire: list[int]) -> Iterator[Line]:
    counts = page.context.new_cdp_session(page)
    counts.send("Performance.enable", {"timeDomain": "threadTicks"})
    before, sent, busy = _heap(counts), sum(wire), _metric(counts, "ThreadTime")
    taken = page.evaluate(WALK, ["ArrowRight", STEPS])
    middle, late = taken[STEPS // 2], taken[STEPS * 95 // 100]
    note = f"median of {STEPS}; from {taken[0]:.0f} ms, 95 % under {late:.0f} ms; aim {STEP:g} ms"
    yield Line("from key to picture", middle, "ms", note)
    work = (_metric(counts, "ThreadTime") - busy) / STEPS * 1e3
    yield Line(
        "  of which the page works", work, "ms", "CPU time of its thread, JupyterLab's included"
    )
    each = (sum(wire) - sent) / STEPS / 1e3
    yield Line("  over the wire for a step", each, "kB")
    grown = (_heap(counts) - before) / 1e6
    yield Line(f"  the page's memory after {STEPS} steps", grown, "MB more", f"aim {PAGE:g} MB")
    back = page.evaluate(WALK, ["ArrowLeft", STEPS // 5])
    yield Line("  the same backwards", back[len(back) // 2], "ms", "median")


def _heap(page: Any) -> float:
    """Bytes of the page's JavaScript, after its garbage is gone."""
    page.send("HeapProfiler.collectGarbage")
    return _metric(page, "JSHeapUsedSize")


def _metric(page: Any, name: str) -> float:
    """What Chromium counts; ThreadTime is the CPU seconds of the page's thread by now."""
    metrics = page.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == name))


if __name__ == "__main__":
    show(lines())
