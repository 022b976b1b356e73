"""A clock, a broker and a channel to it, and a way to let everything happen."""

from collections.abc import Callable
from typing import Any

import pytest

from simnova.exceptions import NovaError, UsageError
from simnova.kernel.clock import Clock, Service
from simnova.kernel.journal import Event
from simnova.messaging.amqp import BasicProperties, Broker, Channel, Delivery
from simnova.messaging.exceptions import MessagingTimeout
from simnova.messaging.rpc import RPCClient, RPCServer, Target, Transport


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


def put(channel: Channel, name: str, *bodies: str, **properties: Any) -> None:
    for body in bodies:
        channel.basic_publish("", name, body, BasicProperties(**properties))


def take(channel: Channel, name: str) -> list[tuple[str | bytes, bool]]:
    """Empty a queue: bodies, and whether each came again."""
    got = []
    while (delivery := channel.basic_get(name, auto_ack=True)) is not None:
        got.append((delivery.body, delivery.redelivered))
    return got


def held(channel: Channel, name: str, count: int) -> list[Delivery]:
    got = [channel.basic_get(name) for _ in range(count)]
    return [delivery for delivery in got if delivery is not None]


def kinds(clock: Clock) -> list[str]:
    return [event.kind for event in clock.journal]


# --- RPC ---


class OwnError(NovaError):
    """A NovaError of a module that may not be rebuilt."""


class Manager:
    """Endpoint of most tests."""

    target = Target(version="1.5")

    def __init__(self, clock: Clock, name: str) -> None:
        self.clock, self.name = clock, name
        self.seen: list[Any] = []

    async def who(self, ctxt: dict[str, Any], note: Any = None) -> str:
        self.seen.append(note)
        return self.name

    async def echo(self, ctxt: dict[str, Any], thing: Any) -> dict[str, Any]:
        self.seen.append(thing)
        return {"ctxt": ctxt, "thing": thing}

    async def change(self, ctxt: dict[str, Any], thing: dict[str, Any]) -> dict[str, Any]:
        thing["changed"] = True
        ctxt["changed"] = True
        self.seen.append(thing)
        return thing

    async def slow(self, ctxt: dict[str, Any], seconds: float) -> float:
        self.seen.append(("began", seconds))
        await self.clock.sleep(seconds)
        self.seen.append(("done", seconds))
        return seconds

    async def fail(self, ctxt: dict[str, Any], how: str) -> None:
        await self.clock.sleep(0.5)
        raise {
            "timeout": MessagingTimeout(msg_id="42"),
            "key": KeyError("host"),
            "own": OwnError("mine"),
            "usage": UsageError("asked wrongly"),
        }[how]

    async def _private(self, ctxt: dict[str, Any]) -> None:
        raise AssertionError("never reached")


class Conductor(Manager):
    """A second endpoint, in a namespace."""

    target = Target(version="2.0", namespace="compute_task")


class World:
    """A broker, servers of the topic `compute` on host1 and host2, and a client."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.broker = Broker(self.clock)
        self.services: dict[str, Service] = {}
        self.managers: dict[str, Manager] = {}
        for name in ("host1", "host2"):
            self.serve(name)
        self.me = self.clock.start("nova-api")
        self.transport = Transport(self.broker, self.me)
        self.client = RPCClient(self.transport, Target("compute"))

    def serve(self, name: str) -> None:
        """A server starts."""
        service = self.services[name] = self.clock.start(f"nova-compute@{name}")
        manager = self.managers[name] = Manager(self.clock, name)
        endpoints = [manager, Conductor(self.clock, f"task {name}")]
        transport = Transport(self.broker, service)
        RPCServer(transport, Target("compute", server=name), endpoints).start()

    def run(self) -> None:
        """To quiet."""
        while not self.clock.quiet:
            self.clock.step()

    def start(self, client: RPCClient, method: str, **kwargs: Any) -> list[Any]:
        """Begin a call; its result or exception will be in the list."""
        answer: list[Any] = []

        async def caller() -> None:
            try:
                answer.append(await client.call({"user": "me"}, method, **kwargs))
            except (NovaError, KeyError) as error:
                answer.append(error)
            self.clock.journal.record("input", {"verb": "resumed"})

        self.clock.spawn(caller(), service=self.me)
        return answer

    def call(self, client: RPCClient, method: str, **kwargs: Any) -> Any:
        """A call to its end."""
        answer = self.start(client, method, **kwargs)
        self.run()
        return answer[0]

    def cast(self, client: RPCClient, method: str, **kwargs: Any) -> None:
        """A cast, and all that follows."""
        self.clock.spawn(client.cast({"user": "me"}, method, **kwargs), service=self.me)
        self.run()

    def of(self, kind: str) -> list[Event]:
        """The events of a kind."""
        return [event for event in self.clock.journal if event.kind == kind]

    def resumed(self) -> list[str]:
        """The chain of causes of what the caller did last."""
        event = self.of("input")[-1]
        return [cause.kind for cause in self.clock.journal.causes(event.seq)][1:]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    from simnova.kernel.journal import KINDS, Kind

    monkeypatch.setitem(KINDS, "input", KINDS.get("input", Kind("for the tests", frozenset())))
    return World()
