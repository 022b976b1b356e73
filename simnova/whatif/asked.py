"""Asking the scheduler about a scenario, over and over: what it decides about one server of the request."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from simnova.config import Config
from simnova.exceptions import NovaError, UsageError
from simnova.kernel.journal import Event, Journal
from simnova.nova.cmd.manage import API_DB, CELL1_DB
from simnova.scenario import objects
from simnova.scenario.notes import note
from simnova.scenario.play import Played
from simnova.scenario.providers import placement_rows
from simnova.scenario.rows import api_rows, cell_rows
from simnova.scenario.scenario import Scenario
from simnova.scenario.stage import PLACEMENT_DB, stage
from simnova.scenario.theatre import Theatre

Data = dict[str, Any]
"""A scenario as a dict."""

_OPTIONS = ("config", "release", "enabled_filters")
_CONFIGS: dict[str, Config] = {}


@dataclass
class Question:
    """A scenario, the plug-ins of one's own, and which server of the request is meant."""

    data: Data
    filters: Sequence[Any] = ()
    weighers: Sequence[Any] = ()
    index: int = 0

    def copy(self) -> Question:
        """One that may be changed."""
        return Question(deepcopy(self.data), list(self.filters), list(self.weighers), self.index)

    def host(self, name: str) -> Data:
        """A host of it."""
        found: Data = next(one for one in self.data["hosts"] if one["name"] == name)
        return found

    def only(self, names: set[str]) -> Question:
        """The same with fewer hosts."""
        hosts = [one for one in self.data["hosts"] if one["name"] in names]
        return Question({**self.data, "hosts": hosts}, self.filters, self.weighers, self.index)


@dataclass(frozen=True)
class Reply:
    """Who was left when all filters had been asked, the heaviest first, and what the weighers said."""

    left: list[str]
    weighed: Data = field(default_factory=dict)

    def passes(self, host: str) -> bool:
        """Whether it would get that far."""
        return host in self.left

    def wins(self, host: str) -> bool:
        """Whether it would stand first."""
        return self.left[:1] == [host]

    def margin(self, host: str) -> float:
        """By how much it weighs more than the best of the others; minus one where it is not weighed."""
        weights = self.weighed.get("weights", {})
        others = [weight for name, weight in weights.items() if name != host]
        return weights[host] - max(others) if host in weights and others else -1.0

    def extremes(self) -> set[str]:
        """The hosts by which the weighers' scales end."""
        ends: set[str] = set()
        for weigher in self.weighed.get("weighers", ()):
            raw = weigher["raw"]
            ends |= {min(raw, key=raw.__getitem__), max(raw, key=raw.__getitem__)}
        return ends


def ask(question: Question) -> Reply:
    """What the scheduler would decide. Nobody is left where Nova would refuse the request."""
    journal = played(question)
    return reply(journal, question.index) if journal else Reply([])


def played(question: Question, *, told: bool = False) -> Journal | None:
    """The journal of the scheduler that was asked; with what Placement has in it, if that is to be `told`. None where
    the request is refused beforehand.
    """
    data = {**question.data, "request": {**question.data["request"]}}
    data["request"]["num_instances"] = question.index + 1
    asked = Scenario(data)
    try:
        conf = _config(json.dumps([data.get(name) for name in _OPTIONS], default=repr), asked)
        spec = objects.request_spec(asked, conf)
    except (NovaError, UsageError, ValueError):
        return None
    with stage() as found:
        rows = {
            API_DB: api_rows(asked),
            CELL1_DB: cell_rows(asked),
            PLACEMENT_DB: placement_rows(asked),
        }
        found.fill(rows)
        theatre = Theatre(found, conf, Played("", []), question.filters, question.weighers)
        journal = theatre.clock.journal
        if told:
            note(journal, rows)
        else:
            journal.after.append(partial(_enough, server(question.index)))
        theatre.select(spec, objects.server_uuids(asked))
        return journal


class _Enough(Exception):
    """The hosts are in order: who is claimed then does not matter to who passes and wins."""


def _enough(server: str, event: Event) -> None:
    if event.kind == "scheduler.weigh" and event.data["instance"] == server:
        raise _Enough


def _config(key: str, asked: Scenario) -> Config:
    """The options of a scenario; they are the same in most questions, and slow to make."""
    if key not in _CONFIGS:
        if len(_CONFIGS) > 100:
            _CONFIGS.clear()
        _CONFIGS[key] = objects.config(asked)
    return _CONFIGS[key]


def reply(journal: Journal, index: int) -> Reply:
    """What the journal has of that server of the request."""
    about = [event for event in journal if event.kind in {"scheduler.weigh", "scheduler.select"}]
    mine = [event for event in about if event.data["instance"] == server(index)]
    weighed = next((event.data for event in mine if event.kind == "scheduler.weigh"), None)
    if weighed is not None:
        return Reply(list(weighed["order"]), weighed)
    return Reply([event.data["host"] for event in mine])


def server(index: int) -> str:
    """The uuid of that server of the request."""
    data = {"request": {"num_instances": index + 1}}
    return objects.server_uuids(Scenario(data))[index]
