"""What a host can have beyond its size, checked when it is asked for; and the nova.conf of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from simnova.config import Config
from simnova.exceptions import UsageError, one_of, unknown
from simnova.standards import TRAITS

if TYPE_CHECKING:
    from simnova.cloud.hosts import Host

_CUSTOM = re.compile(r"CUSTOM_[A-Z0-9_]{1,248}")
_PCI = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}")
_MOST_DEVICES = 1024
_NETWORKS = ("user", "nat")
_OPTIONS = (
    *(f"{name}_allocation_ratio" for name in ("cpu", "ram", "disk")),
    *(f"reserved_host_{name}" for name in ("cpus", "memory_mb", "disk_mb")),
)


def check_equipment(host: Host) -> None:
    """Raise UsageError for traits, nodes, devices, metrics or options that there cannot be."""
    _check_traits(host)
    if (host.traits or host.metrics or host.numa or host.pci) and not is_simulated(host):
        raise _wrong(
            host, "traits, metrics, numa and pci are for simulated hosts: a real one tells its own"
        )
    if host.network is not None:
        one_of(f"network of host '{host.name}':", host.network, _NETWORKS)
        if not str(host.driver).startswith("qemu"):
            raise _wrong(
                host, "network is for real guests: give it driver='qemu:///system', or no network"
            )
    nodes = host.numa
    if not isinstance(nodes, int) or isinstance(nodes, bool) or not 0 <= nodes <= host.vcpus:
        raise _wrong(host, f"numa={nodes!r}: give a number of nodes, 0 to its {host.vcpus} CPUs")
    _check_devices(host)
    _check_metrics(host)
    _check_options(host)


def is_simulated(host: Host) -> bool:
    """Whether a host's hypervisor is the simulated one."""
    return host.driver in (None, "simulated")


def conf_of(host: Host, conf: Config) -> Config:
    """The nova.conf that a host's nova-compute reads: the cloud's, but for what the host says itself."""
    own = _own_options(host)
    return cast(Config, _HostConf(conf, own)) if own else conf


class _HostConf:
    """A host's options in front of the cloud's, which may still change."""

    def __init__(self, conf: Config, own: Mapping[str, Any]) -> None:
        self._conf = conf
        self.__dict__.update(own)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._conf, name)


def _own_options(host: Host) -> dict[str, Any]:
    given = {name: getattr(host, name) for name in _OPTIONS}
    return {name: value for name, value in given.items() if value is not None}


def _check_options(host: Host) -> None:
    """Nova's own bounds; and what is kept back must leave something."""
    try:
        Config(**_own_options(host)) if _own_options(host) else None
    except UsageError as error:
        raise _wrong(host, str(error)) from None
    for kept, total, unit in (
        (host.reserved_host_cpus or 0, host.vcpus, "CPUs"),
        (host.reserved_host_memory_mb or 0, host.memory_mb, "MB of memory"),
        (host.reserved_host_disk_mb or 0, host.local_gb * 1024, "MB of disk"),
    ):
        if kept > total:
            raise _wrong(host, f"{kept} {unit} are reserved, it has {total}: reserve fewer")


def _check_traits(host: Host) -> None:
    if isinstance(host.traits, str):
        raise _wrong(host, f"traits={host.traits!r}: give a list, as in traits=[{host.traits!r}]")
    for trait in host.traits:
        if trait not in TRAITS and not _CUSTOM.fullmatch(str(trait)):
            raise unknown(f"trait of host '{host.name}' (own ones begin CUSTOM_)", trait, TRAITS)


def _check_devices(host: Host) -> None:
    if not isinstance(host.pci, (list, tuple)):
        raise _wrong(host, f"pci={host.pci!r}: give a list, as in pci=['10de:1db4', '10de:1db4']")
    for kind in host.pci:
        if not isinstance(kind, str) or not _PCI.fullmatch(kind):
            raise _wrong(host, f"pci: {kind!r}: name a device as vendor:product, '10de:1db4'")
    if len(host.pci) > _MOST_DEVICES:
        raise _wrong(host, f"pci: {len(host.pci)} devices: give {_MOST_DEVICES} at most")


def _check_metrics(host: Host) -> None:
    if not isinstance(host.metrics, Mapping):
        raise _wrong(host, f"metrics={host.metrics!r}: give a dict, as in {{'cpu.percent': 0.2}}")
    for name, value in host.metrics.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _wrong(host, f"metrics: {name}={value!r} is no number: give one")


def _wrong(host: Host, what: str) -> UsageError:
    return UsageError(f"host '{host.name}': {what}")
