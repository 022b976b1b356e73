"""Boots a second with one and with four conductors, in simulated time and in CPU time; work costs what it cost Nova."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.measure import NETWORK, UNLIMITED, Line, cpu, show
from simnova import Cloud

HOSTS, BOOTS = 20, 60


def lines() -> Iterator[Line]:
    """The same burst through the database, one conductor, and four."""
    for name, options in (
        ("computes at the database", {"use_local": True}),
        ("one conductor", {"workers": 1}),
        ("four conductors", {"workers": 4}),
    ):
        yield from _burst(name, options)


def _burst(name: str, options: dict[str, Any]) -> Iterator[Line]:
    config = UNLIMITED | {"conductor": options, "host_subset_size": HOSTS}
    cloud = Cloud(hosts=HOSTS, config=config, costs="measured")
    cloud.networks.create(NETWORK, "10.64.0.0/16")
    for host in cloud.assembly.hosts:
        cloud.submit(f"first-{host}", flavor="m1.tiny", network=NETWORK, host=host)
    cloud.run()
    began, seen = cloud.now, len(cloud.journal)
    seconds = cpu(lambda: _boot(cloud))
    active = sum(server.status == "ACTIVE" for server in cloud.servers) - HOSTS
    load = cloud.load(seen)
    (_, _, median, _, slowest) = load.boots().rows[0]
    note = f"{active} boots at once; median {median} s, slowest {slowest} s"
    yield Line(name, active / (cloud.now - began), "a sim. s", note)
    yield Line("  in CPU time", active / seconds, "a second", f"{len(cloud.journal) - seen} events")


def _boot(cloud: Cloud) -> None:
    for number in range(BOOTS):
        cloud.submit(f"web{number}", flavor="m1.tiny", network=NETWORK)
    cloud.run()


if __name__ == "__main__":
    show(lines())
