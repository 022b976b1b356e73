"""Which CPUs of a host's node a server gets for itself (`_pack_instance_onto_cores` of `nova/virt/hardware.py`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from simnova.nova.objects.numa import InstanceNUMACell, NUMACell

Cores = Sequence[set[int]]


class Pinning(NamedTuple):
    """Pairs of a virtual CPU and the host's CPU that it gets, and those that the emulator's threads get."""

    pairs: list[list[int]]
    reserved: list[int]


def pack_instance_onto_cores(
    host: NUMACell, wanted: InstanceNUMACell, reserved: int
) -> Pinning | None:
    """The CPUs, by cores, emptier ones first; None where the thread policy cannot be kept.

    As in Nova, a node that tells CPUs to dedicate but no cores raises ValueError.
    """
    threads = max(map(len, host.siblings)) or 1
    by_threads: dict[int, list[set[int]]] = {}
    for core in host.free_siblings:
        for number in range(1, len(core) + 1):
            by_threads.setdefault(number, []).append(core)
    if wanted.cpu_thread_policy == "isolate":
        return _isolated(host, wanted, reserved, (threads, by_threads))
    if wanted.cpu_thread_policy == "require" and threads <= 1:
        return None
    return next(_in_turn(by_threads, wanted, reserved), None)


def _isolated(
    host: NUMACell,
    wanted: InstanceNUMACell,
    reserved: int,
    cores: tuple[int, dict[int, list[set[int]]]],
) -> Pinning | None:
    """One thread of each core that is wholly free; where threads are, only of hosts that have no other use for CPUs."""
    threads, by_threads = cores
    if threads not in by_threads or (threads != 1 and set(host.pcpuset) != set(host.cpuset)):
        return None
    pairs = _pairs(1, by_threads[threads], wanted)
    return _with_reserved(pairs, by_threads[1], reserved, whole_cores=True)


def _in_turn(
    by_threads: dict[int, list[set[int]]], wanted: InstanceNUMACell, reserved: int
) -> Iterator[Pinning]:
    """The ways to place it: as many threads of each core as possible first, at last without regard to cores."""
    required = wanted.cpu_thread_policy == "require"
    for number, cores in sorted(by_threads.items(), reverse=True):
        if number > 1 or not required:
            pairs = _pairs(number, cores, wanted)
            yield from _found(_with_reserved(pairs, by_threads[1], reserved))
    if not required:
        single = [{cpu} for cpu in chain(*by_threads.get(1, []))]
        yield from _found(_with_reserved(_pairs(1, single, wanted), single, reserved))


def _found(pinning: Pinning | None) -> list[Pinning]:
    return [] if pinning is None else [pinning]


def _pairs(threads: int, cores: Cores, wanted: InstanceNUMACell) -> list[list[int]] | None:
    if threads * len(cores) < len(wanted.pcpuset):
        return None
    usable = chain(*(list(core)[:threads] for core in cores))
    return [list(pair) for pair in zip(sorted(wanted.pcpuset), usable, strict=False)]


def _with_reserved(
    pairs: list[list[int]] | None, cores: Cores, count: int, whole_cores: bool = False
) -> Pinning | None:
    """The pinning with CPUs for the emulator's threads, of cores that the server has none of where it is isolated."""
    if pairs is None or (not pairs and (count or whole_cores)):
        return None
    taken = {cpu for _, cpu in pairs}
    left = [list(core) for core in cores if not (whole_cores and core & taken)]
    free = [cpu for cpu in chain(*left) if cpu not in taken]
    reserved = free[:count]
    return None if count and not reserved else Pinning(pairs, reserved)
