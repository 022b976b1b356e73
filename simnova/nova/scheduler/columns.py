"""What filters and weighers that answer for all hosts at once read: one NumPy array an attribute."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from simnova.nova.scheduler.hosts import Hosts

if TYPE_CHECKING:
    import numpy as np

    from simnova.nova.scheduler.host_state import HostState

    Array = np.ndarray[Any, Any]

Asked = Callable[["HostState"], Any]
"""What no request changes of a host: of its row, its service, its aggregates. It is kept by the function itself."""


class HostColumns:
    """The hosts of one request. `hosts.free_ram_mb` is that attribute of each, read once and kept up to date.

    What is known of a cell's kept hosts is taken over from there. An answer is an array of as many entries. Arrays are
    shared: make new ones rather than change them.
    """

    def __init__(self, hosts: Iterable[HostState]) -> None:
        self.hosts = hosts if isinstance(hosts, Hosts) else Hosts.own(hosts)
        self._columns: dict[str | Asked, Array] = {}
        self._profiles: dict[Asked, Profile] = {}

    def __len__(self) -> int:
        return len(self.hosts)

    def __getattr__(self, name: str) -> Array:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._columns:
            self._columns[name] = self._read(name, attrgetter(name))
        return self._columns[name]

    def _read(self, name: str, ask: Asked) -> Array:
        """The column of kept hosts, less what the request has taken of them."""
        hosts = self.hosts
        if hosts.kept is not None:
            columns, places = hosts.kept
            whole = getattr(columns, name)
            found: Array = whole.copy() if places is None else whole[places]
            if all(_put(found, slot, ask(hosts.seen[slot])) for slot in hosts.taken):
                return found
        return self.of(map(ask, hosts.seen))

    def fixed(self, ask: Asked) -> Array:
        """What a function says of each host."""
        if ask not in self._columns:
            if self.hosts.kept is None:
                self._columns[ask] = self.of(map(ask, self.hosts.seen))
            else:
                columns, places = self.hosts.kept
                whole = columns.fixed(ask)
                self._columns[ask] = whole if places is None else whole[places]
        return self._columns[ask]

    def of(self, values: Iterable[Any]) -> Array:
        """A column of one value a host: numbers of one type as such, anything else as objects."""
        return _column(list(values))

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

    def by_profile(self, profile: Asked, answer: Callable[[HostState], Any]) -> Array:
        """The same answer for hosts of one profile, asked of the first of them."""
        import numpy as np

        numbers = self.fixed(self._profile(profile))
        if not len(numbers):
            return self.of([])
        first = np.full(numbers.max() + 1, -1)
        first[numbers[::-1]] = np.arange(len(numbers))[::-1]
        here = (first >= 0).nonzero()[0]
        answers = self.of(answer(self.hosts.seen[slot]) for slot in first[here].tolist())
        said = np.empty(len(first), dtype=answers.dtype)
        said[here] = answers
        found: Array = said[numbers]
        return found

    def _profile(self, profile: Asked) -> Profile:
        if self.hosts.kept is not None:
            return self.hosts.kept.columns._profile(profile)
        if profile not in self._profiles:
            self._profiles[profile] = Profile(profile)
        return self._profiles[profile]

    def by_aggregates(self, answer: Callable[[HostState], Any]) -> Array:
        """The same answer for hosts that are in the same aggregates."""
        return self.by_profile(_aggregates, answer)

    def without(self, key: str) -> Array:
        """Whether no aggregate of a host has metadata whose key ends so."""
        return self.fixed(_without(key))

    def limit(self, name: str, limits: Array, which: Array) -> None:
        """Give those hosts that limit, for the claim on them."""
        for slot in which.nonzero()[0].tolist():
            self.hosts[slot].limits[name] = limits[slot].item()

    # --- keeping up -------------------------------------------------------------------------------------------

    def refresh(self, slot: int) -> None:
        """A server went to a host, which has other amounts now."""
        host = self.hosts[slot]
        for name in list(self._columns):
            if isinstance(name, str) and not name.startswith("_"):
                self._change(name, {slot: getattr(host, name)})

    def _change(self, name: str | Asked, values: Mapping[int, Any]) -> None:
        if not all(_put(self._columns[name], slot, value) for slot, value in values.items()):
            del self._columns[name]

    def successor(self, changed: Mapping[int, HostState]) -> HostColumns:
        """The same hosts but for some; of what is known only theirs is asked again."""
        hosts = self.hosts.seen.copy()
        for slot, host in changed.items():
            hosts[slot] = host
        made = HostColumns(hosts)
        made._profiles = self._profiles
        made._columns = {name: column.copy() for name, column in self._columns.items()}
        for name in self._columns:
            ask = attrgetter(name) if isinstance(name, str) else name
            made._change(name, {slot: ask(host) for slot, host in changed.items()})
        return made

    def keep(self, mask: Array) -> None:
        """Only those hosts are left."""
        self.hosts.keep(mask)
        self._columns = {name: column[mask] for name, column in self._columns.items()}

    def forget(self) -> None:
        """Somebody may have changed any host."""
        self.hosts.kept = None
        self._columns.clear()
        self._profiles.clear()


class Profile:
    """Numbers what hosts are alike in."""

    def __init__(self, ask: Asked) -> None:
        self.ask = ask
        self._numbers: dict[Hashable, int] = {}

    def __call__(self, host: HostState) -> int:
        """The number of the host's profile."""
        return self._numbers.setdefault(self.ask(host), len(self._numbers))


def _column(values: list[Any]) -> Array:
    import numpy as np

    types = set(map(type, values))
    if len(types) == 1 and types <= {bool, int, float}:
        try:
            return np.array(values)
        except OverflowError:
            pass
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _put(column: Array, slot: int, value: Any) -> bool:
    """Set one value of a column; False where it is of another type."""
    if column.dtype != object and _column([value]).dtype != column.dtype:
        return False
    column[slot] = value
    return True


def _aggregates(host: HostState) -> tuple[int, ...]:
    return tuple(map(id, host.aggregates))


@cache
def _without(key: str) -> Asked:
    return lambda host: (
        not any(name.endswith(key) for each in host.aggregates for name in each.metadata)
    )


def for_all(plug_in: object, method: str) -> bool:
    """Whether a plug-in answers for all hosts at once: only if its very class says how.

    What a class inherits does not count, since it may have changed what it answers.
    """
    return method in vars(type(plug_in))
