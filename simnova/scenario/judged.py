"""What each filter says of each host, whether it is enabled or not."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

from simnova.config import Config
from simnova.kernel.clock import Clock
from simnova.nova import filters, loadables
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.scheduler.columns import HostColumns, for_all
from simnova.nova.scheduler.filters import BaseHostFilter, all_filters
from simnova.nova.scheduler.host_state import HostState
from simnova.nova.scheduler.removed import GONE

Verdict = bool | str
"""True, or why not; an exception as `EXC Type: text`."""


@functools.cache
def known_filters() -> tuple[str, ...]:
    """The names of all filters, those of older releases included."""
    return tuple(all_filters())


def current_filters() -> list[str]:
    """The names of the filters of today's Nova."""
    return [name for name in known_filters() if name not in GONE]


def verdicts(
    classes: Iterable[Any],
    conf: Config,
    clock: Clock,
    hosts: Sequence[HostState],
    spec: RequestSpec,
) -> dict[str, dict[str, Verdict]]:
    """By host and filter, for filters given as classes or objects."""
    plug_ins = [loadables.make(one, conf, clock) for one in classes]
    columns = HostColumns(hosts)
    said = {type(one).__name__: _of_all(one, columns, hosts, spec) for one in plug_ins}
    return {
        host.host: {name: found[number] for name, found in said.items()}
        for number, host in enumerate(hosts)
    }


def _of_all(
    plug_in: BaseHostFilter, columns: HostColumns, hosts: Sequence[HostState], spec: RequestSpec
) -> list[Verdict]:
    if type(plug_in).filter_all is filters.BaseFilter.filter_all:
        certain = _certain(plug_in, columns, spec)
        pairs = zip(hosts, certain, strict=True)
        return [sure or _of_one(plug_in, host, spec) for host, sure in pairs]
    try:
        passing = set(plug_in.filter_all(list(hosts), spec) or ())
    except Exception as error:
        return [exception(error)] * len(hosts)
    return [True if host in passing else "False" for host in hosts]


def _certain(plug_in: BaseHostFilter, columns: HostColumns, spec: RequestSpec) -> list[bool]:
    """Who passes for certain, asked of all at once where the filter can be; what it raises, it raises of each."""
    if not for_all(plug_in, "hosts_pass"):
        return [False] * len(columns)
    try:
        found: list[bool] = plug_in.pass_for_certain(columns, spec).tolist()
    except Exception:
        return [False] * len(columns)
    return found


def _of_one(plug_in: BaseHostFilter, host: HostState, spec: RequestSpec) -> Verdict:
    try:
        said = plug_in._filter_one(host, spec)
    except Exception as error:
        return exception(error)
    return True if said else str(said)


def exception(error: Exception) -> str:
    """What was raised, as recordings have it."""
    return f"EXC {type(error).__name__}: {error}"
