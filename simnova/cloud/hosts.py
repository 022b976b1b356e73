"""The compute hosts of a cloud, as its builder asks for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from os import PathLike
from typing import Any, Final

from simnova.arguments import named_fields
from simnova.cloud.equipment import check_equipment
from simnova.exceptions import UsageError
from simnova.nova.virt.profile import Profile

_NAME = re.compile(r"[A-Za-z0-9._-]{1,255}")


@named_fields
@dataclass(frozen=True)
class Host:
    """A compute host: its size (CPUs, MB, GB) and what drives its hypervisor.

    `driver` is None or "simulated", or a libvirt URI (`test:///…/node.xml`, `test://` for a world made from the sizes).

    `profile` is how long a simulated hypervisor takes, or the file of one (`Profile.write`).

    A simulated host can have more: `traits` (`HW_CPU_X86_AVX2`, `CUSTOM_…`), `metrics` (`{"cpu.percent": 0.2}`),
    `numa` nodes that share its CPUs and memory evenly, `pci` devices, one entry each (`["10de:1db4"] * 2`).

    `network` is what carries the cards of real guests: "user" (or None) QEMU itself, "nat" networks of libvirt's, which
    root's daemon (`qemu:///system`) can make. Where it cannot, nova-compute's log says why, and QEMU does it.

    `cell` is the cell it belongs to (`cell1`, `cell2` …), in a cloud whose cells are split off.

    The ratios and what is reserved (CPUs, MB, MB of disk) are Nova's options, which every host has in a nova.conf of
    its own; None is what the cloud's says. Raises `UsageError` for what a host cannot have.
    """

    name: str
    vcpus: int = 8
    memory_mb: int = 16384
    local_gb: int = 100
    driver: str | None = None
    profile: Profile | str | PathLike[str] | None = None
    traits: Sequence[str] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    numa: int = 0
    pci: Sequence[str] = ()
    cell: str | None = None
    cpu_allocation_ratio: float | None = None
    ram_allocation_ratio: float | None = None
    disk_allocation_ratio: float | None = None
    reserved_host_cpus: int | None = None
    reserved_host_memory_mb: int | None = None
    reserved_host_disk_mb: int | None = None
    network: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "profile", as_profile(self.name, self.profile))
        for what, value in (
            ("vcpus", self.vcpus),
            ("memory_mb", self.memory_mb),
            ("local_gb", self.local_gb),
        ):
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise UsageError(
                    f"host '{self.name}': {what}={value!r} is no size: give a whole number from 1 up"
                )
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise UsageError(
                f"a host cannot be called {self.name!r}: use letters, digits, '-', '_' and '.'"
            )
        check_equipment(self)

    def _repr_html_(self) -> str:
        size = f"{self.vcpus} CPUs, {self.memory_mb} MB, {self.local_gb} GB"
        return f"<b>{escape(self.name)}</b>: {size}, {escape(self.driver or 'simulated')}"


def as_profile(name: str, given: Any) -> Profile | None:
    """A profile from itself or its file. Raises `UsageError`."""
    if isinstance(given, str | PathLike):
        return Profile.read(given)
    if given is None or isinstance(given, Profile):
        return given
    raise UsageError(f"host '{name}': profile={given!r}: give a Profile, or the file of one")


MOST: Final = 100_000
"""Hosts that a number may ask for: a slip of the finger must not fill the memory."""


def as_hosts(hosts: int | Iterable[Host | str]) -> list[Host]:
    """Hosts from a number, names or `Host` objects. Raises `UsageError` for none, or two of one name."""
    if isinstance(hosts, int) and not isinstance(hosts, bool):
        if hosts < 0:
            raise UsageError(
                f"hosts={hosts} is no number of hosts: give 0 or more, or a list of Host"
            )
        if hosts > MOST:
            raise UsageError(f"hosts={hosts} are too many: {MOST} are the most")
        hosts = [f"compute{number}" for number in range(1, hosts + 1)]
    if isinstance(hosts, str) and hosts.isdigit():
        raise UsageError(
            f"hosts={hosts!r} is text: for so many hosts give the number, hosts={hosts}"
        )
    if isinstance(hosts, (str, Host)):
        hosts = [hosts]
    if isinstance(hosts, (bool, Mapping)) or not isinstance(hosts, Iterable):
        raise UsageError(f"hosts={hosts!r}: give a number, or a list of names or Host objects")
    made = [host if isinstance(host, Host) else Host(host) for host in hosts]
    names = [host.name for host in made]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"two hosts are called '{twice[0]}': every host needs a name of its own")
    return made
