"""What a simulated host tells of its NUMA nodes, PCI devices and measurements, in the form that drivers tell it."""

from __future__ import annotations

import json
from typing import Any

from simnova.nova.objects.numa import NUMACell, NUMAPagesTopology, NUMATopology
from simnova.nova.virt.driver import Resources


def described(resources: Resources, now: str) -> dict[str, Any]:
    """The part of `get_available_resource` that goes beyond sizes; None for what the host has not."""
    return {
        "numa_topology": numa_topology(resources),
        "pci_passthrough_devices": json.dumps(_devices(resources)) if resources.pci else None,
        "metrics": json.dumps(_metrics(resources, now)) if resources.metrics else None,
    }


def numa_topology(resources: Resources) -> str | None:
    """The nodes: CPUs and memory, in small pages, in equal parts; what is left over in the first ones."""
    nodes = resources.numa_nodes
    if not nodes:
        return None
    cpus = list(range(resources.vcpus))
    cells = [
        NUMACell(
            id=n,
            cpuset=cpus[_part(len(cpus), n, nodes)],
            memory=_share(resources, n),
            mempages=[NUMAPagesTopology(_SMALL, total=_share(resources, n) * 1024 // _SMALL)],
        )
        for n in range(nodes)
    ]
    return NUMATopology(cells).to_json()


_SMALL = 4
"""KiB of a page."""


def _part(total: int, n: int, of: int) -> slice:
    return slice(total * n // of, total * (n + 1) // of)


def _share(resources: Resources, n: int) -> int:
    part = _part(resources.memory_mb, n, resources.numa_nodes)
    return int(part.stop - part.start)


def _devices(resources: Resources) -> list[dict[str, Any]]:
    """Each device with an address of its own; the nodes have them in turn."""
    return [
        {
            "address": f"0000:{0x81 + n // 32:02x}:{n % 32:02x}.0",
            "vendor_id": kind.partition(":")[0],
            "product_id": kind.partition(":")[2],
            "dev_type": "type-PCI",
            "status": "available",
            "numa_node": n % resources.numa_nodes if resources.numa_nodes else None,
        }
        for n, kind in enumerate(resources.pci)
    ]


def _metrics(resources: Resources, now: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "value": value, "timestamp": now, "source": "simulated"}
        for name, value in resources.metrics.items()
    ]
