"""RPC calls per second through the whole messaging, beside the same exchange on bare SimPy Stores.

Both make four hops with the same latencies, start a task for each request and wait for the reply with a timeout.
The messaging keeps its journal on and serialises its messages; what serialising costs is also measured apart.
Run it with `python -m benchmarks.rpc`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import count

import simpy

from benchmarks.measure import Line, best, show
from simnova.kernel.clock import Clock
from simnova.messaging.amqp import LATENCY, Broker
from simnova.messaging.envelope import seal, unseal
from simnova.messaging.rpc import RPCClient, RPCServer, Target, Transport

CALLERS, CALLS, ROUNDS = 10, 500, 5
ARGS = {"instance": {"uuid": "0" * 36, "host": "compute1", "vcpus": 1, "memory_mb": 2048}}
CONTEXT = {"user_id": "admin", "project_id": "demo", "request_id": "req-1", "is_admin": True}


class Endpoint:
    """What both sides do with a request: nothing but to answer."""

    async def work(self, ctxt: dict[str, object], instance: dict[str, object]) -> dict[str, object]:
        """Answer with a part of what came."""
        return {"host": instance["host"]}


def through_messaging() -> None:
    """All calls through broker, queues, acknowledgements, envelopes and journal."""
    clock = Clock()
    broker = Broker(clock)
    server = Transport(broker, clock.start("nova-conductor"))
    RPCServer(server, Target("conductor", server="conductor1"), [Endpoint()]).start()
    for number in range(CALLERS):
        service = clock.start(f"nova-compute@{number}")
        client = RPCClient(Transport(broker, service), Target("conductor"))
        clock.spawn(_caller(client), service=service)
    while not clock.quiet:
        clock.step()
    assert len(clock.journal) == 1 + CALLERS + 8 * CALLERS * CALLS


async def _caller(client: RPCClient) -> None:
    for _ in range(CALLS):
        await client.call(CONTEXT, "work", **ARGS)


class Bare:
    """The same on Stores: publisher -> broker -> server, and back to the caller's own reply store."""

    def __init__(self) -> None:
        self.env = simpy.Environment()
        self.rng = random.Random(0)
        self.to_broker, self.queue = simpy.Store(self.env), simpy.Store(self.env)
        self.done = 0
        self.env.process(self.broker())
        self.env.process(self.server())
        self.waiting: dict[int, simpy.Event] = {}
        self.ids = count()
        for _ in range(CALLERS):
            self.env.process(self.caller())

    def latency(self) -> float:
        """One way."""
        return self.rng.uniform(LATENCY.low, LATENCY.high)

    def send(self, store: simpy.Store, message: object):
        """A message travels and is put into a store."""
        yield self.env.timeout(self.latency())
        yield store.put(message)

    def broker(self):
        """Routes: a request into the queue, a reply into its caller's store."""
        while True:
            target, message = yield self.to_broker.get()
            self.env.process(self.send(target, message))

    def server(self):
        """Starts a task for each request."""
        while True:
            message = yield self.queue.get()
            self.env.process(self.work(*message))

    def work(self, message_id: int, replies: simpy.Store, args: dict):
        """Answers."""
        result = {"host": args["instance"]["host"]}
        yield from self.send(self.to_broker, (replies, (message_id, result)))

    def caller(self):
        """Calls, and waits for the reply or a timeout."""
        replies = simpy.Store(self.env)
        for _ in range(CALLS):
            message = (next(self.ids), replies, ARGS)
            self.env.process(self.send(self.to_broker, (self.queue, message)))
            yield replies.get() | self.env.timeout(60)
            self.done += 1


def on_bare_simpy() -> None:
    """All calls on bare Stores."""
    bare = Bare()
    while bare.done < CALLERS * CALLS:
        bare.env.step()


def serialising() -> None:
    """What the messages of all calls cost to write and read."""
    request = {
        "method": "work",
        "args": ARGS,
        "version": "1.0",
        "_msg_id": "0" * 32,
        "_reply_q": "reply_" + "0" * 32,
        "_timeout": None,
        "_unique_id": "0" * 32,
        **{f"_context_{key}": value for key, value in CONTEXT.items()},
    }
    reply = {"result": {"host": "compute1"}, "failure": None, "ending": True, "_msg_id": "0" * 32}
    reply["_unique_id"] = "0" * 32
    for _ in range(CALLERS * CALLS):
        unseal(seal(request))
        unseal(seal(reply))


def each(work: Callable[[], None]) -> float:
    """The time one call takes, the best of some rounds."""
    return best(work, ROUNDS) / (CALLERS * CALLS)


def lines() -> Iterator[Line]:
    """Both ways in one run, and their ratio."""
    whole, bare, json = each(through_messaging), each(on_bare_simpy), each(serialising)
    yield Line(
        "RPC calls through the messaging", 1 / whole, "a second", f"{whole * 1e6:.0f} us each"
    )
    yield Line("  the same on bare SimPy Stores", 1 / bare, "a second", f"{bare * 1e6:.0f} us each")
    yield Line("  serialising alone", json * 1e6, "us each")
    apart = f"without serialising {(whole - json) / bare:.1f}"
    yield Line("  ratio", whole / bare, "times", apart)


if __name__ == "__main__":
    show(lines())
