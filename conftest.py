"""Marks every test by where it lies, and skips what this machine cannot run, with one sentence."""

import gc
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
FOLDERS = {"tests/browser": "browser", "tests/labs": "labs", "tests/libvirt": "libvirt"}


def marks(path: Path) -> set[str]:
    """The markers that a test has because of its place."""
    place = path.relative_to(ROOT).as_posix()
    found = {mark for folder, mark in FOLDERS.items() if place.startswith(f"{folder}/")}
    if path.suffix == ".ipynb":
        found |= {"notebooks", "libvirt"} if "libvirt" in path.name else {"notebooks"}
    return found


def has_libvirt() -> bool:
    """Whether libvirt-python and the library below it are here."""
    try:
        importlib.import_module("libvirt")
    except ImportError:
        return False
    return True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test, and skip those that need libvirt where there is none."""
    skip = pytest.mark.skip(reason="libvirt-python is not installed; see bindep.txt")
    libvirt = has_libvirt()
    for item in items:
        for mark in marks(item.path):
            item.add_marker(mark)
        if item.get_closest_marker("libvirt") and not libvirt:
            item.add_marker(skip)


def pytest_collection_finish() -> None:
    """Thousands of tests and all modules stay to the end: the garbage collector need not go through them each time."""
    gc.collect()
    gc.freeze()
