"""libvirt's own news of guests: its event loop on a thread, and what becomes of the news (`nova/virt/libvirt/host.py`).

A callback of libvirt's must not ask libvirt, so a second thread does: it looks how the guest is by now, and
says how much had been done to it before it looked: what was seen before the latest step is no news.
"""

from __future__ import annotations

import functools
import queue
import threading
from contextlib import suppress
from typing import Any, Protocol

from simnova.nova.virt.libvirt import guest, identity

__door__ = True


class Ear(Protocol):
    """Who listens, on another thread."""

    def stamp(self, uuid: str) -> int:
        """How often work has been done on a guest so far: asked before it is looked at."""
        ...

    def tell(self, uuid: str, found: guest.Info, stamp: int) -> None:
        """How the guest was after that much work."""
        ...


@functools.cache
def loop() -> None:
    """Have libvirt's events be heard in this process; needed before a connection is opened."""
    import libvirt

    libvirt.virEventRegisterDefaultImpl()
    threading.Thread(target=_run, daemon=True, name="libvirt events").start()


def _run() -> None:
    import libvirt

    while True:
        libvirt.virEventRunDefaultImpl()


def listen(connection: Any, mark: str, ear: Ear) -> None:
    """From now on tell what becomes of the guests that bear the mark."""
    import libvirt

    news: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    kind = libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE
    connection.domainEventRegisterAny(
        None, kind, lambda _, domain, *more: news.put(domain.UUIDString()), None
    )
    connection.registerCloseCallback(lambda *_: news.put(None), None)
    work = (connection, news, mark, ear)
    threading.Thread(target=_pass_on, args=work, daemon=True, name="libvirt news").start()


def _pass_on(connection: Any, news: queue.SimpleQueue[str | None], mark: str, ear: Ear) -> None:
    import libvirt

    while (uuid := news.get()) is not None:
        with suppress(libvirt.libvirtError):  # it has gone meanwhile
            domain = connection.lookupByUUIDString(uuid)
            server = identity.server_of(domain, mark)
            if server is not None:
                stamp = ear.stamp(server)
                ear.tell(server, guest.info(domain), stamp)
