"""The lines of a plug-in's own source that a message names."""

from __future__ import annotations

import inspect
import linecache
import traceback
from typing import Any


def line_of(plug_in: Any, method: str) -> str:
    """Where a method begins, as `, in line 3: def host_passes(self, host_state, spec_obj)`; empty where unknown."""
    code = getattr(inspect.unwrap(getattr(plug_in, method)), "__code__", None)
    if code is None:
        return ""
    source = linecache.getline(code.co_filename, code.co_firstlineno).strip()
    return f", in line {code.co_firstlineno}: {source}".rstrip(": ") if source else ""


def own_line(plug_in: Any, error: BaseException) -> str:
    """The innermost line of the plug-in's own source that the error passed, as `, in line 3: <source>`."""
    found = (getattr(one, "__func__", one) for kind in type(plug_in).__mro__ for one in _own(kind))
    files = {code.co_filename for one in found if (code := getattr(one, "__code__", None))}
    trace = traceback.extract_tb(error.__traceback__)
    frames = [frame for frame in trace if frame.filename in files]
    return f", in line {frames[-1].lineno}: {frames[-1].line}" if frames else ""


def is_own(kind: type) -> bool:
    """Whether this class is no part of SimNova."""
    return not kind.__module__.startswith("simnova.")


def _own(kind: type) -> list[Any]:
    return list(vars(kind).values()) if is_own(kind) and kind is not object else []
