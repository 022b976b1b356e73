"""Plays a scenario: the scheduler's own `select_destinations`, over its Placement and its databases, is watched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simnova.config import Config
from simnova.exceptions import NovaError, UsageError
from simnova.kernel.clock import Clock
from simnova.nova import exception
from simnova.nova.cmd.manage import API_DB, CELL1_DB
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.scheduler.filters import get_filter_classes
from simnova.scenario import judged, objects
from simnova.scenario.notes import lacks, note
from simnova.scenario.providers import placement_rows
from simnova.scenario.rows import api_rows, cell_rows
from simnova.scenario.stage import PLACEMENT_DB, stage
from simnova.scenario.theatre import Theatre

if TYPE_CHECKING:
    from simnova.scenario.scenario import Scenario


@dataclass
class Played:
    """What was seen: host names in the order in which they came, verdicts, weights, selections or an error."""

    name: str
    enabled_filters: list[str]
    verdicts: dict[str, dict[str, judged.Verdict]] = field(default_factory=dict)
    """By host and filter, before anything was chosen."""
    candidates: list[str] = field(default_factory=list)
    """The hosts that Placement left for the first server."""
    passed: list[str] = field(default_factory=list)
    """Those of them that the filters left."""
    weights: dict[str, float] = field(default_factory=dict)
    """Those with their weights, heaviest first."""
    weighers: list[dict[str, Any]] = field(default_factory=list)
    """What each weigher said, as the journal has it; nothing where one host alone was left."""
    query: str | None = None
    lacks: dict[str, str] = field(default_factory=dict)
    """Why Placement left out the hosts that it left out; known only where the decision is to be told."""
    selections: list[list[str]] | None = None
    error: str | None = None


def play(
    scenario: Scenario,
    filters: Sequence[Any] = (),
    weighers: Sequence[Any] = (),
    *,
    told: bool = False,
) -> Played:
    """Let the scheduler decide; see `Scenario.answer`. Time stands still: what crosses a network takes none.

    If it is to be `told`, `lacks` is filled as well, which takes longer.
    """
    conf = objects.config(scenario)
    enabled = [*conf.filter_scheduler.enabled_filters, *filters]
    played = Played(scenario.name, [_name(one) for one in enabled])
    unknown = [name for name in played.enabled_filters if _is_unknown(name, enabled)]
    if unknown:
        played.error = str(exception.SchedulerHostFilterNotFound(filter_name=", ".join(unknown)))
        return played
    asked = get_filter_classes([*judged.current_filters(), *enabled])
    try:
        spec = objects.request_spec(scenario, conf)
        hosts = objects.host_states(scenario)
        played.verdicts = judged.verdicts(asked, conf, Clock(), hosts, spec)
        _decide(scenario, conf, spec, played, (filters, weighers), told)
    except UsageError:
        raise
    except Exception as error:
        played.error = _said(error)
    return played


def _decide(
    scenario: Scenario,
    conf: Config,
    spec: RequestSpec,
    played: Played,
    more: tuple[Any, Any],
    told: bool,
) -> None:
    rows = {
        API_DB: api_rows(scenario),
        CELL1_DB: cell_rows(scenario),
        PLACEMENT_DB: placement_rows(scenario),
    }
    with stage() as found:
        found.fill(rows)
        theatre = Theatre(found, conf, played, *more)
        journal = theatre.clock.journal
        if told:
            note(journal, rows)
        error = theatre.select(spec, objects.server_uuids(scenario))
    played.error = None if error is None else _said(error)
    played.lacks = lacks(journal) if told else {}


def _said(error: Exception) -> str:
    """Nova's own errors in its words; what broke in it as recordings have exceptions."""
    return error.format_message() if isinstance(error, NovaError) else judged.exception(error)


def _name(one: Any) -> str:
    if isinstance(one, str):
        return one.rpartition(".")[2]
    return one.__name__ if isinstance(one, type) else type(one).__name__


def _is_unknown(name: str, enabled: Iterable[Any]) -> bool:
    own = {_name(one) for one in enabled if not isinstance(one, str)}
    return name not in own and name not in judged.known_filters()
