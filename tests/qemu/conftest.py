"""Libvirt daemons of our own, for the time of a test session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simnova import Machines


@pytest.fixture(scope="session")
def machines() -> Iterator[Machines]:
    """Two compute hosts on this machine."""
    with Machines(2) as made:
        yield made
