"""Host filters (`nova/scheduler/filters/__init__.py`): one policy a module, one class a policy.

A filter is a class with `host_passes(self, host_state, spec_obj)`. It may answer anything that is true or false;
`Rejected("why")` is a no with its reason:

    class EvenMemory(BaseHostFilter):
        def host_passes(self, host_state, spec_obj):
            return host_state.free_ram_mb % 2 == 0 or Rejected(f"{host_state.free_ram_mb} MB is odd")

`enabled_filters` takes names and classes alike.

A filter may also say how it answers for all hosts at once, which is much faster for a thousand of them:

    hosts_pass(self, hosts, spec_obj) -> an array with True for each host that passes for certain

`hosts.free_ram_mb` is that attribute of all of them (`HostColumns`). Every other host is asked by `host_passes`, whose
verdict counts, so that an answer, its reason and what is logged of it come from one expression. Who has `hosts_pass`
promises that it changes no host but for its `limits`. It counts only for the class that has it, not for one derived
from that.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from simnova.exceptions import UsageError
from simnova.nova import filters, loadables
from simnova.nova.filters import Rejected
from simnova.nova.scheduler import checks, removed
from simnova.nova.scheduler.utils import request_is_rebuild

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState

ALL = "nova.scheduler.filters.all_filters"
"""What the option `available_filters` says by default: every filter there is."""


class BaseHostFilter(filters.BaseFilter):
    """A filter of hosts. `conf` and `clock` are its cloud's."""

    RUN_ON_REBUILD = False
    """Whether the filter also decides on a rebuild, which stays on its host and takes nothing more of it."""

    def _filter_one(self, obj: HostState, spec_obj: RequestSpec) -> Any:
        if not self.RUN_ON_REBUILD and request_is_rebuild(spec_obj):
            return True
        return self.host_passes(obj, spec_obj)

    def pass_for_certain(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """All hosts on a rebuild on which the filter does not decide, else what the filter says of them."""
        if not self.RUN_ON_REBUILD and request_is_rebuild(spec_obj):
            return hosts.all_or_each(True)
        return self.hosts_pass(hosts, spec_obj)

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Which hosts pass for certain, with nothing to log: nobody, so that each is asked."""
        return hosts.all_or_each(False)

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> Any:
        """Whether the host can take the server; every filter says this for itself."""
        raise NotImplementedError


class HostFilterHandler(filters.BaseFilterHandler):
    """Runs host filters."""


def all_filters() -> Mapping[str, type[BaseHostFilter]]:
    """The filters that SimNova has, of this and of older releases, by name."""
    return loadables.get_all_classes(sys.modules[__name__], BaseHostFilter)


def get_filter_classes(names: Iterable[Any]) -> list[type[BaseHostFilter] | BaseHostFilter]:
    """The filters of those names; classes stand for themselves.

    Raises `UsageError` with the nearest names, or with the release that removed a filter.
    """
    asked = list(names)
    for name in asked:
        if isinstance(name, str):
            removed.check_absent(name.rpartition(".")[2])
    return checks.named_once(loadables.choose(asked, all_filters(), BaseHostFilter, "filter"))


def check_available(paths: Iterable[str], enabled: Iterable[str] = ()) -> None:
    """Raise `UsageError` for a path that leads to no filter, and for an enabled filter to which none does."""
    if ALL in paths:
        return
    known = {name.rpartition(".")[2] for name in paths}
    get_filter_classes(known)
    for name in enabled:
        if name.rpartition(".")[2] not in known:
            raise UsageError(
                f"filter '{name}' is enabled, but [filter_scheduler] available_filters does not name it: "
                f"add it there, or {ALL}"
            )


__all__ = ["BaseHostFilter", "HostFilterHandler", "Rejected", "all_filters", "get_filter_classes"]
