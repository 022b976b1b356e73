"""Addresses: pools of a subnet, and who has which (`neutron/ipam/`, `neutron/db/ipam_backend_mixin.py`).

The lowest free address is taken. Neutron itself draws one of the first free ones, so that two servers that allocate at
the same moment seldom meet.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from simnova.db.transaction import Transaction
from simnova.neutron.errors import error, invalid

Row = dict[str, Any]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Pool = tuple[int, int]
"""The first and last address of a pool, as numbers."""


def parse_cidr(text: Any) -> Network:
    """A subnet's range; host bits are cut off, as Neutron does."""
    try:
        return ipaddress.ip_network(str(text), strict=False)
    except ValueError:
        raise invalid(
            f"Invalid input for cidr. Reason: '{text}' is not a valid IP subnet"
        ) from None


def gateway(cidr: Network) -> str:
    """The gateway that a subnet has unless another is given: its first address."""
    return str(cidr[1] if cidr.num_addresses > 2 else cidr[0])


def default_pools(cidr: Network, gateway_ip: str | None) -> list[Pool]:
    """All hosts of the subnet but the gateway."""
    first, last = int(cidr[0]), int(cidr[-1])
    if cidr.num_addresses > 2:
        first, last = first + 1, (last - 1 if cidr.version == 4 else last)
    if gateway_ip is None:
        return [(first, last)]
    at = int(ipaddress.ip_address(gateway_ip))
    return [pool for pool in ((first, min(at - 1, last)), (max(at + 1, first), last)) if _ok(pool)]


def _ok(pool: Pool) -> bool:
    return pool[0] <= pool[1]


def given_pools(cidr: Network, given: Sequence[Mapping[str, str]]) -> list[Pool]:
    """The pools of a request, sorted; refuses what lies outside the subnet, backwards or across another."""
    pools = sorted(_given(cidr, pool) for pool in given)
    for one, other in pairwise(pools):
        if other[0] <= one[1]:
            raise error(
                "OverlappingAllocationPools",
                pool_1=_span(cidr, one),
                pool_2=_span(cidr, other),
                subnet_cidr=cidr,
            )
    return pools


def _given(cidr: Network, given: Mapping[str, str]) -> Pool:
    shown = f"{given.get('start')}-{given.get('end')}"
    try:
        first, last = (ipaddress.ip_address(given[end]) for end in ("start", "end"))
    except (KeyError, ValueError):
        raise error("InvalidAllocationPool", pool=shown) from None
    if first not in cidr or last not in cidr:
        raise error("OutOfBoundsAllocationPool", pool=shown, subnet_cidr=cidr)
    if int(first) > int(last):
        raise error("InvalidAllocationPool", pool=shown)
    return int(first), int(last)


def _span(cidr: Network, pool: Pool) -> str:
    return f"{address(cidr.version, pool[0])}-{address(cidr.version, pool[1])}"


def address(version: int, number: int) -> str:
    """An address from its number."""
    kind = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    return str(kind(number))


class Addresses:
    """Gives addresses out of subnets; remembers for each the number below which all is taken.

    The memory is only a shortcut: what the database says holds.
    """

    def __init__(self) -> None:
        self._full_below: dict[str, int] = {}

    def lowest_free(self, tx: Transaction, subnet: Row) -> str | None:
        """The lowest address of the subnet's pools that nobody has."""
        start = self._full_below.get(subnet["id"], 0)
        found = self._search(tx, subnet, start)
        if found is None and start:
            found = self._search(tx, subnet, 0)
        if found is None:
            return None
        self._full_below[subnet["id"]] = found
        return address(subnet["ip_version"], found)

    def _search(self, tx: Transaction, subnet: Row, start: int) -> int | None:
        numbers = _numbers(tx, subnet, start)
        taken = (
            (number, tx.get("ipallocations", subnet_id=subnet["id"], ip_address=text))
            for number, text in numbers
        )
        return next((number for number, row in taken if row is None), None)

    def released(self, subnet_id: str, text: str) -> None:
        """An address is free again."""
        number = int(ipaddress.ip_address(text))
        if number < self._full_below.get(subnet_id, 0):
            self._full_below[subnet_id] = number


def _numbers(tx: Transaction, subnet: Row, start: int) -> Iterator[tuple[int, str]]:
    pools = tx.select("ipallocationpools", {"subnet_id": subnet["id"]})
    ends = sorted(
        (int(ipaddress.ip_address(p["first_ip"])), int(ipaddress.ip_address(p["last_ip"])))
        for p in pools
    )
    for first, last in ends:
        for number in range(max(first, start), last + 1):
            yield number, address(subnet["ip_version"], number)
