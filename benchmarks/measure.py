"""What the benchmarks share: the clock they read, the cloud they use, the table they print.

Times are CPU seconds of this process, so that what else runs on the machine counts little.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from simnova import Cloud

UNLIMITED = {"quota": {"instances": -1, "cores": -1, "ram": -1}}
NETWORK, RANGE = "wide", "10.64.0.0/16"


class Line(NamedTuple):
    """One measurement, as it stands in the table."""

    what: str
    value: float
    unit: str
    note: str = ""


def cpu(work: Callable[[], object]) -> float:
    """The CPU seconds that one call takes."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def best(work: Callable[[], object], rounds: int = 5) -> float:
    """The fewest CPU seconds that a call took in some rounds."""
    return min(cpu(work) for _ in range(rounds))


def roomy(hosts: int, **more: Any) -> Cloud:
    """A cloud without quotas, with a network for thousands of servers."""
    cloud = Cloud(hosts=hosts, config=UNLIMITED, **more)
    cloud.networks.create(NETWORK, RANGE)
    return cloud


def burst(cloud: Cloud, count: int) -> None:
    """Boot servers in one request; Neutron's quota of ports, 500 of a project, is lifted."""
    for project in cloud.quotas:
        path = f"/v2.0/quotas/{project.id}"
        cloud.request("PUT", path, {"quota": {"port": -1}}, service="neutron")
    cloud.boot("web", flavor="m1.tiny", network=NETWORK, count=count)
    cloud.run()


def boot(cloud: Cloud, count: int) -> None:
    """Boot servers one after the other, each until it is ACTIVE."""
    for number in range(count):
        server = cloud.boot(f"web{number}", flavor="m1.tiny", network=NETWORK)
        cloud.run()
    assert server.status == "ACTIVE", server


def long(events: int, hosts: int = 20) -> Cloud:
    """A cloud whose journal has that many events, of boots."""
    cloud = roomy(hosts)
    while len(cloud.journal) < events:
        boot(cloud, 20)
    return cloud


def show(lines: Iterable[Line]) -> None:
    """Print measurements as they come, in columns."""
    for line in lines:
        digits = 0 if line.value >= 100 else 1 if line.value >= 10 else 2
        print(f"{line.what:<58}{line.value:>12,.{digits}f} {line.unit:<12}{line.note}", flush=True)
