"""What a hang is: a condition in which Nova leaves a server, why it does, and how an operator mends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from textwrap import fill

from simnova.cloud.cloud import Cloud
from simnova.cloud.server import Server
from simnova.explore.facts import Facts, look
from simnova.observe.columns import WIDTH


@dataclass(frozen=True)
class Hang:
    """A condition in which Nova leaves a server for ever, with its reason and its remedy."""

    name: str
    why: str
    remedy: str
    known: Callable[[Facts], bool] = field(repr=False)
    mend: Callable[[Cloud, Server], None] = field(repr=False)

    def __str__(self) -> str:
        said = [self.name, f"Why: {self.why}", f"What mends it: {self.remedy}"]
        return "\n".join(fill(text, WIDTH, subsequent_indent="  ") for text in said)

    def explains(self, cloud: Cloud, server: Server) -> bool:
        """Whether a server is in it, at a moment at which nobody works."""
        return self.known(look(cloud, server.id))


def restart_compute(cloud: Cloud, host: str) -> None:
    """`systemctl restart nova-compute` on a host."""
    name = f"nova-compute@{host}"
    running = cloud.assembly.running.get(name)
    if running is not None and running.alive:
        cloud.stop(name)
    cloud.start(name)
    cloud.run()
