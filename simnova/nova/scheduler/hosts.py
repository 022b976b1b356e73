"""The hosts of one request: those that are kept for all requests, until one is taken in hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from simnova.nova.scheduler.host_state import HostState

if TYPE_CHECKING:
    import numpy as np

    from simnova.nova.scheduler.claims import Claims
    from simnova.nova.scheduler.columns import HostColumns
    from simnova.nova.scheduler.instance_info import Servers

    Array = np.ndarray[Any, Any]


class Kept(NamedTuple):
    """Columns of a cell's kept hosts, and where in them the request's hosts stand: all of them where that is None."""

    columns: HostColumns
    places: Array | None


class Part(NamedTuple):
    """Those of a request's hosts that one cell has."""

    cell_uuid: str | None
    hosts: list[HostState]
    kept: Kept
    servers: Servers


class Hosts(Sequence[HostState]):
    """A host state for each host. `seen` is how each looks, to be read only; what is taken by slot is the request's.

    A host that is taken is copied first, with its servers and its claims, so that nobody else sees what the request
    consumes of it. Most hosts are only read, in columns.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.seen = [host for part in parts for host in part.hosts]
        self.taken: set[int] = set()
        self.claims: Claims | None = None
        self.kept = parts[0].kept if len(parts) == 1 else None
        self._servers = {part.cell_uuid: part.servers for part in parts}
        self._own = False

    @classmethod
    def own(cls, hosts: Iterable[HostState]) -> Hosts:
        """Hosts that are the request's already."""
        made = cls([])
        made.seen = list(hosts)
        made._own = True
        return made

    def __len__(self) -> int:
        return len(self.seen)

    @overload
    def __getitem__(self, slot: int) -> HostState: ...

    @overload
    def __getitem__(self, slot: slice) -> list[HostState]: ...

    def __getitem__(self, slot: int | slice) -> HostState | list[HostState]:
        if isinstance(slot, slice):
            return [self[each] for each in range(*slot.indices(len(self)))]
        if not self._own:
            self._take(range(len(self.seen))[slot])
        return self.seen[slot]

    def __iter__(self) -> Iterator[HostState]:
        return map(self.__getitem__, range(len(self.seen)))

    def _take(self, slot: int) -> None:
        if slot not in self.taken:
            self.taken.add(slot)
            kept = self.seen[slot]
            made = self.seen[slot] = kept.copy()
            made.instances = self._servers[kept.cell_uuid](kept.host)
            made.allocation_candidates = self.claims.of(kept.uuid) if self.claims else []

    def counts(self) -> list[int]:
        """With how many claims each could be claimed."""
        counts = self.claims.counts if self.claims else {}
        found = [0 if self._own else counts.get(str(host.uuid), 0) for host in self.seen]
        for slot in range(len(found)) if self._own else self.taken:
            found[slot] = len(self.seen[slot].allocation_candidates)
        return found

    def keep(self, mask: Array) -> None:
        """Only those are left, and are numbered anew."""
        left: list[bool] = mask.tolist()
        self.seen = [host for host, here in zip(self.seen, left, strict=True) if here]
        slots = (mask.cumsum() - 1).tolist()
        self.taken = {slots[slot] for slot in self.taken if left[slot]}
        if self.kept is not None:
            columns, places = self.kept
            self.kept = Kept(columns, mask.nonzero()[0] if places is None else places[mask])
