"""What `POST /servers/{id}/action` can be asked for: a function for each action, marked with `action`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simnova.messaging.rest import Response
from simnova.nova.api.versions import MAX_VERSION, MIN_VERSION, Version
from simnova.nova.compute.api import API
from simnova.nova.context import RequestContext
from simnova.nova.objects.instance import Instance


@dataclass(frozen=True)
class Asked:
    """One request for an action: of whom, by whom, on which server, and what stands behind the action's name."""

    api: API
    context: RequestContext
    instance: Instance
    value: Any
    version: Version


Handler = Callable[[Asked], Awaitable[Response | None]]


@dataclass(frozen=True)
class Action:
    """An action: its name in a body, the word for it in refusals, the rule that allows it, who carries it out.

    `schemas` are names in `schemas/` by the microversion from which on they hold; no schema takes any value. Of a
    rule with `admin` only an administrator may make use. Errors of `conflicts` are answered with 409.
    """

    name: str
    word: str
    rule: str
    handler: Handler
    admin: bool = False
    schemas: Mapping[Version, str] | None = None
    since: Version = MIN_VERSION
    until: Version = MAX_VERSION
    conflicts: tuple[type[Exception], ...] = ()

    def schema(self, version: Version) -> str | None:
        """The schema that holds at a microversion."""
        fitting = [since for since in self.schemas or {} if since <= version]
        return self.schemas[max(fitting)] if self.schemas and fitting else None


ACTIONS: dict[str, Action] = {}


def action(name: str, word: str, rule: str, **more: Any) -> Callable[[Handler], Handler]:
    """Mark the function that carries out an action; what it takes is what `Action` holds. None is answered by 202."""

    def mark(handler: Handler) -> Handler:
        ACTIONS[name] = Action(name, word, f"os_compute_api:{rule}", handler, **more)
        return handler

    return mark
