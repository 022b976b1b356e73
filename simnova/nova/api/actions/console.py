"""What a guest has written to its console; and the older way to ask for a remote one."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from simnova.messaging.rest import Response
from simnova.nova.api.actions.registry import Asked, action
from simnova.nova.context import RequestContext
from simnova.nova.objects.instance import Instance

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f]")


@action(
    "os-getConsoleOutput",
    "get_console_output",
    "os-console-output",
    schemas={(2, 1): "actions.get_console_output"},
)
async def get_console_output(asked: Asked) -> Response:
    """The last lines, or all of them."""
    length = asked.value.get("length")
    output = await asked.api.get_console_output(asked.context, asked.instance, length)
    return Response(200, {"output": _UNPRINTABLE.sub("", output)})


@action(
    "os-getVNCConsole",
    "get_vnc_console",
    "os-remote-consoles",
    schemas={(2, 1): "actions.get_vnc_console"},
    until=(2, 5),
)
async def get_vnc_console(asked: Asked) -> Response:
    """The address of a VNC console."""
    return await _console(asked, asked.api.get_vnc_console)


@action(
    "os-getSPICEConsole",
    "get_spice_console",
    "os-remote-consoles",
    schemas={(2, 1): "actions.get_spice_console"},
    until=(2, 5),
)
async def get_spice_console(asked: Asked) -> Response:
    """The address of a SPICE console."""
    return await _console(asked, asked.api.get_spice_console)


@action(
    "os-getSerialConsole",
    "get_serial_console",
    "os-remote-consoles",
    schemas={(2, 1): "actions.get_serial_console"},
    until=(2, 5),
)
async def get_serial_console(asked: Asked) -> Response:
    """The address of a serial console."""
    return await _console(asked, asked.api.get_serial_console)


async def _console(
    asked: Asked, ask: Callable[[RequestContext, Instance, str], Awaitable[str]]
) -> Response:
    kind = asked.value["type"]
    url = await ask(asked.context, asked.instance, kind)
    return Response(200, {"console": {"type": kind, "url": url}})
