"""What a hypervisor tells nova-compute of its guests, unasked (`nova/virt/event.py`)."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple

from simnova.kernel.clock import Clock
from simnova.nova.objects.states import PowerState

__door__ = True

LIFECYCLE_DELAY = 15.0
"""Seconds that the news of a stop waits: a guest that is rebooted starts again meanwhile, and then nobody is told
(`_event_emit_delayed` of `nova/virt/libvirt/host.py`)."""


class Transition(StrEnum):
    """What has become of a guest, by its name in the log."""

    STARTED = "Started"
    STOPPED = "Stopped"
    PAUSED = "Paused"
    RESUMED = "Resumed"
    POSTCOPY_STARTED = "Postcopy started"
    MIGRATION_COMPLETED = "Migration completed"


class LifecycleEvent(NamedTuple):
    """A guest has been started, stopped, paused, … ; `cause` is the step of the journal that did it.

    `outside` where no work of Nova's was it: the guest itself, or somebody beside Nova.
    """

    uuid: str
    transition: Transition
    cause: int | None
    outside: bool = False


Listener = Callable[[LifecycleEvent], None]

Asked = Callable[..., Any]
"""Called, on any thread, with what a real guest asks of the metadata service; its answer, or None."""

News = Callable[[str, str, PowerState, int | None], None]
"""Told that a guest has changed beside Nova: its host, its UUID, how it is now, and its number while it runs."""

ConnectionListener = Callable[[bool, str], None]
"""Told that the hypervisor cannot be reached any more, and why; or that it can again."""

AFTER_STEP = {
    "start": (Transition.STARTED,),
    "restore": (Transition.STARTED, Transition.RESUMED),
    "pause": (Transition.PAUSED,),
    "unpause": (Transition.RESUMED,),
    "stop": (Transition.STOPPED,),
    "shutdown": (Transition.STOPPED,),
    "save": (Transition.STOPPED,),
}
"""What a driver's step makes of a guest."""


class Events:
    """The events of one hypervisor, for the one who listens."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.listener: Listener | None = None
        self._latest: dict[str, LifecycleEvent] = {}

    def emit(self, uuid: str, *transitions: Transition, cause: int | None = None) -> None:
        """Tell the listener, as soon as whoever works now waits; of a stop only after a while.

        `cause` is the step at which somebody outside has done it; otherwise it is the running task's.
        """
        task = self.clock.active
        outside = cause is not None
        if task is not None and not outside:
            cause = task.latest
        for transition in transitions:
            event = LifecycleEvent(uuid, transition, cause, outside)
            self._latest[uuid] = event
            delay = LIFECYCLE_DELAY if transition == Transition.STOPPED else 0.0
            self.clock.after(delay, self._tell, event, background=not outside)

    def _tell(self, event: LifecycleEvent) -> None:
        overtaken = self._latest.get(event.uuid) is not event
        if self.listener is not None and not (overtaken and event.transition == Transition.STOPPED):
            self.listener(event)
