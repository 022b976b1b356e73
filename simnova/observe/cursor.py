"""Where somebody looks in a journal: the step to which a player was moved, for whoever answers as of there."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from simnova.kernel.journal import Journal
from simnova.observe.index import last

_LOOKED: WeakKeyDictionary[Journal, int] = WeakKeyDictionary()


def look(journal: Journal, seq: int | None) -> None:
    """Somebody looks at that step; None is the end, wherever that will be."""
    if seq is None:
        _LOOKED.pop(journal, None)
    else:
        _LOOKED[journal] = seq


def cursor(journal: Journal) -> int | None:
    """The step that is looked at; None where it is the end."""
    seq = _LOOKED.get(journal)
    return None if seq is None else last(journal, seq)
