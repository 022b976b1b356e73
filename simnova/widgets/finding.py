"""The part of the player that asks by queries: the filter, the search, and where play stops."""

from __future__ import annotations

from typing import Any, Final

import traitlets

from simnova.exceptions import UsageError, quoted
from simnova.observe.menus import choices
from simnova.observe.query import Query, matching
from simnova.widgets import hits, settings
from simnova.widgets.screen import Screen
from simnova.widgets.sound import TOLD

FOUND_NOTHING: dict[str, Any] = {"text": "", "count": 0, "place": 0, "again": ""}

AGAIN: Final = {False: "from the top again", True: "from the end again"}
"""What a search says that has gone round, forwards or back."""


class Finding(Screen):
    """Filter, find and stop, all in the language of `simnova.observe.query`."""

    _round: tuple[int, str] = -1, ""
    filter: Any = settings.Text(
        help="only the steps that this query means are steps: 'server:web kind:rpc'"
    ).tag(**TOLD)
    found = traitlets.Dict(
        default_value=FOUND_NOTHING, help="what was searched for, how often it is there, and which"
    ).tag(**TOLD)
    stops: Any = settings.Queries(help="the queries at which play and `go_on` stop").tag(**TOLD)
    asked = traitlets.Dict(
        help="how many steps there are without the filter, and of each stop; which of them is here"
    ).tag(**TOLD)
    menu = traitlets.Dict(help="the values that a query may name, once they were asked for").tag(
        **TOLD
    )

    # --- the filter -------------------------------------------------------------------------------

    def sift(self, query: str) -> None:
        """Let only what a query means be a step, as `player.filter = query` does; "" lets all be steps."""
        self.filter = query

    @traitlets.validate("filter")
    def _can_be_filtered_by(self, proposal: Any) -> str:
        return str(self._meaning(proposal["value"]) or "")

    @traitlets.observe("filter")
    def _filtered(self, change: Any) -> None:
        with self._turn:
            self._walk(self._reel.detail, Query.parse(change["new"]))

    def _meaning(self, text: str) -> Query | None:
        """A query that means at least one step of this detail; None for no query."""
        query = Query.parse(text)
        if not query.terms:
            return None
        if not matching(self._reel.journal, query, self._reel.steps):
            raise hits.nothing(self._reel.journal, query, self._reel.detail)
        return query

    def offer(self) -> None:
        """Read out of the journal what the menus beside the boxes offer."""
        self.menu = choices(self._reel.journal)

    # --- the search -------------------------------------------------------------------------------

    def find(self, text: str, *, back: bool = False) -> None:
        """Go to the next step that a query means, or with `back` to the one before; at the end it begins again.

        A text without a key is looked for in the sentences. Raises `UsageError` where no step is meant.
        """
        with self._turn:
            query = Query.parse(text)
            if not query.terms:
                self.found = FOUND_NOTHING
                self._show()
                return
            there = self._reel.hits(query)
            if not there:
                raise hits.nothing(self._reel.journal, query, self._reel.detail)
            self.found = {**self.found, "text": str(query)}
            beside = hits.before(there, self.step) if back else hits.after(there, self.step)
            step = beside if beside is not None else there[-1 if back else 0]
            self._round = step, "" if beside is not None else AGAIN[back]
            self._go(step)

    def find_next(self) -> None:
        """Go to the next step that was searched for."""
        self.find(self.found["text"])

    def find_back(self) -> None:
        """Go to the step before that was searched for."""
        self.find(self.found["text"], back=True)

    # --- where it stops ---------------------------------------------------------------------------

    def stop_at(self, query: str) -> None:
        """Have play and `go_on` stop at each step that a query means, also at those that are still to come.

        `player.stop_at("service:nova-conductor kind:rpc.cast to:compute")`. Raises `UsageError` for a
        text that is no query.
        """
        parsed = Query.parse(query)
        if not parsed.terms:
            raise UsageError(
                "a stop needs a query, as in player.stop_at('kind:rpc.cast to:compute')"
            )
        if str(parsed) not in self.stops:
            self.stops = [*self.stops, str(parsed)]

    def stop_like(self, seq: int) -> None:
        """Stop at messages like the one at the event `seq`: of the same kind, method and sender."""
        if not isinstance(seq, int) or not 0 <= seq < len(self._reel.journal):
            raise UsageError(f"there is no event {quoted(seq)} to stop at the like of")
        self.stop_at(str(hits.like(self._reel.journal, seq)))

    def unstop(self, query: str) -> None:
        """Stop there no more."""
        text = str(Query.parse(query))
        if text not in self.stops:
            raise UsageError(f"there is no stop {quoted(query)}; player.stops has them all")
        self.stops = [one for one in self.stops if one != text]

    def go_on(self) -> None:
        """Run to the next stop, or where there is none to the last step."""
        with self._turn:
            ahead = (hits.after(self._reel.hits(query), self.step) for query in self._stopping())
            self.step = min((seq for seq in ahead if seq is not None), default=self._reel.last)

    def _stopping(self) -> list[Query]:
        return [Query.parse(text) for text in self.stops]

    @traitlets.validate("stops")
    def _are_queries(self, proposal: Any) -> list[str]:
        return [str(Query.parse(text)) for text in proposal["value"]]

    @traitlets.observe("stops")
    def _stops_changed(self, _: Any) -> None:
        self._show()

    # --- what of it is seen -----------------------------------------------------------------------

    def _ask_again(self) -> None:
        """Count again what the queries mean: the steps may have become others."""
        there = {str(query): self._reel.hits(query) for query in self._stopping()}
        self.asked = {
            "of": len(self._reel.steps) if self.filter else None,
            "stopped": [text for text, found in there.items() if hits.place(found, self.step)],
            "stops": {text: len(found) for text, found in there.items()},
        }
        text = self.found["text"]
        sought = self._reel.hits(Query.parse(text)) if text else []
        if self._round[0] != self.step:
            self._round = -1, ""
        self.found = {
            "text": text,
            "count": len(sought),
            "place": hits.place(sought, self.step),
            "again": self._round[1],
        }
