"""Servers by their tags, from 2.26 on: `tags`, `tags-any`, `not-tags`, `not-tags-any` (`nova/db/main/api.py`)."""

from __future__ import annotations

from collections.abc import Callable

from simnova.messaging.rest import Request
from simnova.nova.api.versions import version_of
from simnova.nova.objects import tag
from simnova.nova.objects.instance import Instance

_TESTS: dict[str, Callable[[set[str], set[str]], bool]] = {
    "tags": lambda has, wanted: wanted <= has,
    "tags-any": lambda has, wanted: bool(wanted & has),
    "not-tags": lambda has, wanted: not wanted <= has,
    "not-tags-any": lambda has, wanted: not wanted & has,
}


async def tagged(request: Request, found: list[Instance]) -> list[Instance]:
    """Those whose tags are as the query wants them; several are separated by commas."""
    for name, test in _TESTS.items():
        text = request.param(name)
        if text is not None and version_of(request) >= (2, 26):
            wanted = set(text.split(","))
            found = [one for one in found if test(set(await _tags_of(one)), wanted)]
    return found


async def _tags_of(instance: Instance) -> list[str]:
    """A server's tags; one that no cell has yet has none."""
    context = instance.ctxt
    return await tag.get_by_resource_id(context, instance.uuid) if context.db_connection else []
