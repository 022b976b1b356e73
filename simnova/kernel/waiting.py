"""Where a task waits."""

from __future__ import annotations

from typing import Any

from simnova.kernel.journal import waiting_code

__door__ = True


def where(coro: Any) -> str:
    """The innermost line of service code at which a suspended coroutine waits, as `file:line`; empty in a door."""
    found = ""
    while getattr(coro, "cr_frame", None) is not None:
        if not coro.cr_frame.f_globals.get("__door__"):
            found = waiting_code(coro.cr_frame) or found
        coro = coro.cr_await
    return found
