"""Real guests in QEMU, in seconds of the wall clock: from the API's request to the login line, one, and ten at once,
and how much longer ten take while a player follows them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.measure import Line, show
from simnova import Cloud, Machines
from simnova.nova.virt.libvirt import daemon
from simnova.nova.virt.tiny_guest import LOGIN
from simnova.widgets.player import Player

MANY, ROUNDS = 10, 5


def lines() -> Iterator[Line]:
    """On two libvirt daemons of one's own; nothing where this machine has no QEMU."""
    if daemon.missing():
        return
    with Machines(2) as machines, Cloud(machines.hosts) as cloud:
        first = _boot(cloud, 1)
        alone = min(_boot(cloud, 1) for _ in range(ROUNDS))
        together = min(_boot(cloud, MANY) for _ in range(2))
        looks, slower = _followed(cloud)
        kind = cloud.assembly.drivers["compute1"].driver.virt_type
    yield Line("first boot to login, image and all", first, "s", f"virt_type {kind}")
    yield Line("a boot to login", alone, "s", f"least of {ROUNDS}; aim: 2")
    yield Line(f"{MANY} boots at once to their logins", together, "s", "lesser of 2; aim: 6")
    yield Line("  as so many boots one after the other", MANY * alone / together, "times as fast")
    yield Line("  while a player follows them", slower, "times", f"{looks} looks; aim 1.1 at most")


def _boot(cloud: Cloud, count: int) -> float:
    """Seconds until the last of so many guests shows its login line; then they go."""
    began = time.perf_counter()
    call = cloud.submit("web", flavor="m1.tiny", count=count)
    cloud.run()
    for server in call.servers:
        server.expect(LOGIN)
    took = time.perf_counter() - began
    for server in call.servers:
        server.delete()
    cloud.run()
    return took


def _followed(cloud: Cloud) -> tuple[int, float]:
    """How often a player looks while ten guests boot, and how many times as long they take for it."""
    player = Player(cloud, view="cloud")
    looks, look = [], player.refresh

    def timed(*, follow: bool = False) -> None:
        began = time.perf_counter()
        look(follow=follow)
        looks.append(time.perf_counter() - began)

    player.refresh = timed  # type: ignore[method-assign]
    player.follow()
    whole = _boot(cloud, MANY)
    player.close()
    return len(looks), whole / (whole - sum(looks))


if __name__ == "__main__":
    show(lines())
