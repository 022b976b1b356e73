"""A scenario: a cloud, a request, and what the scheduler answers to it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simnova.config.releases import TODAY
from simnova.kernel.collector import Seldom

if TYPE_CHECKING:
    from simnova.scenario.telling import Told


@dataclass(frozen=True)
class Scenario:
    """A cloud and a request, as read and checked by `from_json`; nothing changes `data`.

    `data` has the fields of `docs/reference/scenario.md`, without those that were null or unknown; `warnings` names
    what was ignored.
    """

    data: Mapping[str, Any]
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the scenario is called, perhaps nothing."""
        return str(self.data.get("name", ""))

    @property
    def hosts(self) -> list[dict[str, Any]]:
        """The hosts, in the order that breaks ties."""
        return list(self.data["hosts"])

    @property
    def aggregates(self) -> list[dict[str, Any]]:
        """The aggregates that are named; those of zones are not among them."""
        return list(self.data.get("aggregates", []))

    @property
    def request(self) -> dict[str, Any]:
        """What is asked for."""
        return dict(self.data["request"])

    @property
    def options(self) -> dict[str, dict[str, Any]]:
        """The options that are set, by section."""
        return dict(self.data.get("config", {}))

    @property
    def release(self) -> str:
        """The release whose defaults hold: today's, or one of the classic era, without Placement."""
        return str(self.data.get("release", TODAY))

    @property
    def enabled_filters(self) -> list[str] | None:
        """The filters that the scenario enables; None where they are Nova's own."""
        return self.data.get("enabled_filters")

    def to_json(self) -> str:
        """The scenario as JSON text, which `from_json` reads again."""
        return json.dumps(self.data)

    def answer(self, filters: Sequence[Any] = (), weighers: Sequence[Any] = ()) -> dict[str, Any]:
        """What the scheduler answers, in the shape of `docs/reference/scenario.md`.

        `filters` and `weighers` are more than the options name: names, classes, or objects. Whatever fails in the
        cloud stands under `error`; raises `UsageError` for what is no plug-in.
        """
        from simnova.scenario.answer import as_answer
        from simnova.scenario.play import play

        with Seldom():
            return as_answer(play(self, filters, weighers))

    def told(self) -> Told:
        """What the scheduler answers as tables: which hosts fell out and why, what the others weigh, who was chosen."""
        from simnova.scenario.play import play
        from simnova.scenario.telling import Told

        return Told(play(self, told=True))

    def __repr__(self) -> str:
        servers = self.request.get("num_instances", 1)
        return f"<Scenario {self.name!r}: {len(self.hosts)} hosts, {servers} server(s)>"
