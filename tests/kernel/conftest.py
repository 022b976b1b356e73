"""A clock with a service, and a way to let everything happen."""

import pytest

from simnova.kernel.clock import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def service(clock):
    return clock.start("service")


def run(clock):
    """To quiet."""
    while not clock.quiet:
        clock.step()
