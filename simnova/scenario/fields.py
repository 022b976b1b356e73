"""The fields of a scenario: what each may hold, its unit, and what stands where it is absent.

One table serves all: the check of what is read, the reference page, and whoever wants to know. `null` is as good as
absent everywhere.
"""

from __future__ import annotations

from typing import NamedTuple

from simnova.scenario import kinds as k


class Field(NamedTuple):
    """A field: what it holds, what it is for, what holds where it is absent, and the part that its objects are."""

    kind: k.Kind
    about: str
    default: str | None = None
    """None where it must be there."""
    part: str = ""


Fields = dict[str, Field]

NONE = "none"

SCENARIO: Fields = {
    "name": Field(k.TEXT, "a name for the answer", "empty"),
    "hosts": Field(k.OBJECTS, "the compute hosts, in the order that breaks ties", None, "host"),
    "aggregates": Field(k.OBJECTS, "the host aggregates", NONE, "aggregate"),
    "config": Field(k.MAPPED, "options by section and name", "Nova's defaults"),
    "release": Field(
        k.RELEASE, "the release whose defaults hold; `mitaka` has no Placement", "today's"
    ),
    "enabled_filters": Field(k.NAMES, "the filters that decide, in order", "Nova's list"),
    "request": Field(k.OBJECT, "what is asked for", None, "request"),
}

HOST: Fields = {
    "name": Field(k.NAME, "its name, also that of its only node"),
    "vcpus": Field(k.SIZE, "physical CPUs"),
    "vcpus_used": Field(k.SIZE, "virtual CPUs given to servers", "0"),
    "total_ram_mb": Field(k.SIZE, "memory, MB"),
    "free_ram_mb": Field(k.COUNT, "free memory, MB", "`total_ram_mb` - `reserved_ram_mb`"),
    "reserved_ram_mb": Field(k.SIZE, "memory that Placement keeps back, MB", "0"),
    "total_disk_gb": Field(k.SIZE, "local disk, GB"),
    "free_disk_gb": Field(k.COUNT, "free local disk, GB", "`total_disk_gb`"),
    "cpu_allocation_ratio": Field(
        k.RATIO, "virtual CPUs for each physical one", "4.0, or as `config` says"
    ),
    "ram_allocation_ratio": Field(k.RATIO, "MB promised for each MB", "1.0, or as `config` says"),
    "disk_allocation_ratio": Field(k.RATIO, "GB promised for each GB", "1.0, or as `config` says"),
    "zone": Field(k.TEXT, "its availability zone, by an aggregate `az-<zone>` of its own", NONE),
    "aggregates": Field(k.NAMES, "the aggregates that it is in", NONE),
    "service": Field(k.OBJECT, "its nova-compute", "up and enabled", "service"),
    "num_io_ops": Field(k.SIZE, "servers that are being built, resized, migrated, …", "0"),
    "num_instances": Field(k.SIZE, "servers", "as many as in `instances`"),
    "instances": Field(k.SERVERS, "its servers, each a UUID or an object", NONE, "instance"),
    "failed_builds": Field(k.SIZE, "builds that failed since one went well", "0"),
    "hypervisor_type": Field(k.TEXT, "as the driver calls it", "`QEMU`"),
    "hypervisor_version": Field(k.SIZE, "as a number: `8002000` is 8.2.0", "0"),
    "arch": Field(k.TEXT, "`supported_instances`: the architecture", "`x86_64`"),
    "hv_type": Field(k.TEXT, "`supported_instances`: the hypervisor", "`kvm`"),
    "vm_mode": Field(k.TEXT, "`supported_instances`: the VM mode", "`hvm`"),
    "host_ip": Field(k.TEXT, "its address", NONE),
    "metrics": Field(k.NUMBERS, "what monitors measured; percentages as fractions of 1", NONE),
    "traits": Field(k.NAMES, "its provider's traits beside `OWNER_NOVA`", NONE),
    "stats": Field(k.SCALARS, "more of the node's `stats`; they replace the counts above", NONE),
    "numa_topology": Field(k.OBJECT, "its NUMA nodes", "not reported", "numa_topology"),
    "pci_pools": Field(k.OBJECTS, "its PCI devices by pool", NONE, "pci_pool"),
    "extra_inventory": Field(k.MAPPED, "inventories by resource class", NONE, "inventory"),
}

SERVICE: Fields = {
    "up": Field(k.FLAG, "reported just now; if not, an hour ago", "true"),
    "disabled": Field(k.FLAG, "an operator has disabled it", "false"),
    "forced_down": Field(k.FLAG, "an operator calls it down", "false"),
    "last_seen_s": Field(k.SECONDS, "seconds since its last report", "as `up` says"),
}

INSTANCE: Fields = {
    "uuid": Field(k.NAME, "its UUID, or any name that hints and groups use"),
    "image_properties": Field(k.SCALARS, "those of the image that it was made from", NONE),
}

NUMA_TOPOLOGY: Fields = {"cells": Field(k.OBJECTS, "the nodes", NONE, "numa_cell")}

NO_PAGES = "not reported: the servers of one request do not see each other's nodes then, as in Nova"

NUMA_CELL: Fields = {
    "id": Field(k.SIZE, "its number"),
    "cpus": Field(k.SIZES, "the numbers of its CPUs"),
    "memory_mb": Field(k.SIZE, "its memory, MB"),
    "cpu_usage": Field(k.SIZE, "virtual CPUs that servers have of it", "0"),
    "memory_usage": Field(k.SIZE, "memory that servers have of it, MB", "0"),
    "pcpus": Field(k.SIZES, "the numbers of CPUs to dedicate", NONE),
    "pinned_cpus": Field(k.SIZES, "those of them that servers have", NONE),
    "siblings": Field(k.CORES, "the threads of each core", NONE),
    "mempages": Field(k.OBJECTS, "its memory by the size of pages", NO_PAGES, "mempages"),
    "socket": Field(k.SIZE, "the processor that it is of", "not reported"),
}

MEMPAGES: Fields = {
    "size_kb": Field(k.POSITIVE, "the size of a page, KiB"),
    "total": Field(k.SIZE, "how many there are"),
    "used": Field(k.SIZE, "how many servers have", "0"),
    "reserved": Field(k.SIZE, "how many are kept back", "0"),
}

PCI_POOL: Fields = {
    "count": Field(k.SIZE, "devices that are free"),
    "vendor_id": Field(k.TEXT, "four hex digits", NONE),
    "product_id": Field(k.TEXT, "four hex digits", NONE),
    "numa_node": Field(k.SIZE, "the NUMA node that they are at", NONE),
}

INVENTORY: Fields = {
    "total": Field(k.SIZE, "how much there is"),
    "used": Field(k.SIZE, "how much of it is allocated", "0"),
    "reserved": Field(k.SIZE, "how much is kept back", "0"),
    "min_unit": Field(k.SIZE, "the least that an allocation may take", "1"),
    "max_unit": Field(k.SIZE, "the most that an allocation may take", "`total`"),
    "step_size": Field(k.POSITIVE, "allocations are multiples of it", "1"),
    "allocation_ratio": Field(k.RATIO, "how much is promised for each unit", "1.0"),
}

AGGREGATE: Fields = {
    "name": Field(k.NAME, "its name"),
    "metadata": Field(k.SCALARS, "what is said of it", NONE),
}

REQUEST: Fields = {
    "flavor": Field(k.OBJECT, "the size of one server", None, "flavor"),
    "image": Field(k.OBJECT, "the image", "one without properties", "image"),
    "hints": Field(k.HINTS, "scheduler hints; a JSON `query` as text or as a list", NONE),
    "group": Field(k.OBJECT, "the server group that the servers join", NONE, "group"),
    "availability_zone": Field(k.TEXT, "the zone asked for", "any"),
    "ignore_hosts": Field(k.NAMES, "hosts that are left out", NONE),
    "force_hosts": Field(k.NAMES, "the hosts that are left, past all filters", NONE),
    "force_nodes": Field(k.NAMES, "the same by the names of nodes", NONE),
    "requested_destination": Field(k.OBJECT, "the only host; filters run", NONE, "destination"),
    "num_instances": Field(k.SERVER_COUNT, "servers in this request", "1"),
    "project_id": Field(k.TEXT, "the project that asks", "`project`"),
    "user_id": Field(k.TEXT, "the user that asks", "`user`"),
    "boot_from_volume": Field(k.FLAG, "no local disk is taken for the root disk", "false"),
}

FLAVOR: Fields = {
    "name": Field(k.TEXT, "its name", "empty"),
    "vcpus": Field(k.CPUS, "virtual CPUs"),
    "ram_mb": Field(k.SIZE, "memory, MB"),
    "disk_gb": Field(k.SIZE, "root disk, GB", "0"),
    "ephemeral_gb": Field(k.SIZE, "ephemeral disk, GB", "0"),
    "swap_mb": Field(k.SIZE, "swap, MB; it takes whole GB of disk", "0"),
    "extra_specs": Field(k.SCALARS, "extra specs", NONE),
}

IMAGE: Fields = {
    "id": Field(k.TEXT, "its UUID", NONE),
    "properties": Field(k.OBJECT, "its properties", NONE),
    "disk_format": Field(k.TEXT, "`qcow2`, `raw`, …", "`qcow2`"),
    "min_ram": Field(k.SIZE, "the least memory, MB", "0"),
    "min_disk": Field(k.SIZE, "the least disk, GB", "0"),
}

GROUP: Fields = {
    "policy": Field(k.POLICY, "what the group is for"),
    "members": Field(k.NAMES, "the UUIDs of the servers in it", NONE),
    "hosts": Field(k.NAMES, "the hosts that they are on", NONE),
    "rules": Field(k.SCALARS, "`max_server_per_host` of `anti-affinity`", NONE),
}

DESTINATION: Fields = {
    "host": Field(k.TEXT, "its name", "any"),
    "node": Field(k.TEXT, "the name of its node", "any"),
}

PARTS: dict[str, Fields] = {
    "scenario": SCENARIO,
    "host": HOST,
    "service": SERVICE,
    "instance": INSTANCE,
    "numa_topology": NUMA_TOPOLOGY,
    "numa_cell": NUMA_CELL,
    "mempages": MEMPAGES,
    "pci_pool": PCI_POOL,
    "inventory": INVENTORY,
    "aggregate": AGGREGATE,
    "request": REQUEST,
    "flavor": FLAVOR,
    "image": IMAGE,
    "group": GROUP,
    "destination": DESTINATION,
}
"""The objects that a scenario is made of."""

OPEN = frozenset({"pci_pool"})
"""Parts that may have fields of their own: a pool has whatever its device specification adds."""
