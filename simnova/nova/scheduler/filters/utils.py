"""What filters and weighers ask of a host's aggregates (`nova/scheduler/filters/utils.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from simnova.nova.log import getLogger

if TYPE_CHECKING:
    from simnova.nova.scheduler.host_manager import HostState

T = TypeVar("T", int, float)
LOG = getLogger(__name__)


def aggregate_values_from_key(host_state: HostState, key_name: str) -> list[str]:
    """The different values under a key in the metadata of a host's aggregates, sorted."""
    found = (aggregate.metadata for aggregate in host_state.aggregates)
    return sorted({metadata[key_name] for metadata in found if key_name in metadata})


def aggregate_metadata_get_by_host(
    host_state: HostState, key: str | None = None
) -> dict[str, set[str]]:
    """All metadata of a host's aggregates, or of those that have `key`, each value split at commas."""
    found: dict[str, set[str]] = {}
    for aggregate in host_state.aggregates:
        if key is None or key in aggregate.metadata:
            for name, value in aggregate.metadata.items():
                found.setdefault(name, set()).update(part.strip() for part in value.split(","))
    return found


def validate_num_values(
    values: Iterable[str], default: T, cast_to: Callable[[str], T], based_on: Callable[[list[T]], T]
) -> T:
    """The least or greatest of some values, `default` where there is none; raises ValueError for what is no number."""
    texts = list(values)
    if not texts:
        return default
    if len(texts) > 1:
        which = "minimum" if based_on is min else "maximum"
        LOG.info("%d values found, of which the %s value will be used.", len(texts), which)
    return based_on([cast_to(text) for text in texts])


def aggregate_number(host_state: HostState, key: str, default: T, cast_to: Callable[[str], T]) -> T:
    """The least number under a key in the metadata of a host's aggregates; `default` where there is none."""
    values = aggregate_values_from_key(host_state, key)
    try:
        return validate_num_values(values, default, cast_to, min)
    except ValueError as error:
        LOG.warning("Could not decode %s: '%s'", key, error)
        return default


def instance_uuids_overlap(host_state: HostState, uuids: str | list[str] | None) -> list[str]:
    """Those of the servers that run on the host."""
    asked = [uuids] if isinstance(uuids, str) else uuids or []
    return [uuid for uuid in asked if uuid in host_state.instances]
