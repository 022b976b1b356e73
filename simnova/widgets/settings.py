"""Traits that a learner sets: what does not fit raises `UsageError`, which says what does."""

from __future__ import annotations

from typing import Any, NoReturn

import traitlets

from simnova.exceptions import UsageError, quoted, unknown


class _Asked(traitlets.TraitType[Any, Any]):
    """Says in words what a trait takes."""

    takes = ""

    def error(self, obj: Any, value: Any, error: Any = None, info: Any = None) -> NoReturn:
        """Raise `UsageError`, where traitlets would raise its own."""
        raise UsageError(f"player.{self.name} is {self.takes}, not {quoted(value)}")


class Choice(_Asked, traitlets.Enum[Any]):
    """One of several names."""

    def error(self, obj: Any, value: Any, error: Any = None, info: Any = None) -> NoReturn:
        """Raise `UsageError`, which names what is near."""
        raise unknown(str(self.name), value, self.values or ())


class Step(_Asked, traitlets.Int[Any, Any]):
    """The number of an event."""

    takes = "the number of an event"


class Text(_Asked, traitlets.Unicode[Any, Any]):
    """A query."""

    takes = "a query, as in 'server:web kind:rpc'"


class Queries(_Asked, traitlets.List[Any]):
    """Several queries."""

    takes = "a list of queries, as in ['kind:rpc.cast']"


class Places(_Asked, traitlets.Dict):
    """Names of events."""

    takes = "a dict of names and numbers of events, as in {'the claim': 120}"


class Switch(_Asked, traitlets.Bool[Any, Any]):
    """On or off."""

    takes = "True or False"
