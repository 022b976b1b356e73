"""Hosts that have what the flavor's extra specs ask for (`nova/scheduler/filters/compute_capabilities_filter.py`)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from simnova.nova.log import getLogger
from simnova.nova.scheduler import filters
from simnova.nova.scheduler.filters import extra_specs_ops

if TYPE_CHECKING:
    from simnova.nova.objects.flavor import Flavor
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState

LOG = getLogger(__name__)


class ComputeCapabilitiesFilter(filters.BaseHostFilter):
    """Compares `capabilities:PATH` with what stands there in the host state or its stats.

    A key without a colon counts too, where the host knows such a thing.
    """

    run_filter_once_per_request = True

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Everyone where no extra spec may be about capabilities; else each host is asked."""
        return hosts.all_or_each(not any(map(_may_concern, spec_obj.flavor.extra_specs)))

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether every extra spec that is about capabilities fits."""
        for path, requirement in _requirements(host_state, spec_obj.flavor):
            name, has = ":".join(path), _get_capabilities(host_state, path)
            if has is None:
                LOG.debug("%s fails. There are no capabilities to retrieve.", host_state)
                return filters.Rejected(f"needs {name} {requirement}, the host has no {name}")
            if not extra_specs_ops.match(str(has), requirement):
                LOG.debug("%s fails flavor extra_specs requirements", host_state)
                return filters.Rejected(f"needs {name} {requirement}, the host has {has}")
        return True


def _requirements(host_state: HostState, flavor: Flavor) -> Iterator[tuple[list[str], str]]:
    """The extra specs that are about capabilities: the path to look at, and what has to be there."""
    for key, requirement in flavor.extra_specs.items():
        scope, *path = key.split(":")
        if key == "hw:maxphysaddr_bits":
            yield ["cpu_info", "maxphysaddr", "bits"], f">= {requirement}"
        elif not path and (hasattr(host_state, scope) or scope in host_state.stats):
            yield [scope], requirement
        elif path and scope == "capabilities":
            yield path, requirement


def _may_concern(key: str) -> bool:
    """Whether some host may be compared by this extra spec."""
    scope, colon, _ = key.partition(":")
    return not colon or scope == "capabilities" or key == "hw:maxphysaddr_bits"


def _get_capabilities(found: Any, path: list[str]) -> Any:
    """What stands at a path: attributes and stats of the host, then keys; text on the way is read as JSON."""
    for name in path:
        try:
            found = json.loads(found) if isinstance(found, str) else found
            found = found.get(name) if isinstance(found, dict) else _attribute(found, name)
        except (AttributeError, ValueError) as error:
            LOG.debug("The capabilities couldn't be retrieved: %s.", error)
            return None
        if found is None:
            return None
    return found


def _attribute(host_state: Any, name: str) -> Any:
    value = getattr(host_state, name, None)
    return host_state.stats.get(name) if value is None else value
