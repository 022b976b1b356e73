"""Draw the notebooks as a learner sees them into docs/images/.

    python tools/screenshots.py [NOTEBOOK.ipynb ...]     all of notebooks/ when none is named

Each gives NAME.png, the window after "run all cells", and NAME-player.png, its first widget as the
notebook leaves it. A notebook with an error gives no picture but a failure. With no name given, the
picture at the top of the README is drawn too: docs/images/player.png, from the cell in SCENE.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from lab import Lab, browse, chromium, serve

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
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
cloud.player(step=chosen, view="decision")
"""
"""A cloud in use, and the player at the moment in which the scheduler decides."""
WIDGET = ".jp-OutputArea-output.lm-Panel"  # what JupyterLab draws a widget into


def draw(lab: Lab, name: str) -> None:
    """Run one notebook and write its pictures; AssertionError when it is not clean."""
    lab.open(f"{name}.ipynb")
    lab.run_all()
    if lab.page.locator(WIDGET).count():
        lab.screenshot(IMAGES / f"{name}-player.png", WIDGET)
    lab.assert_clean()
    lab.page.locator(".jp-Notebook .jp-Cell").first.scroll_into_view_if_needed()
    lab.screenshot(IMAGES / f"{name}.png")
    print(f"docs/images/{name}.png")


def scene(root: Path) -> None:
    """Write the notebook whose player stands at the top of the README."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SCENE)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, root / "player.ipynb")


def draw_scene(lab: Lab) -> None:
    """Write docs/images/player.png."""
    lab.open("player.ipynb")
    lab.run_all()
    lab.assert_clean()
    lab.screenshot(IMAGES / "player.png", WIDGET)
    print("docs/images/player.png")


def main(names: list[str]) -> None:
    """Draw the notebooks named, or all."""
    if not chromium():
        sys.exit("There is no Chromium here to draw with; see bindep.txt.")
    there = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
    chosen = [Path(name).stem for name in names] or there
    if unknown := set(chosen) - set(there):
        sys.exit(f"notebooks/ has no {', '.join(sorted(unknown))}; it has {', '.join(there)}.")
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "root"
        shutil.copytree(ROOT / "notebooks", copy)
        with serve(copy, Path(scratch)) as server:
            for name in chosen:
                with browse(server, height=1000) as lab:
                    draw(lab, name)
            if not names:
                scene(copy)
                with browse(server, height=1000) as lab:
                    draw_scene(lab)


if __name__ == "__main__":
    main(sys.argv[1:])
