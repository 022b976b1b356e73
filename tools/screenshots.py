"""Draw the notebooks as a learner sees them into docs/images/.

    python tools/screenshots.py [NOTEBOOK.ipynb ...]     all of notebooks/ when none is named
    python tools/screenshots.py player                   the player's own pictures

Each gives NAME.png, the window after "run all cells", and NAME-player.png, its first widget as the
notebook leaves it. A notebook with an error gives no picture but a failure. With no name given, the
player's pictures are drawn too: docs/images/player.png and player-VIEW.png (portraits.py).
"""

import shutil
import sys
import tempfile
from pathlib import Path

from lab import Lab, browse, chromium, serve
from portraits import WIDGET, portraits

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"


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


def main(names: list[str]) -> None:
    """Draw the notebooks named, the player, or all."""
    if not chromium():
        sys.exit("There is no Chromium here to draw with; see bindep.txt.")
    there = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
    chosen = [Path(name).stem for name in names] or [*there, "player"]
    if unknown := set(chosen) - set(there) - {"player"}:
        sys.exit(f"notebooks/ has no {', '.join(sorted(unknown))}; it has {', '.join(there)}.")
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "root"
        shutil.copytree(ROOT / "notebooks", copy)
        with serve(copy, Path(scratch)) as server:
            for name in filter(there.__contains__, chosen):
                with browse(server, height=1000) as lab:
                    draw(lab, name)
            if "player" in chosen:
                portraits(server, IMAGES)


if __name__ == "__main__":
    main(sys.argv[1:])
