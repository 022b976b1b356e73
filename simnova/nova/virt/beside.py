"""What happens to a guest beside Nova: by what runs in it, or by somebody with `virsh` on its host.

The hypervisor tells nova-compute of it as of everything (`nova/virt/event.py`).
"""

from __future__ import annotations

from typing import NamedTuple

from simnova.nova.objects.states import PowerState
from simnova.nova.virt.event import Transition

__door__ = True

_RUNNING, _PAUSED, _OFF = PowerState.RUNNING, PowerState.PAUSED, PowerState.SHUTDOWN


class Deed(NamedTuple):
    """What is done to a guest: in which power states that can be, how it is then (None: gone), and what is told."""

    needs: tuple[PowerState, ...]
    after: PowerState | None
    told: tuple[Transition, ...] = ()


INSIDE = {
    "poweroff": Deed((_RUNNING,), _OFF, (Transition.STOPPED,)),
    "crash": Deed((_RUNNING, _PAUSED), _OFF, (Transition.STOPPED,)),
}
"""By the guest itself: it shuts down, or its QEMU dies."""

VIRSH = {
    "destroy": Deed((_RUNNING, _PAUSED), _OFF, (Transition.STOPPED,)),
    "shutdown": Deed((_RUNNING,), _OFF, (Transition.STOPPED,)),
    "suspend": Deed((_RUNNING,), _PAUSED, (Transition.PAUSED,)),
    "resume": Deed((_PAUSED,), _RUNNING, (Transition.RESUMED,)),
    "start": Deed((_OFF,), _RUNNING, (Transition.STARTED,)),
    "undefine": Deed((_OFF,), None),
}
"""By `virsh` on the host, under its names; the events that Nova has no name for are not told."""

DEEDS = {**INSIDE, **VIRSH}
