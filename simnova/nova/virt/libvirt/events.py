"""libvirt's own news of guests: its event loop on a thread, and what becomes of the news (`nova/virt/libvirt/host.py`).

A callback of libvirt's must not ask libvirt, so a second thread does: it looks how the guest is by now. What it tells
is so never older than what has been told before.
"""

from __future__ import annotations

import functools
import queue
import threading
from collections.abc import Callable
from typing import Any

from simnova.nova.virt.libvirt import guest

__door__ = True

Tell = Callable[[str, guest.Info | None], None]
"""Called, on another thread, with a guest's UUID and how it is now; None where it has gone."""


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


def listen(connection: Any, mark: str, tell: Tell) -> None:
    """From now on tell what becomes of the guests that bear the mark."""
    import libvirt

    news: queue.SimpleQueue[Any] = queue.SimpleQueue()
    kind = libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE
    connection.domainEventRegisterAny(None, kind, lambda _, domain, *more: news.put(domain), None)
    connection.registerCloseCallback(lambda *_: news.put(None), None)
    work = (news, mark, tell)
    threading.Thread(target=_pass_on, args=work, daemon=True, name="libvirt news").start()


def _pass_on(news: queue.SimpleQueue[Any], mark: str, tell: Tell) -> None:
    import libvirt

    while (domain := news.get()) is not None:
        try:
            if guest.bears(domain, mark):
                tell(domain.UUIDString(), guest.info(domain))
        except libvirt.libvirtError:
            tell(domain.UUIDString(), None)
