"""Marks every test by where it lies, and skips what this machine cannot run, with one sentence."""

import gc
import importlib
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from simnova.jsonschemas import jsonschema

ROOT = Path(__file__).parent
# How long an example takes says nothing on a machine that is busy.
settings.register_profile("simnova", deadline=None)
settings.load_profile("simnova")

FOLDERS = {
    "tests/browser": "browser",
    "tests/cells": "thorough",
    "tests/faults": "thorough",
    "tests/labs": "labs",
    "tests/libvirt": "libvirt",
    "tests/magics": "thorough",
    "tests/observe/traces": "thorough",
    "tests/periodic": "thorough",
    "tests/qemu": "qemu",
}

NOTEBOOKS = {"libvirt": "libvirt", "real_hypervisor": "qemu", "inside_libvirt": "qemu"}
"""What notebooks need, by a word in their names."""


def pytest_configure() -> None:
    """A shell has what it runs in the background ignore SIGINT: tests of interrupts would wait for ever.

    nbformat imports jsonschema, and would import it with the part that takes a second.
    """
    jsonschema()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def marks(path: Path) -> set[str]:
    """The markers that a test has because of its place."""
    place = path.relative_to(ROOT).as_posix()
    found = {mark for folder, mark in FOLDERS.items() if place.startswith(f"{folder}/")}
    if path.suffix == ".ipynb":
        found |= {"notebooks", *(mark for word, mark in NOTEBOOKS.items() if word in path.name)}
    return found


def has_libvirt() -> bool:
    """Whether libvirt-python and the library below it are here."""
    try:
        importlib.import_module("libvirt")
    except ImportError:
        return False
    return True


def lacking() -> dict[str, str]:
    """The markers of tests that cannot run here, and what is missing."""
    from simnova.nova.virt.libvirt import daemon

    absent = {} if has_libvirt() else {"libvirt": "libvirt-python is not installed; see bindep.txt"}
    reason = absent.get("libvirt") or daemon.missing()
    return {**absent, "qemu": reason} if reason else absent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test, and skip those that need libvirt or QEMU where there is none."""
    absent = lacking()
    for item in items:
        for mark in marks(item.path):
            item.add_marker(mark)
        for mark, reason in absent.items():
            if item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def machines():
    """Two compute hosts on this machine, `compute1` and `compute2`, for the time of the session."""
    from simnova import Machines

    with Machines(2) as made:
        yield made


def pytest_collection_finish() -> None:
    """Thousands of tests and all modules stay to the end: the garbage collector need not go through them each time.

    Nor need it go through the clouds of all tests so far as often as Python has it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(700, 10, 50)
