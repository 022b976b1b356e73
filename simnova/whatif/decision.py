"""A decision that can be asked about: as a scenario, with one thing otherwise, or what would have been enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields
from typing import Any

from simnova.config import registry
from simnova.exceptions import UsageError, unknown
from simnova.kernel.journal import Journal
from simnova.observe import decision as decisions
from simnova.observe.decision import Decision
from simnova.observe.matrix_notes import DRAWS, overtaken
from simnova.whatif import rebuilt
from simnova.whatif.answer import WhatIf
from simnova.whatif.asked import Question
from simnova.whatif.beside import Beside, answered
from simnova.whatif.obstacles import obstacles
from simnova.whatif.search import changes, undrawn


@dataclass(frozen=True)
class Source:
    """Where a decision was made: the journal, the options in force, the plug-ins of one's own."""

    journal: Journal
    options: Callable[[], Mapping[str, Any]]
    filters: Sequence[Any] = ()
    weighers: Sequence[Any] = ()


@dataclass(frozen=True, repr=False)
class AskedDecision(Decision):
    """A decision of a cloud: all that `Decision` shows, and its counterfactuals."""

    source: Source | None = field(default=None, compare=False)

    def scenario(self) -> dict[str, Any]:
        """The decision as a scenario, rebuilt from the journal: `simnova schedule` and `simnova.scenario` answer it.

        Filters and weighers of one's own are no part of it: `from_json(…).answer(filters=[…])` takes them. Raises
        `UsageError` where the journal has not kept what was asked.
        """
        source = self._source()
        return rebuilt.scenario(source.journal, self, source.options())

    def what_if(self, host: str) -> WhatIf:
        """For a host that lost, the single changes that would have let it pass, or win; the least first.

        Raises `UsageError` for the host that was chosen and for one that the decision knows nothing of.
        """
        because = self.reason(host)
        if host == self.host:
            others = [one for one in self.hosts if one != host]
            raise UsageError(
                f"{host} was chosen: ask about one that lost ({', '.join(others[:5])})"
            )
        question = self._question()
        if host == overtaken(self):
            return WhatIf(host, because, list(undrawn(question, self.drawing)))
        found = changes(question, host)
        return WhatIf(host, because, found, () if found else tuple(obstacles(question, host)))

    @property
    def drawing(self) -> tuple[str, ...]:
        """The options in force that let a host be drawn."""
        known = self.source.options().get("filter_scheduler", {}) if self.source else {}
        size, shuffle = DRAWS
        told = (size, int(known.get(size, 1)) > 1), (shuffle, known.get(shuffle, False))
        return tuple(name for name, on in told if on)

    def ask(
        self,
        *,
        hosts: Mapping[str, Mapping[str, Any]] | None = None,
        request: Mapping[str, Any] | None = None,
        config: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Beside:
        """What the scheduler would have decided otherwise: `ask(hosts={"compute3": {"free_ram_mb": 8192}})`.

        `hosts`, `request` and `config` hold fields of a scenario (`docs/reference/scenario.md`), merged into those of
        this decision; `more` are its other fields (`aggregates`, `enabled_filters`). Raises `UsageError` for a host or
        a field that there is not.
        """
        for name, part in {"hosts": hosts, "request": request, "config": config}.items():
            _check_object(name, part)
        question = self._question()
        data = deepcopy(question.data)
        for name, said in (hosts or {}).items():
            if name not in self.hosts:
                raise unknown("host", name, self.hosts)
            _check_object(f"hosts['{name}']", said)
            _merge(question_host(data, name), said)
        _merge(data["request"], request or {})
        _merge(data.setdefault("config", {}), _in_sections(config or {}))
        data.update(more)
        return Beside(
            self, answered(Question(data, question.filters, question.weighers, question.index))
        )

    def _source(self) -> Source:
        if self.source is None:
            raise UsageError("this decision was read from a journal alone: ask cloud.decision()")
        return self.source

    def _question(self) -> Question:
        source = self._source()
        asked = decisions.request_of(source.journal, self)
        data = self.scenario()
        return Question(data, source.filters, source.weighers, asked["index"])


@dataclass(frozen=True, repr=False)
class Undecided(AskedDecision):
    """The place of a decision where there is none: it says why, and is false."""

    why: str = ""

    def __bool__(self) -> bool:
        return False

    @property
    def outcome(self) -> str:
        """Why there is none."""
        return self.why

    def reason(self, host: str) -> str:
        """Raises `UsageError`, which says why there is none."""
        raise UsageError(self.why)

    def _source(self) -> Source:
        raise UsageError(self.why)


def undecided(why: str) -> Undecided:
    """No decision, and why."""
    return Undecided(seq=-1, instance="", server="", hosts=[], rows=[], why=why)


def question_host(data: dict[str, Any], name: str) -> dict[str, Any]:
    """A host of a scenario; raises `UsageError` where the scheduler has not read it."""
    found: dict[str, Any] | None = next((h for h in data["hosts"] if h["name"] == name), None)
    if found is None:
        raise unknown("host", name, [one["name"] for one in data["hosts"]])
    return found


def _check_object(name: str, said: Any) -> None:
    if said is not None and not isinstance(said, Mapping):
        raise UsageError(f"{name} is {said!r}, but must be a dict of what is to be otherwise")


def _in_sections(config: Mapping[str, Any]) -> dict[str, Any]:
    """The options by section; one that only one section has may be named alone, as `Cloud` takes it."""
    found: dict[str, Any] = {}
    for name, value in config.items():
        if isinstance(value, Mapping):
            found.setdefault(name, {}).update(value)
        else:
            option = registry.find(name)
            found.setdefault(option.section, {})[option.option.name] = value
    return found


def _merge(held: dict[str, Any], said: Mapping[str, Any]) -> None:
    """Put what is said into what is held, objects field by field."""
    for name, value in said.items():
        if isinstance(value, Mapping) and isinstance(held.get(name), dict):
            _merge(held[name], value)
        else:
            held[name] = deepcopy(value)


def asked(made: Decision, source: Source) -> AskedDecision:
    """A decision read from a journal, with its source."""
    return AskedDecision(
        **{one.name: getattr(made, one.name) for one in fields(made)}, source=source
    )
