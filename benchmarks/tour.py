"""A full tour of all operations on one server, and what each of them costs."""

from __future__ import annotations

import gc
import time
from collections import defaultdict
from collections.abc import Callable, Iterator

from benchmarks.measure import NETWORK, Line, boot, roomy, show
from simnova import Cloud
from simnova.cloud.server import Server

HOSTS, ROUNDS = 3, 5

STOPS: tuple[tuple[str, str, Callable[[Server], object]], ...] = (
    ("stop", "SHUTOFF", Server.stop),
    ("start", "ACTIVE", Server.start),
    ("reboot, soft", "ACTIVE", Server.reboot),
    ("reboot, hard", "ACTIVE", lambda server: server.reboot("HARD")),
    ("pause", "PAUSED", Server.pause),
    ("unpause", "ACTIVE", Server.unpause),
    ("suspend", "SUSPENDED", Server.suspend),
    ("resume", "ACTIVE", Server.resume),
    ("rescue", "RESCUE", Server.rescue),
    ("unrescue", "ACTIVE", Server.unrescue),
    ("lock", "ACTIVE", Server.lock),
    ("unlock", "ACTIVE", Server.unlock),
    ("snapshot", "ACTIVE", lambda server: server.create_image("tour")),
    ("backup", "ACTIVE", lambda server: server.create_backup("tour")),
    ("rebuild", "ACTIVE", Server.rebuild),
    ("shelve and offload", "SHELVED_OFFLOADED", Server.shelve),
    ("unshelve", "ACTIVE", Server.unshelve),
    ("resize", "VERIFY_RESIZE", lambda server: server.resize("m1.small")),
    ("confirm resize", "ACTIVE", Server.confirm_resize),
    ("migrate", "VERIFY_RESIZE", Server.migrate),
    ("revert resize", "ACTIVE", Server.revert_resize),
    ("live migrate", "ACTIVE", Server.live_migrate),
    ("attach an interface", "ACTIVE", lambda server: server.attach_interface(NETWORK)),
    ("delete", "DELETED", Server.delete),
)
"""What is asked, the status at its end, and how."""


def lines() -> Iterator[Line]:
    """The whole tour first, then its operations: the mean of some tours after a first one."""
    cloud = roomy(HOSTS)
    _tour(cloud, defaultdict(float))
    spent: dict[str, float] = defaultdict(float)
    seen = len(cloud.journal)
    gc.collect()
    for _ in range(ROUNDS):
        _tour(cloud, spent)
    events = (len(cloud.journal) - seen) / ROUNDS
    total = sum(spent.values()) / ROUNDS
    note = f"{len(spent)} operations, {events:.0f} events"
    yield Line("a tour of all operations on one server", total * 1e3, "ms", note)
    for what, seconds in spent.items():
        yield Line(f"  {what}", seconds / ROUNDS * 1e3, "ms")


def _tour(cloud: Cloud, spent: dict[str, float]) -> None:
    spent["create"] += _cpu(lambda: boot(cloud, 1))
    server = list(cloud.servers)[-1]
    for what, status, ask in STOPS:
        spent[what] += _cpu(lambda ask=ask: _until_done(cloud, ask, server))
        assert server.status == status, (what, server)


def _cpu(work: Callable[[], object]) -> float:
    """CPU seconds, without looking for garbage first: that would leave the caches cold."""
    start = time.process_time()
    work()
    return time.process_time() - start


def _until_done(cloud: Cloud, ask: Callable[[Server], object], server: Server) -> None:
    ask(server)
    cloud.run()


if __name__ == "__main__":
    show(lines())
