"""Draw the notebooks as a learner sees them into docs/images/.

    python tools/screenshots.py [NOTEBOOK.ipynb ...]     all of notebooks/ when none is named

Each gives NAME.png, the window after "run all cells", and NAME-player.png, its first widget moved
to the end. A notebook with an error gives no picture but a failure.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from lab import Lab, browse, chromium, serve

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
WIDGET = ".jp-OutputArea-output.lm-Panel"  # what JupyterLab draws a widget into


def draw(lab: Lab, name: str) -> None:
    """Run one notebook and write its pictures; AssertionError when it is not clean."""
    lab.open(f"{name}.ipynb")
    lab.run_all()
    if lab.page.locator(WIDGET).count():
        move_to_the_end(lab)
        lab.screenshot(IMAGES / f"{name}-player.png", WIDGET)
    lab.assert_clean()
    lab.page.locator(".jp-Notebook .jp-Cell").first.scroll_into_view_if_needed()
    lab.screenshot(IMAGES / f"{name}.png")
    print(f"docs/images/{name}.png")


def move_to_the_end(lab: Lab) -> None:
    """Press End on the slider of the first widget, if it has one."""
    slider = lab.page.locator(WIDGET).first.get_by_role("slider")
    if slider.count():
        slider.first.press("End")


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


if __name__ == "__main__":
    main(sys.argv[1:])
