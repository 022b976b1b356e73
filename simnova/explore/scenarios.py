"""What is done to a cloud, again and again, while something breaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simnova.cloud.cloud import Cloud
from simnova.cloud.server import Call
from simnova.kernel.journal import Level


def _nothing(cloud: Cloud) -> None:
    """No preparation."""


@dataclass(frozen=True)
class Scenario:
    """One request to a cloud: `prepare` brings the cloud to where the request is made, `act` sends it.

    `hosts`, `seed` and `config` are the cloud's. `act` must send and not wait, as `cloud.submit` does.
    """

    name: str
    act: Callable[[Cloud], Call]
    prepare: Callable[[Cloud], None] = _nothing
    hosts: int = 2
    seed: int = 0
    config: Mapping[str, Any] = field(default_factory=dict)

    def cloud(self, level: Level = "summary") -> Cloud:
        """A cloud at the moment before the request, with nobody at work."""
        cloud = Cloud(hosts=self.hosts, seed=self.seed, config=self.config, level=level)
        self.prepare(cloud)
        return cloud.run()


def _up(cloud: Cloud) -> None:
    cloud.boot("web")


def _act(action: str) -> Callable[[Cloud], Call]:
    def act(cloud: Cloud) -> Call:
        (server,) = cloud.servers
        return cloud.send("POST", f"/v2.1/servers/{server.id}/action", {action: None})

    return act


def _delete(cloud: Cloud) -> Call:
    (server,) = cloud.servers
    return cloud.send("DELETE", f"/v2.1/servers/{server.id}")


boot = Scenario("boot", lambda cloud: cloud.submit("web"))
"""One server on a cloud of two empty hosts."""

delete = Scenario("delete", _delete, _up)
"""The deletion of a server that runs."""

stop = Scenario("stop", _act("os-stop"), _up)
"""A server that runs is shut down."""

SCENARIOS = {one.name: one for one in (boot, delete, stop)}
"""By their names."""
