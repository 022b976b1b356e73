"""The decisions of the scheduler, read from a journal: at any step as far as they had come."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

from simnova.kernel.journal import Event, Journal
from simnova.observe import placed
from simnova.observe.index import follow, last
from simnova.observe.matrix import Decision, Row, Verdict, Weigher
from simnova.observe.names import Names, natural
from simnova.observe.telling import Telling, opened, query

__all__ = ["CANDIDATES", "Decision", "Row", "Verdict", "Weigher", "decisions", "latest"]

CANDIDATES = "/allocation_candidates"
_RAISED = re.compile(r"(\w+) (raised \w+) about ([^:]+)(.*)")
"""What the scheduler logs of a filter or weigher that raises."""


class Decisions:
    """The events of each decision; `follow(journal, Decisions)`. Placement's answer counts for all
    servers asked for at once.
    """

    def __init__(self) -> None:
        self.of: list[list[int]] = []
        self.begun: list[int] = []
        self._candidates: dict[str | None, list[int]] = {}
        self._open: dict[tuple[str | None, Any], list[int]] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        if event.kind.startswith("http.") and event.data.get("path") == CANDIDATES:
            self._placement(event)
        elif event.kind in {"scheduler.filter", "scheduler.weigh", "scheduler.select"} or raised(
            event
        ):
            self._decided(event)

    def _placement(self, event: Event) -> None:
        if event.kind == "http.request":
            self._candidates[event.request_id] = [event.seq]
            self._begin(self._candidates[event.request_id], event.seq)
        elif event.request_id in self._candidates:
            self._candidates[event.request_id].append(event.seq)

    def _decided(self, event: Event) -> None:
        key = event.request_id, event.data.get("instance")
        if key not in self._open:
            self._open[key] = self._adopt(event)
        self._open[key].append(event.seq)
        if event.kind in {"scheduler.select", "log"}:
            del self._open[key]

    def _adopt(self, event: Event) -> list[int]:
        """A decision for the server of this event: the one that Placement's answer began, or one
        more like it.
        """
        asked = self._candidates.get(event.request_id, [])
        if asked and len(asked) <= 2:
            self._candidates[event.request_id] = [*asked, -1]
            return asked
        return self._begin([seq for seq in asked if seq >= 0], event.seq)

    def _begin(self, events: list[int], seq: int) -> list[int]:
        self.of.append(events)
        self.begun.append(seq)
        return events


def latest(journal: Journal, seq: int | None = None) -> Decision | None:
    """The decision that was being made, or was made last, at step `seq`, as far as it had come;
    None before the first.
    """
    end = last(journal, seq)
    known = follow(journal, Decisions)
    place = bisect_right(known.begun, end) - 1
    return read(journal, known.of[place], end) if place >= 0 else None


def decisions(journal: Journal) -> list[Decision]:
    """Every decision of the journal, in the order in which they began."""
    end = last(journal)
    return [read(journal, events, end) for events in follow(journal, Decisions).of]


def read(journal: Journal, seqs: list[int], end: int) -> Decision:
    """The decision made by those events, up to step `end`."""
    events = [journal[seq] for seq in seqs if seq <= end]
    filters = [filtered(event) for event in events if event.kind == "scheduler.filter"]
    rows = [*candidates(journal, events), *filters]
    rows += [broken(event, rows) for event in events if event.kind == "log"]
    weigh = next((event.data for event in events if event.kind == "scheduler.weigh"), {})
    select = next((event.data for event in events if event.kind == "scheduler.select"), {})
    instance = asked_for(journal, events)
    return Decision(
        seq=events[-1].seq,
        instance=instance,
        server=follow(journal, Names).servers.get(instance) or instance or "the server",
        hosts=sorted(
            {host for row in rows for host in row.verdicts} | set(weigh.get("weights", ())),
            key=natural,
        ),
        rows=rows,
        weighers=[weigher(one) for one in weigh.get("weighers") or ()],
        weights=dict(weigh.get("weights") or {}),
        order=list(weigh.get("order") or ([select["host"]] if select else ())),
        host=select.get("host"),
        alternates=list(select.get("alternates") or ()),
    )


def asked_for(journal: Journal, events: list[Event]) -> str:
    """The uuid of the server that a decision is about; before a filter names it, out of the call."""
    named = next((event.data["instance"] for event in events if event.data.get("instance")), None)
    call = None if named else Telling(journal, events[0]).behind("rpc.call")
    return str(named or (Telling(journal, call).instance if call else "") or "")


def filtered(event: Event) -> Row:
    """A filter's row; without its verdicts where the journal is a summary."""
    said = event.data.get("verdicts") or {}
    verdicts = {
        host: Verdict(one is True, "" if isinstance(one, bool) else str(one))
        for host, one in said.items()
    }
    return Row(str(event.data.get("filter")), verdicts)


def raised(event: Event) -> re.Match[str] | None:
    """The log line of a filter or weigher that has raised: who, what, about whom, and the text."""
    if event.kind != "log" or event.data.get("level") != "ERROR":
        return None
    if event.data.get("logger") != "nova.scheduler.decision":
        return None
    return _RAISED.match(str(event.data.get("message")))


def broken(event: Event, rows: list[Row]) -> Row:
    """The row of a filter or weigher that has raised: about one host, or about all that were
    left.
    """
    found = raised(event)
    name, what, about, text = found.groups() if found else ("", "raised", "", "")
    fallen = {host for row in rows for host, one in row.verdicts.items() if not one.passed}
    left = {host: None for row in rows for host in row.verdicts if host not in fallen}
    why = Verdict(False, f'{what}{text}; cloud.log(level="ERROR") has the traceback')
    return Row(name, dict.fromkeys([about] if about in left or not left else left, why))


def weigher(data: Mapping[str, Any]) -> Weigher:
    """A weigher's numbers; its multiplier may differ from host to host."""
    normalized, given = data.get("normalized") or {}, data.get("multiplier", 1.0)
    each = given if isinstance(given, dict) else dict.fromkeys(normalized, given)
    return Weigher(str(data.get("name")), each, data.get("raw") or {}, normalized)


def candidates(journal: Journal, events: list[Event]) -> list[Row]:
    """Placement's row, once it has answered: all hosts it knows, and why those that are missing
    are.
    """
    answer = next((event for event in events if event.kind == "http.response"), None)
    body = opened(answer.data.get("body")) if answer else None
    if answer is None or not isinstance(body, dict):
        return []
    wanted = placed.asked(events[0].data)
    known, stocks = placed.providers(journal, answer.seq), placed.stocks(journal, answer.seq)
    found, tree = set(placed.candidates(body)), query(events[0].data).get("in_tree")
    only = f"the request names {known.get(tree, tree)}" if tree else ""
    verdicts = {
        host: Verdict(uuid in found, "" if uuid in found else reason)
        for uuid, host in known.items()
        for reason in [(uuid != tree and only) or missing(stocks.get(uuid, {}), wanted)]
    }
    named = {uuid: Verdict(True) for uuid in sorted(found - set(known))}
    return [Row("Placement", {**verdicts, **named})]


def missing(stock: dict[str, placed.Stock], wanted: dict[str, int]) -> str:
    """Why a host is not among the candidates."""
    return placed.lack(stock, wanted) or "has the room, but not the required traits or aggregates"
