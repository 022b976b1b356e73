"""A fork: the same run up to a step, then with a change, laid beside the run it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simnova.kernel.journal import Journal
from simnova.observe import sequence
from simnova.observe.parting import Parting, parting
from simnova.observe.steps import Detail


@dataclass
class Fork:
    """The run `cloud`, which is the one at the cursor up to step `at` and then differs by `change`.

    Where it is `turned`, the change was made to the run at the cursor, and this is the one without it.
    """

    cloud: Any
    change: str
    at: int
    turned: bool = False
    _laid: dict[tuple[str, int, int], Parting] = field(default_factory=dict, repr=False)

    @property
    def journal(self) -> Journal:
        """What happened in it."""
        found: Journal = self.cloud.journal
        return found

    def beside(self, journal: Journal, detail: Detail) -> Parting:
        """Both runs in rows, the fork's on the other side."""
        key = (detail, len(journal), len(self.journal))
        if key not in self._laid:
            one, other = _drawn(journal, detail), _drawn(self.journal, detail)
            self._laid = {key: parting(journal, self.journal, one, other, self.at + 1)}
        return self._laid[key]


def _drawn(journal: Journal, detail: Detail) -> list[sequence.Arrow]:
    found = sequence.arrows(journal, detail=detail).arrows
    return [arrow for arrow in found if arrow.style != "service" or arrow.time > 0]
