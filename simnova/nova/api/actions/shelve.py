"""Shelve, give up the host of what is shelved, unshelve."""

from __future__ import annotations

from simnova.messaging.rest import Fault
from simnova.nova import exception
from simnova.nova.api.actions.registry import Asked, action
from simnova.nova.api.policy import require_admin
from simnova.nova.compute.api.shelve import UNCHANGED


@action(
    "shelve",
    "shelve",
    "os-shelve:shelve",
    conflicts=(exception.UnexpectedTaskStateError,),
)
async def shelve(asked: Asked) -> None:
    """Stop it and upload its disk."""
    await asked.api.shelve(asked.context, asked.instance)


@action("shelveOffload", "shelveOffload", "os-shelve:shelve_offload", admin=True)
async def shelve_offload(asked: Asked) -> None:
    """Give up its host."""
    await asked.api.shelve_offload(asked.context, asked.instance)


@action(
    "unshelve",
    "unshelve",
    "os-shelve:unshelve",
    schemas={(2, 77): "actions.unshelve_2_77", (2, 91): "actions.unshelve_2_91"},
)
async def unshelve(asked: Asked) -> None:
    """Start it again: from 2.77 on in a zone, from 2.91 on on a host, if one is given."""
    wanted = (asked.value or {}) if asked.version >= (2, 77) else {}
    zone, host = wanted.get("availability_zone", UNCHANGED), wanted.get("host")
    if host:
        require_admin(asked.context, "os_compute_api:os-shelve:unshelve_to_host")
    try:
        await asked.api.unshelve(asked.context, asked.instance, zone, host)
    except exception.ComputeHostNotFound as error:
        raise Fault(400, str(error)) from None
