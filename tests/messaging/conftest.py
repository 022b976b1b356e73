"""A clock, a broker and a channel to it, and a way to let everything happen."""

from collections.abc import Callable

import pytest

from simnova.kernel.clock import Clock
from simnova.messaging.amqp import Broker, Channel


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def broker(clock: Clock) -> Broker:
    return Broker(clock)


@pytest.fixture
def channel(broker: Broker) -> Channel:
    return broker.connect("me").channel()


@pytest.fixture
def run(clock: Clock) -> Callable[[], None]:
    """Let the clock run until nobody works."""

    def to_quiet() -> None:
        while not clock.quiet:
            clock.step()

    return to_quiet
