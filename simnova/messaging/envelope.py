"""What crosses the wire: the message in its envelope, and exceptions as text
(`oslo_messaging/_drivers/common.py`).
"""

from __future__ import annotations

import builtins
import importlib
import json
import linecache
from types import TracebackType
from typing import Any

from simnova.exceptions import NovaError
from simnova.kernel.journal import waiting_code
from simnova.messaging.exceptions import RemoteError

_HEAD = '{"oslo.version":"2.0","oslo.message":'


FOREIGN = frozenset({"DBConnectionError"})
"""Errors of ours that are not Nova's own (`nova/rpc.py`, `ALLOWED_EXMODS`): at a caller each is a `RemoteError`."""


class _Encoder(json.JSONEncoder):
    """JSON, and objects that tell what of them crosses."""

    def default(self, value: Any) -> Any:
        """The form of an object; raises `TypeError` for what has none."""
        form = getattr(value, "to_encode", None)
        return super().default(value) if form is None else form()


_encode = _Encoder(separators=(",", ":")).encode


def seal(message: dict[str, Any]) -> str:
    """A message in oslo's envelope, as the text that crosses the wire."""
    return f"{_HEAD}{_encode(message)}}}"


def unseal(text: str | bytes) -> dict[str, Any]:
    """The message out of its envelope."""
    message: dict[str, Any] = json.loads(text)["oslo.message"]
    return message


def serialize_remote_exception(error: Exception) -> dict[str, Any]:
    """An exception as it is sent to the caller."""
    kind = type(error)
    return {
        "class": kind.__name__,
        "module": kind.__module__,
        "message": str(error),
        "tb": _traceback(error.__traceback__),
        "args": _plain(list(error.args)),
        "kwargs": _plain(getattr(error, "kwargs", {})),
    }


def _plain(value: Any) -> Any:
    """JSON as it is, anything else as its text."""
    return json.loads(json.dumps(value, default=str))


def _traceback(trace: TracebackType | None) -> list[str]:
    lines = []
    while trace is not None:
        frame, number = trace.tb_frame, trace.tb_lineno
        if not frame.f_globals.get("__door__"):
            path = (waiting_code(frame) or "").rpartition(":")[0]
            source = linecache.getline(frame.f_code.co_filename, number).strip()
            lines.append(
                f'  File "{path}", line {number}, in {frame.f_code.co_name}\n    {source}\n'
            )
        trace = trace.tb_next
    return lines


def deserialize_remote_exception(failure: dict[str, Any]) -> Exception:
    """The exception at the caller: the cloud's own and Python's are rebuilt, anything else is a
    `RemoteError`.
    """
    kind = _allowed(failure["module"], failure["class"])
    try:
        if kind is not None and issubclass(kind, NovaError):
            return kind(failure["message"], **failure["kwargs"])
        if kind is not None:
            return kind(*failure["args"])
    except (TypeError, ValueError):
        pass
    return RemoteError(failure["class"], failure["message"], failure["tb"])


def _allowed(module: str, name: str) -> type[Exception] | None:
    if module == "builtins":
        kind = getattr(builtins, name, None)
    elif module.startswith("simnova.") and name not in FOREIGN:
        kind = getattr(importlib.import_module(module), name, None)
        kind = kind if isinstance(kind, type) and issubclass(kind, NovaError) else None
    else:
        return None
    return kind if isinstance(kind, type) and issubclass(kind, Exception) else None
