"""jsonschema, when it is first needed and without the part that takes a second to import."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, cast

_ADDRESSES = "rfc3987_syntax"
"""Checks internationalised addresses, and builds 38 grammars for that when it is imported. JupyterLab brings it, and
jsonschema imports whatever is there; no schema of a service has such an address."""


@functools.cache
def jsonschema() -> Any:
    """The module `jsonschema`."""
    modules = cast("dict[str, ModuleType | None]", sys.modules)
    hidden = _ADDRESSES not in modules
    if hidden:
        modules[_ADDRESSES] = None
    try:
        return importlib.import_module("jsonschema")
    finally:
        if hidden:
            del modules[_ADDRESSES]


def compiled(schema: dict[str, Any]) -> Callable[[Any], bool]:
    """A check against a schema, compiled to Python: fast, but it does not say what is wrong as `jsonschema` does."""
    library = importlib.import_module("fastjsonschema")
    check = library.compile({"$schema": _DRAFT, **schema}, use_formats=False)

    def fits(value: Any) -> bool:
        try:
            check(value)
        except library.JsonSchemaException:
            return False
        return True

    return fits


_DRAFT = "http://json-schema.org/draft-07/schema#"
