"""The player: linked views over one cursor in a journal, wherever anywidget runs.

Python computes the frame of a step and the one view beside it, and sends them; the files in static/ draw
them and send back what was pressed. Where no kernel runs, the twin stands in: one SVG of the same step.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from threading import RLock
from typing import Any, Final

import traitlets

from simnova.arguments import named
from simnova.exceptions import UsageError, quoted, unknown
from simnova.kernel.collector import Seldom
from simnova.kernel.journal import Journal
from simnova.observe import cursor, decision, palette
from simnova.observe.markup import plain
from simnova.observe.query import Query
from simnova.observe.steps import DETAILS, Detail
from simnova.widgets import static, twin
from simnova.widgets.export.exports import Exports
from simnova.widgets.finding import Finding
from simnova.widgets.following import Following
from simnova.widgets.forking import Forking
from simnova.widgets.frame import frame, pane, score, told
from simnova.widgets.inquiring import Inquiring
from simnova.widgets.marking import Marking
from simnova.widgets.opening import Opening
from simnova.widgets.reel import Reel
from simnova.widgets.verbs import understood
from simnova.widgets.views import VIEWS

BEFORE: Final = "topology"
"""What is beside the sequence as long as the scheduler has decided nothing."""


def journal_of(source: Any) -> Journal:
    """The journal of a cloud, or the journal itself; raises `UsageError` for anything else."""
    journal = getattr(source, "journal", source)
    if isinstance(journal, Journal):
        return journal
    given = "nothing" if source is None else f"{type(source).__name__} {source!r:.60}"
    raise UsageError(f"Player wants a cloud or its journal, not {given}: Player(cloud)")


def answered(source: Any, step: int, host: str) -> dict[str, Any]:
    """Why a host lost, and a sentence for each change that would have been enough; or why that cannot be told."""
    if not hasattr(source, "decision"):
        return {
            "because": "Only the cloud itself can tell what would have been enough: Player(cloud)."
        }
    made = source.decision(step)
    if not made:
        return {"because": "Nothing has been decided yet."}
    try:
        found = made.what_if(host)
    except UsageError as error:
        return {"because": plain(error)}
    said = {"because": plain(found.because), "sentences": list(map(plain, found.sentences()))}
    return said if found.changes else {**said, "nothing": plain(found.nothing)}


class Player(Forking, Inquiring, Opening, Exports, Finding, Marking, Following):
    """Step through a journal: `Player(cloud)` opens where somebody asked for something, or at `step`.

    `step` is the sequence number of the event at the cursor, `detail` says what counts as a step, and `view` is the
    picture beside the sequence: decision, topology, cloud, state, rows, log or why; unless it is said, the decision, or
    the topology where nothing has been decided yet. `filter` says in a query which
    steps are walked, `marks` are markers with names, `stops` the queries at which play stops. Any number of players
    may show one journal.
    """

    _esm = static.script()
    _css = palette.css(".simnova-player") + static.style()

    @named
    def __init__(
        self,
        source: Any = None,
        detail: Detail = "story",
        step: int | None = None,
        view: str | None = None,
        *,
        filter: str = "",
        stops: Sequence[str] = (),
        marks: Mapping[str, int] | None = None,
    ) -> None:
        if detail not in DETAILS:
            raise unknown("detail", detail, DETAILS)
        if view is not None and (not isinstance(view, str) or view not in VIEWS):
            raise unknown("view", view, VIEWS)
        self._turn = RLock()
        self._source = source
        self._page: Hashable = None
        self._known_ticks: Hashable = None
        self._reel = Reel(journal_of(source), detail)
        super().__init__(detail=detail, view=view or BEFORE)
        self.on_msg(Player._pressed)
        self.filter = filter
        self.stops = list(stops) if isinstance(stops, tuple) else stops
        self.marks = dict(marks) if isinstance(marks, Mapping) else marks or {}
        self.seek(self._reel.opening if step is None else step)
        if view is None and decision.latest(self._reel.journal, self.step):
            self.view = "decision"
        self._show()
        if step is not None:
            self._look()

    # --- moving -----------------------------------------------------------------------------------

    def seek(self, seq: int) -> None:
        """Go to the last step at or before the event `seq`; past the end that is the last one."""
        if not isinstance(seq, int):
            raise UsageError(
                f"A step is the number of an event, not {seq!r}; player.step shows the present one"
            )
        with self._turn:
            self.step = self._reel.nearest(seq)

    def forward(self) -> None:
        """Go one step on; at the end, look first whether the cloud has gone on."""
        with self._turn:
            if self.step == self._reel.last:
                self.refresh()
            self.step = self._reel.beside(self.step, 1)

    def back(self) -> None:
        """Go one step back."""
        self.step = self._reel.beside(self.step, -1)

    def numbered(self, position: int) -> None:
        """Go to the step of that number, counted from one on."""
        if not isinstance(position, int):
            raise UsageError(f"steps are counted 1, 2, 3, not {quoted(position)}")
        with self._turn:
            self.step = self._reel.numbered(position)

    def show(self, detail: str) -> None:
        """Let what is told by `detail` (story, messages, everything) be a step."""
        if detail not in DETAILS:
            raise unknown("detail", detail, DETAILS)
        self.detail = detail

    def first(self) -> None:
        """Go to the first step."""
        self.step = self._reel.first

    def last(self) -> None:
        """Go to the last step there is by now."""
        with self._turn:
            self.refresh()
            self.step = self._reel.last

    def refresh(self, *, follow: bool = False) -> None:
        """Take in what the cloud did since; the cursor stays, with `follow` it goes to the end."""
        with self._turn:
            self._reel.refresh()
            self._go(self._reel.last if follow else self._reel.nearest(self.step))

    def _go(self, step: int) -> None:
        """Have the cursor at a step, and the picture of it."""
        if step == self.step:
            self._show()
        self.step = step

    def what_if(self, host: str) -> None:
        """Show what would have been enough for a host that lost the decision at the cursor.

        It takes the cloud that made the decision: a player of a bare journal says so.
        """
        said = {"host": host, "step": self.step}
        self.answer = {**said, **answered(self._source, self.step, host)}

    # --- what the browser hears and says ----------------------------------------------------------

    @traitlets.validate("step")
    def _to_a_step(self, proposal: Any) -> int:
        return self._reel.nearest(proposal["value"])

    @traitlets.observe("step")
    def _moved(self, change: Any) -> None:
        self._show()
        if self.step != self._reel.last:
            self.following = False
        if change["old"] != -1:
            self._look()

    def _look(self) -> None:
        """Who asks as of the cursor (`%sql`) asks for this step from now on; at the last one for the end."""
        at_the_end = self.step == self._reel.last
        cursor.look(self._reel.journal, None if at_the_end else self.step)

    @traitlets.observe("detail")
    def _detailed(self, change: Any) -> None:
        with self._turn:
            self._walk(change["new"], Query.parse(self.filter))

    def _walk(self, detail: Detail, query: Query) -> None:
        """Have other events be steps; a filter that none of them passes is let go."""
        reel = Reel(self._reel.journal, detail, query)
        if query.terms and not reel.places:
            self.filter = ""
            reel = Reel(self._reel.journal, detail)
        self._reel = reel
        self._go(reel.nearest(self.step))

    @traitlets.observe("view")
    def _turned(self, _: Any) -> None:
        with Seldom():
            self.pane = self._pane()

    def _pane(self) -> dict[str, Any]:
        return pane(self._reel, self.step, self.view, self._fork, self._server)

    def _show(self) -> None:
        with Seldom(), self.hold_sync():
            self.strip = self._reel.strip
            self._turn_page()
            self.frame = frame(self._reel, self.step, self._fork)
            self._ask_again()
            self._set_ticks()
            self.pane = self._pane()
            self._reopen()

    def _set_ticks(self) -> None:
        """Where on the strip something is to be seen; it stays while the steps and what is asked of them do."""
        reel, text = self._reel, self.found["text"]
        known = reel, reel.read, tuple(self.stops), text, tuple(self.marks.items())
        if known == self._known_ticks:
            return
        self._known_ticks = known
        stops = {seq for query in self._stopping() for seq in reel.hits(query)}
        self.ticks = {
            "stops": reel.cells(sorted(stops)),
            "found": reel.cells(reel.hits(Query.parse(text)) if text else []),
            "marks": [[name, seq, reel.share(seq)] for name, seq in self.marks.items()],
        }

    def _turn_page(self) -> None:
        page = self._reel, self._reel.page(self.step)
        if page != self._page:
            self._page = page
            self.score = score(self._reel, self.step)

    def set_state(self, sync_data: Any) -> None:
        """A page may turn to another view; all else that it shows is told by Python alone."""
        asked = sync_data.get("view") if isinstance(sync_data, dict) else None
        if isinstance(asked, str) and asked in VIEWS:
            super().set_state({"view": asked})

    def _pressed(self, content: Any, _: Any) -> None:
        """Do what was pressed in the browser; what is not understood is left alone, what cannot be done is told.

        A message that has a number is answered by it and whether something was wrong with it, so that the page knows
        of a kernel that is gone, and of what is done.
        """
        trouble: dict[str, Any] = {}
        if asked := understood(content):
            method, arguments = asked
            try:
                getattr(self, method)(**arguments)
            except UsageError as error:
                trouble = {"do": content["do"], "text": plain(str(error))}
            self.problem = trouble
        if isinstance(content, dict) and type(content.get("turn")) is int:
            self.send({"heard": content["turn"], "wrong": bool(trouble)})

    # --- without a browser ------------------------------------------------------------------------

    def __repr__(self) -> str:
        if self.following:
            self._catch_up()
        return told(self._reel, self.step)

    def svg(self, view: str = "") -> str:
        """The picture of this step that stands by itself; the same journal gives the same text.

        It shows `view`, or the one that is looked at, where that is topology, state or why, and else the decision and
        the cloud; raises `UsageError` for another `view`.
        """
        if view and view not in twin.BELOW:
            raise unknown("view", view, twin.BELOW)
        looked_at = self.view if self.view in twin.BELOW else ""
        return twin.draw(self._reel, self.step, view or looked_at)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widget, and for whoever cannot run it the story as text and the picture as SVG; with what the cloud did
        since it was made.
        """
        self.refresh()
        shown = super()._repr_mimebundle_(**kwargs)
        data, metadata = shown if isinstance(shown, tuple) else (shown or {}, {})
        return {**data, "text/plain": repr(self), "image/svg+xml": self.svg()}, metadata
