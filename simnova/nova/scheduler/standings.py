"""The hosts of one request while it is decided: what is left of them, in order, with all that was noted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from simnova.nova.scheduler.columns import HostColumns
from simnova.nova.scheduler.history import History, Moment
from simnova.nova.scheduler.packed import Packed
from simnova.nova.scheduler.ranking import AMOUNTS, Ranking

if TYPE_CHECKING:
    import numpy as np

    from simnova.nova.scheduler.host_state import HostState


class Standings:
    """Hosts in an order that filters thin out and weighers change; iterating gives them from the first on."""

    def __init__(self, hosts: Iterable[HostState]) -> None:
        self.columns = HostColumns(hosts)
        begin = partial(
            Ranking, self.columns.fixed(_name), [Packed(each) for each in self._amounts()]
        )
        self.history = History(begin)
        self.ranking = begin()
        self._moment = Moment(self.history)
        self.trusted = True
        """Whether nobody but a server of this request can have changed a host since all were asked."""

    def __len__(self) -> int:
        return len(self.ranking)

    def __iter__(self) -> Iterator[HostState]:
        hosts = self.columns.hosts
        return (hosts[slot] for slot in self.ranking.order.tolist())

    def first(self, count: int) -> list[HostState]:
        """The first so many."""
        return self.of(self.ranking.order[:count])

    def best(self) -> list[HostState]:
        """Those of the greatest weight."""
        order = self.ranking.order
        weights = self.ranking.weights[order]
        return self.of(order[weights == weights[0]])

    def of(self, slots: np.ndarray[Any, Any]) -> list[HostState]:
        """The hosts of those slots."""
        hosts = self.columns.hosts
        return [hosts[slot] for slot in slots.tolist()]

    def slot(self, host: HostState) -> int:
        """Where a host that is left is found."""
        hosts, order = self.columns.hosts.seen, self.ranking.order
        if hosts[order[0]] is host:
            return int(order[0])
        return next(slot for slot in order.tolist() if hosts[slot] is host)

    def moment(self) -> Moment:
        """This moment, to tell of it later."""
        if self._moment.number != len(self.history.operations):
            self._moment = Moment(self.history)
        return self._moment

    def do(self, operation: str, *arguments: Any) -> None:
        """Change the ranking, and remember how."""
        getattr(self.ranking, operation)(*arguments)
        self.history.operations.append((operation, arguments))

    def keep(self, left: np.ndarray[Any, Any]) -> None:
        """Only these slots are left, in this order; all others are forgotten."""
        import numpy as np

        if np.array_equal(left, self.ranking.order):
            return
        mask = np.zeros(len(self.columns), dtype=bool)
        mask[left] = True
        self.do("keep", left)
        self.columns.keep(mask)

    def seen(self) -> list[HostState]:
        """How the hosts look, from the first on, to be read only."""
        hosts = self.columns.hosts.seen
        return [hosts[slot] for slot in self.ranking.order.tolist()]

    def keep_hosts(self, hosts: list[HostState]) -> None:
        """Only these of those seen are left."""
        here = set(map(id, hosts))
        found = [id(host) in here for host in self.seen()]
        self.keep(self.ranking.order[found])

    def promote(self, hosts: list[HostState]) -> None:
        """Put some hosts in front, in that order."""
        slots = [self.slot(host) for host in hosts]
        if slots != self.ranking.order[: len(slots)].tolist():
            self.do("promote", slots)

    def taken(self, host: HostState) -> int:
        """A server went to a host; returns its slot."""
        slot = self.slot(host)
        self.columns.refresh(slot)
        self.do("amount", slot, amounts_of(host))
        return slot

    def distrust(self) -> None:
        """A filter or weigher that was asked host by host may have changed any of them."""
        self.trusted = False
        self.columns.forget()

    def look_again(self) -> None:
        """Note what such a filter has changed of what is shown."""
        pairs = zip(self.ranking.amounts, self._amounts(), strict=True)
        for slot in sum(held != now for held, now in pairs).nonzero()[0].tolist():
            self.do("amount", slot, amounts_of(self.columns.hosts[slot]))

    def _amounts(self) -> list[np.ndarray[Any, Any]]:
        columns = self.columns
        claims = columns.of(columns.hosts.counts())
        return [*(getattr(columns, name) for name in AMOUNTS[:-1]), claims]


def _name(host: HostState) -> tuple[str, str]:
    return host.host, host.nodename


def amounts_of(host: HostState) -> tuple[Any, ...]:
    """What the text of a host shows of it."""
    return (*(getattr(host, name) for name in AMOUNTS[:-1]), len(host.allocation_candidates))
