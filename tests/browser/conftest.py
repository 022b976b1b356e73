"""The fixture `lab`: a browser window on a JupyterLab of the tests' own.

    def test_the_first_notebook(lab):
        lab.open("00_start_here.ipynb")
        lab.run_all()
        lab.page.get_by_role("button", name="forward").first.click()
        lab.assert_clean()

Its methods are told in tools/lab.py; `lab.page` is Playwright's page.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from lab import Lab, Server, browse, chromium, serve
from playwright.sync_api import Page

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One JupyterLab for all browser tests, over a copy of notebooks/."""
    if not chromium():
        pytest.skip("there is no Chromium here; see bindep.txt")
    root = tmp_path_factory.mktemp("root")
    if NOTEBOOKS.exists():
        shutil.copytree(NOTEBOOKS, root, dirs_exist_ok=True)
    with serve(root, tmp_path_factory.mktemp("jupyter")) as server:
        yield server


@pytest.fixture
def lab(jupyterlab: Server) -> Iterator[Lab]:
    """A window of its own for each test: Playwright's event loop must not outlive a test."""
    with browse(jupyterlab) as window:
        yield window


@pytest.fixture
def violations() -> Callable[..., list[Any]]:
    """What axe-core finds wrong on a page, or within a part of it: the rule and the elements."""

    def found(page: Page, within: str | None = None) -> list[Any]:
        rules = Axe().run(page, within).response["violations"]
        return [(rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in rules]

    return found
