"""The decisions of the scheduler, read from a journal: at any step as far as they had come."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from simnova.exceptions import UsageError, unknown
from simnova.kernel.journal import Event, Journal
from simnova.observe import candidates, kept, placed
from simnova.observe.aftermath import afterwards, refused
from simnova.observe.index import follow, last
from simnova.observe.matrix import Decision
from simnova.observe.names import Names, natural
from simnova.observe.story import NO_PAYLOADS
from simnova.observe.telling import Telling, fields, opened
from simnova.observe.verdict import Claim, Row, Verdict, Weigher

__all__ = [
    "CANDIDATES",
    "Claim",
    "Decision",
    "Row",
    "Verdict",
    "Weigher",
    "decisions",
    "latest",
    "of_server",
]

CANDIDATES, CLAIM = "/allocation_candidates", "/allocations/"
FAR = 2000
"""How many causes back the call for destinations may lie, behind the servers decided before."""
NAMED = "Request"
"""The row of the hosts that the request itself leaves out."""
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
        self._odd: dict[str | None, list[int]] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        if event.kind.startswith("http.") and event.data.get("path") == CANDIDATES:
            self._placement(event)
        elif event.kind.startswith("http.") and scheduler_claims(event.data, event.actor):
            self._claimed(event)
        elif odd(event):
            self._odd.setdefault(event.request_id, []).append(event.seq)
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

    def _claimed(self, event: Event) -> None:
        """A claim for a server whose decision is open."""
        key = event.request_id, str(event.data["path"]).removeprefix(CLAIM)
        if key in self._open:
            self._open[key].append(event.seq)

    def _decided(self, event: Event) -> None:
        key = event.request_id, event.data.get("instance")
        if key not in self._open:
            self._open[key] = self._adopt(event)
        self._open[key] += [*self._odd.pop(event.request_id, ()), event.seq]
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


def scheduler_claims(data: Mapping[str, Any], actor: str) -> bool:
    """Whether a request, or its answer, is a claim that a scheduler makes."""
    by_scheduler = str(data.get("to") if actor == "placement" else actor).startswith(
        "nova-scheduler"
    )
    return by_scheduler and data.get("method") == "PUT" and str(data.get("path")).startswith(CLAIM)


def latest(journal: Journal, seq: int | None = None) -> Decision | None:
    """The decision that was being made, or was made last, at step `seq`, as far as it had come;
    None before the first.
    """
    end = last(journal, seq)
    known = follow(journal, Decisions)
    place = bisect_right(known.begun, end) - 1
    return read(journal, known.of[place], end) if place >= 0 else None


def reached(journal: Journal, seq: int) -> int:
    """The last event of that decision by step `seq`; -1 before the first."""
    known = follow(journal, Decisions)
    place = bisect_right(known.begun, seq) - 1
    return max((one for one in known.of[place] if one <= seq), default=-1) if place >= 0 else -1


def of_server(journal: Journal, server: str) -> Decision | None:
    """The last decision about a server, given by its uuid or name; None where there was none.

    Raises `UsageError` for a server that the journal does not know.
    """
    names = follow(journal, Names)
    alike = names.alike(server)
    for events in reversed(follow(journal, Decisions).of):
        if asked_for(journal, [journal[seq] for seq in events]) == (alike or [server])[-1]:
            return read(journal, events, last(journal))
    if not alike and journal.level == "summary":
        raise UsageError(f"server '{server}' is not known by name: {NO_PAYLOADS}; give the server")
    if not alike:
        raise unknown("server", server, set(names.servers.values()))
    return None


def decisions(journal: Journal) -> list[Decision]:
    """Every decision of the journal, in the order in which they began."""
    end = last(journal)
    return [read(journal, events, end) for events in follow(journal, Decisions).of]


def read(journal: Journal, seqs: list[int], end: int) -> Decision:
    """The decision made by those events, up to step `end`."""
    past = tuple(seq for seq in seqs if seq <= end)
    made = kept.once(journal, made_by, past, lambda: made_by(journal, past))
    after = afterwards(journal, made.instance, made.seq, end) if made.host else []
    return replace(made, failed=refused(journal, made.begun, end), afterwards=after)


def made_by(journal: Journal, seqs: Sequence[int]) -> Decision:
    """The decision made by those events, without what became of it."""
    events = [journal[seq] for seq in seqs]
    warned = [said for event in events if (said := odd(event))]
    filters = [filtered(event, warned) for event in events if event.kind == "scheduler.filter"]
    rows = [*placements(journal, events)]
    rows += [*named(journal, events, rows, filters), *filters]
    rows += [broken(event, rows) for event in events if raised(event)]
    weigh = next((event.data.copy() for event in events if event.kind == "scheduler.weigh"), {})
    select = next((event.data for event in events if event.kind == "scheduler.select"), {})
    instance = asked_for(journal, events)
    known = {host for row in rows for host in row.verdicts} | set(weigh.get("weights") or ())
    return Decision(
        seq=events[-1].seq,
        instance=instance,
        server=follow(journal, Names).servers.get(instance) or instance or "the server",
        hosts=sorted(known, key=natural),
        rows=rows,
        weighers=[weigher(one) for one in map(fields, weigh.get("weighers") or ())],
        weights=numbers(weigh.get("weights")),
        order=list(weigh.get("order") or ([select["host"]] if select.get("host") else ())),
        host=select.get("host"),
        alternates=list(select.get("alternates") or ()),
        claims=claims(journal, events),
        begun=events[0].seq,
        unanswered=unanswered(events),
    )


def unanswered(events: list[Event]) -> str:
    """Why Placement said nothing of who has room; empty where it answered, or may still."""
    about = [event.data for event in events if event.data.get("path") == CANDIDATES]
    answer = about[1] if len(about) > 1 else {}
    if answer.get("error"):
        return str(answer["error"])
    status = answered(answer) or 200
    return f"it answered {status}" if status >= 400 else ""


def answered(data: Mapping[str, Any]) -> int | None:
    """The status of an answer, None where it has none."""
    status = data.get("status")
    return status if isinstance(status, int) else None


def placements(journal: Journal, events: list[Event]) -> list[Row]:
    """Placement's row, once it has answered."""
    about = [event for event in events if event.data.get("path") == CANDIDATES]
    found = candidates.row(journal, about[0], about[1]) if len(about) > 1 else None
    return [found] if found else []


def named(
    journal: Journal, events: list[Event], before: list[Row], filters: list[Row]
) -> list[Row]:
    """The hosts that came from Placement and that the request itself leaves out: the filters were
    not asked about them. Where it leaves out all of them, no filter was asked at all.
    """
    if not before or (filters and not filters[0].verdicts):
        return []
    came = [host for host, one in before[0].verdicts.items() if one.passed]
    spec = request_spec(journal, events)
    asked = filters[0].verdicts if filters else meant(spec, came)
    if all(host in asked for host in came) or (asked and not filters):
        return []
    why = {
        host: Verdict(host in asked, "" if host in asked else unasked(spec, host)) for host in came
    }
    return [Row(NAMED, why)]


def meant(spec: Mapping[str, Any], hosts: list[str]) -> list[str]:
    """The hosts that a request neither ignores nor passes over for others."""
    wanted = fields(spec.get("requested_destination")).get("host")
    only = [*(spec.get("force_hosts") or ()), *([wanted] if wanted else ())]
    ignored = spec.get("ignore_hosts") or ()
    return [host for host in hosts if host not in ignored and (not only or host in only)]


def unasked(spec: Mapping[str, Any], host: str) -> str:
    """Why the filters were not asked about a candidate."""
    destination = fields(spec.get("requested_destination"))
    wanted, cell = destination.get("host"), destination.get("cell_uuid")
    ignored = spec.get("ignore_hosts") or []
    asked: list[tuple[str, list[str]]] = [
        ("the request forces", spec.get("force_hosts") or []),
        ("the request forces the node", spec.get("force_nodes") or []),
        ("the request asks for", [wanted] if wanted else []),
        ("the request ignores", ignored if host in ignored else []),
        ("a server moves within its cell only, which is", [cell] if cell else []),
    ]
    said = next((f"{how} {', '.join(names)}" for how, names in asked if names), "")
    return (
        said
        or "the scheduler has no host of that name: no service record, or its cell is disabled or does not answer"
    )


def request_spec(journal: Journal, events: list[Event]) -> dict[str, Any]:
    """The request spec as the conductor sent it; empty where the journal does not keep it."""
    return fields(asked_by(journal, events[0]).get("spec_obj"))


def asked_by(journal: Journal, event: Event) -> dict[str, Any]:
    """The arguments of the call that a decision answers; none where the journal does not keep
    them.
    """
    call = Telling(journal, event).behind("rpc.call", within=FAR)
    return Telling(journal, call).arguments if call else {}


def request_of(journal: Journal, made: Decision) -> dict[str, Any]:
    """What was asked for: the request's `spec`, for how many servers (`count`), and which of them
    this decision is about (`index`); empty where the journal does not keep it.
    """
    given = asked_by(journal, journal[made.begun])
    spec, uuids = fields(given.get("spec_obj")), list(given.get("instance_uuids") or ())
    if not spec:
        return {}
    index = uuids.index(made.instance) if made.instance in uuids else 0
    return {"spec": spec, "count": max(1, len(uuids)), "index": index}


def claims(journal: Journal, events: list[Event]) -> list[Claim]:
    """The claims in the order in which they were made, each with Placement's answer."""
    about = [event for event in events if event.data.get("method") == "PUT"]
    answers = {one.data.get("id"): one for one in about if one.kind != "http.request"}
    asked = [event for event in about if event.kind == "http.request"]
    return [claim(journal, one, answers.get(one.data.get("id"))) for one in asked]


def claim(journal: Journal, asked: Event, answer: Event | None) -> Claim:
    """One claim."""
    held = placed.allocations(opened(asked.data.get("body")))
    known = placed.providers(journal, asked.seq)
    host = ", ".join(known.get(uuid, uuid) for uuid in held) or "a host"
    body = opened(answer.data.get("body")) if answer else None
    errors = body.get("errors") if isinstance(body, dict) else None
    first = fields(errors[0]) if isinstance(errors, list) and errors else {}
    detail = first.get("detail", "") if first else (answer.data.get("error") if answer else "")
    error = " ".join(str(detail or "").split())
    return Claim(asked.seq, host, answered(answer.data) if answer else None, error)


def asked_for(journal: Journal, events: list[Event]) -> str:
    """The uuid of the server that a decision is about; before a filter names it, out of the call."""
    named = next((event.data["instance"] for event in events if event.data.get("instance")), None)
    call = None if named else Telling(journal, events[0]).behind("rpc.call", within=FAR)
    return str(named or (Telling(journal, call).instance if call else "") or "")


def filtered(event: Event, warned: Sequence[str]) -> Row:
    """A filter's row, with what of the warnings is about it; without its verdicts where the journal is a summary."""
    said = event.data.get("verdicts") or {}
    verdicts = {
        host: Verdict(one is True, "" if isinstance(one, bool) else str(one))
        for host, one in said.items()
    }
    name = str(event.data.get("filter"))
    return Row(name, verdicts, odd=next((one for one in warned if one.startswith(f"{name}.")), ""))


def odd(event: Event) -> str:
    """What the scheduler warns of: a filter's answer that is neither True nor False."""
    if event.kind != "log" or event.data.get("logger") != "nova.scheduler.own":
        return ""
    return str(event.data.get("message")) if event.data.get("level") == "WARNING" else ""


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
    whom = [about] if about in left or not left else left
    return Row(name, dict.fromkeys(whom, why), failure=what)


def weigher(data: Mapping[str, Any]) -> Weigher:
    """A weigher's numbers; its multiplier may differ from host to host."""
    normalized, given = numbers(data.get("normalized")), data.get("multiplier", 1.0)
    each = numbers(given if isinstance(given, dict) else dict.fromkeys(normalized, given))
    return Weigher(str(data.get("name")), each, numbers(data.get("raw")), normalized)


def numbers(given: Any) -> dict[str, float]:
    """What is a number in an object: hosts and their weights."""
    held = given.items() if isinstance(given, dict) else ()
    return {name: one for name, one in held if isinstance(one, int | float)}
