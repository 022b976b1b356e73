"""What each event led to: the causes of a journal read the other way round."""

from __future__ import annotations

from simnova.kernel.journal import Event


class Effects:
    """The events that each event caused, in their order; `follow(journal, Effects)`."""

    def __init__(self) -> None:
        self._of: dict[int, list[int]] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        if event.cause is not None:
            self._of.setdefault(event.cause, []).append(event.seq)

    def of(self, seq: int) -> list[int]:
        """What the event at `seq` led to straight away."""
        return self._of.get(seq, [])
