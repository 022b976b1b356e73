"""What filters and weighers that answer for all hosts at once read: one NumPy array an attribute."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from simnova.nova.scheduler.host_state import HostState

    Array = np.ndarray[Any, Any]


class HostColumns:
    """The hosts of one request. `hosts.free_ram_mb` is that attribute of each, read once and kept up to date.

    An answer is an array of as many entries. Arrays are shared: make new ones rather than change them.
    """

    def __init__(self, hosts: Iterable[HostState]) -> None:
        self.hosts = list(hosts)
        self._columns: dict[str, Array] = {}

    def __len__(self) -> int:
        return len(self.hosts)

    def __getattr__(self, name: str) -> Array:
        if name.startswith("_"):
            raise AttributeError(name)
        found = self._columns[name] = self.of(map(attrgetter(name), self.hosts))
        return found

    def of(self, values: Iterable[Any]) -> Array:
        """A column of one value a host: numbers of one type as such, anything else as objects."""
        import numpy as np

        held = list(values)
        types = set(map(type, held))
        if len(types) == 1 and types <= {bool, int, float}:
            try:
                return np.array(held)
            except OverflowError:
                pass
        column = np.empty(len(held), dtype=object)
        column[:] = held
        return column

    # --- answers ----------------------------------------------------------------------------------------------

    def every(self, value: float) -> Array:
        """The same for every host."""
        import numpy as np

        return np.full(len(self.hosts), value)

    def all_or_each(self, everyone: bool) -> Array:
        """Everyone passes; or nobody for certain, so that each is asked by itself."""
        name = "_everyone" if everyone else "_nobody"
        found = self._columns.get(name)
        if found is None:
            found = self._columns[name] = self.every(everyone)
        return found

    def by_profile(
        self, profile: Callable[[HostState], Hashable], answer: Callable[[HostState], Any]
    ) -> Array:
        """The same answer for hosts of one profile, asked of the first of them."""
        known: dict[Hashable, Any] = {}
        found = []
        for host in self.hosts:
            key = profile(host)
            if key not in known:
                known[key] = answer(host)
            found.append(known[key])
        return self.of(found)

    def by_aggregates(self, answer: Callable[[HostState], Any]) -> Array:
        """The same answer for hosts that are in the same aggregates."""
        return self.by_profile(lambda host: tuple(map(id, host.aggregates)), answer)

    def without(self, key: str) -> Array:
        """Whether no aggregate of a host has metadata whose key ends so."""
        name = f"_without {key}"
        if name not in self._columns:
            self._columns[name] = self.of(
                not any(found.endswith(key) for each in host.aggregates for found in each.metadata)
                if host.aggregates
                else True
                for host in self.hosts
            )
        return self._columns[name]

    def limit(self, name: str, limits: Array, which: Array) -> None:
        """Give those hosts that limit, for the claim on them."""
        for slot in which.nonzero()[0].tolist():
            self.hosts[slot].limits[name] = limits[slot].item()

    # --- keeping up -------------------------------------------------------------------------------------------

    def refresh(self, slot: int) -> None:
        """A server went to a host, which has other amounts now."""
        host = self.hosts[slot]
        for name, column in list(self._columns.items()):
            if name.startswith("_"):
                continue
            value = getattr(host, name)
            if column.dtype == object or column[slot] != value:
                self._put(name, slot, value)

    def _put(self, name: str, slot: int, value: Any) -> None:
        column = self._columns[name]
        if column.dtype != object and self.of([value]).dtype != column.dtype:
            del self._columns[name]
        else:
            column[slot] = value

    def keep(self, mask: Array) -> None:
        """Only those hosts are left."""
        self.hosts = [host for host, here in zip(self.hosts, mask.tolist(), strict=True) if here]
        self._columns = {name: column[mask] for name, column in self._columns.items()}

    def forget(self) -> None:
        """Somebody may have changed any host."""
        self._columns.clear()


def for_all(plug_in: object, method: str) -> bool:
    """Whether a plug-in answers for all hosts at once: only if its very class says how.

    What a class inherits does not count, since it may have changed what it answers.
    """
    return method in vars(type(plug_in))
