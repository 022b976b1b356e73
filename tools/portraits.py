"""The player's pictures, from one scene: each view, dark, narrow, and as an exported page.

A view is led to its step as a learner goes there: by the player's own search.
"""

from __future__ import annotations

import re
from pathlib import Path

from lab import Lab, Server, browse
from playwright.sync_api import Locator, expect

SCENE = """\
from simnova import Cloud, Host

sizes = {"compute1": (8, 8192), "compute2": (16, 16384), "compute3": (4, 1024), "compute4": (8, 6144)}
cloud = Cloud(hosts=[Host(name, vcpus=v, memory_mb=m) for name, (v, m) in sizes.items()])
for name in ("db", "cache"):
    cloud.boot(name, flavor="m1.medium")
cloud.run()
cloud.boot("web", flavor="m1.small")
cloud.run()
chosen = [event.seq for event in cloud.journal if event.kind == "scheduler.select"][-1]
player = cloud.player(step=chosen, view="decision")
player.export("player.html")
player
"""
"""A cloud in use, and the player at the moment in which the scheduler decides."""
CHOSEN = "server:web kind:scheduler.select"
STEPS = {
    "topology": "server:web kind:rpc.cast method:build_and_run_instance",
    "cloud": "server:web state:networking",
    "state": "server:web state:spawning",
    "rows": "server:web state:active",
    "log": CHOSEN,
    "why": "server:web state:active",
}
"""Where each view has something to show."""
WIDGET = ".jp-OutputArea-output.lm-Panel"  # what JupyterLab draws a widget into
THEME = "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })"
SETTLED = 400
"""Milliseconds until a picture stands still."""


def portraits(server: Server, images: Path) -> None:
    """Write player.png and player-NAME.png into the folder `images`; AssertionError where one is not clean."""
    with browse(server, height=800, scale=2) as lab:
        lab.make("player.ipynb", SCENE)
        lab.run_all()
        root = lab.page.locator(".simnova-player")
        root.wait_for()
        _take(lab, images / "player.png")
        for view, query in STEPS.items():
            _find(root, query)
            _turn(root, view)
            _take(lab, images / f"player-{view}.png")
        _find(root, CHOSEN)
        _dark(lab, root, images)
        _narrow(lab, root, images)
        _fork(lab, root, images)
        lab.assert_clean()
        _page(lab, images)


def _take(lab: Lab, picture: Path) -> None:
    lab.page.mouse.move(5, 5)
    lab.page.wait_for_timeout(SETTLED)
    lab.screenshot(picture, WIDGET)
    print(f"docs/images/{picture.name}")


def _find(root: Locator, query: str) -> None:
    before = root.get_by_role("status").first.inner_text()
    root.press("/")
    root.get_by_label("search", exact=True).last.fill(query)
    root.page.keyboard.press("Enter")
    expect(root.locator(".facts")).to_contain_text(re.compile(r": \d+ of \d+"))
    if query == CHOSEN:
        expect(root.get_by_role("status").first).not_to_have_text(before)


def _turn(root: Locator, view: str) -> None:
    root.locator(f"[role=tab][data-view={view}]").click()
    expect(root.get_by_role("tabpanel")).to_have_attribute(
        "aria-labelledby", root.locator(f"[role=tab][data-view={view}]").get_attribute("id") or ""
    )


def _dark(lab: Lab, root: Locator, images: Path) -> None:
    _turn(root, "decision")
    lab.page.evaluate(THEME, "JupyterLab Dark")
    lab.page.wait_for_selector("[data-jp-theme-light='false']", state="attached")
    _take(lab, images / "player-dark.png")
    lab.page.evaluate(THEME, "JupyterLab Light")
    lab.page.wait_for_selector("[data-jp-theme-light='true']", state="attached")


def _narrow(lab: Lab, root: Locator, images: Path) -> None:
    lab.page.set_viewport_size({"width": 560, "height": 1200})
    _take(lab, images / "player-narrow.png")
    lab.page.set_viewport_size({"width": 1280, "height": 800})


def _fork(lab: Lab, root: Locator, images: Path) -> None:
    _turn(root, "fork")
    root.get_by_role("button", name="spawn on compute1", exact=True).click()
    root.get_by_role("button", name="first difference").click()
    _take(lab, images / "player-fork.png")


def _page(lab: Lab, images: Path) -> None:
    lab.page.goto(f"file://{lab.server.root / 'player.html'}#view=cloud")
    lab.page.locator(".simnova-player").wait_for()
    lab.page.wait_for_timeout(SETTLED)
    lab.screenshot(images / "player-page.png")
    print("docs/images/player-page.png")
