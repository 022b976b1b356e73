"""Every extra spec that Nova knows: patterns of names, and the form of the value (the modules of `extra_specs/`)."""

from __future__ import annotations

from simnova.nova.api.extra_specs.forms import Form, Number, OneOf, Text, Truth

_GROUP = r"([a-zA-Z0-9_-]{1,64})?"
_CPUS = r"\^?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*"
_FROM_0, _FROM_1 = Number(0), Number(1)


def _each(prefix: str, names: str, form: Form) -> dict[str, Form]:
    return {prefix + name: form for name in names.split()}


def _of(**words: str) -> dict[str, Form]:
    return {f"hw:{name}": OneOf(tuple(text.split())) for name, text in words.items()}


HW: dict[str, Form] = {
    **_each(
        "hw:",
        "cpu_realtime hide_hypervisor_id locked_memory boot_menu vif_multiqueue_enabled "
        "mem_encryption pmu virtio_packed_ring ephemeral_encryption",
        Truth(),
    ),
    **_each(
        "hw:",
        "numa_nodes cpu_sockets cpu_cores cpu_threads cpu_max_sockets cpu_max_cores cpu_max_threads",
        _FROM_1,
    ),
    **_of(
        cpu_policy="dedicated shared mixed",
        cpu_thread_policy="prefer isolate require",
        emulator_threads_policy="isolate share",
        pci_numa_affinity_policy="required preferred legacy socket",
        mem_encryption_model="amd-sev amd-sev-es amd-sev-snp",
        tpm_model="tpm-tis tpm-crb",
        tpm_version="1.2 2.0",
        tpm_secret_security="user host deployment",
        watchdog_action="none pause poweroff reset disabled",
        viommu_model="intel smmuv3 virtio auto",
        sound_model="sb16 es1370 pcspk ac97 ich6 ich9 usb virtio",
        usb_model="qemu-xhci nec-xhci",
        ephemeral_encryption_format="plain luks luksv2",
    ),
    "hw:cpu_realtime_mask": Text(r"(\^)?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*"),
    "hw:cpu_dedicated_mask": Text(_CPUS),
    "hw:mem_page_size": Text(r"(large|small|any|\d+([kKMGT]i?)?(b|bit|B)?)"),
    r"hw:numa_cpus\.\d+": Text(_CPUS),
    r"hw:numa_mem\.\d+": _FROM_1,
    "hw:pmem": Text("([a-zA-Z0-9_]+(,)?)+"),
    "hw:serial_port_count": _FROM_0,
    "hw:redirected_usb_ports": Number(0, 15),
    "hw_rng:allowed": Truth(),
    **_each("hw_rng:", "rate_bytes rate_period", _FROM_0),
    "hw_video:ram_max_mb": _FROM_0,
}
QUOTA: dict[str, Form] = {
    **{f"quota:{key}_limit": _FROM_0 for key in ("cpu", "memory", "disk_io", "vif")},
    **{f"quota:{key}_reservation": Number() for key in ("cpu", "memory", "disk_io", "vif")},
    **{
        f"quota:{key}_shares_level": OneOf(("custom", "high", "normal", "low"))
        for key in ("cpu", "memory", "disk_io", "vif")
    },
    **{f"quota:{key}_shares_share": _FROM_0 for key in ("cpu", "memory", "disk_io", "vif")},
    **_each("quota:", "cpu_shares cpu_period", _FROM_0),
    "quota:cpu_quota": Number(),
    r"quota:disk_(read|write|total)_(bytes|iops)_sec": _FROM_0,
    r"quota:vif_(inbound|outbound)_(average|peak|burst)": _FROM_0,
}
_CLASSES = (
    "VCPU|MEMORY_MB|DISK_GB|PCI_DEVICE|SRIOV_NET_VF|NUMA_SOCKET|NUMA_CORE|NUMA_THREAD|NUMA_MEMORY_MB|"
    "IPV4_ADDRESS|VGPU|VGPU_DISPLAY_HEAD|NET_BW_EGR_KILOBIT_PER_SEC|NET_BW_IGR_KILOBIT_PER_SEC|PCPU|"
    "MEM_ENCRYPTION_CONTEXT|FPGA|PGPU|NET_PACKET_RATE_KILOPACKET_PER_SEC|"
    "NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC|NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC"
)
_HW_TRAITS = "COMPUTE|HW|MISC|OWNER|STORAGE|CUSTOM"
PLACEMENT: dict[str, Form] = {
    rf"resources{_GROUP}:({_CLASSES}|CUSTOM_[A-Z0-9_]+)": Number(),
    rf"trait{_GROUP}:({_HW_TRAITS})_[A-Z0-9_]+": OneOf(("required", "forbidden")),
    "group_policy": OneOf(("isolate", "none")),
}
CAPABILITIES: dict[str, Form] = {
    **_each(
        "capabilities:",
        "id uuid service_id host vcpus memory_mb local_gb vcpus_used memory_mb_used local_gb_used "
        "hypervisor_type hypervisor_version hypervisor_hostname free_ram_mb free_disk_gb "
        "current_workload running_vms disk_available_least host_ip mapped cpu_allocation_ratio "
        "ram_allocation_ratio disk_allocation_ratio total_usable_ram_mb total_usable_disk_gb "
        "disk_mb_used free_disk_mb vcpus_total num_instances num_io_ops failed_builds aggregates "
        "cell_uuid updated",
        Text(),
    ),
    r"capabilities:(cpu_info|metrics|stats|numa_topology|supported_hv_specs|pci_device_pools)(:\w+)*": Text(),
    r"capabilities:(nodename|pci_stats|supported_instances|limits|instances)(:\w+)*": Text(),
}
OTHERS: dict[str, Form] = {
    "accel:device_profile": Text(),
    "aggregate_instance_extra_specs:.+": Text(),
    "hide_hypervisor_id": Truth(),
    "os:secure_boot": OneOf(("disabled", "required")),
    "pci_passthrough:alias": Text(r"[^:]+:\d+(?:\s*,\s*[^:]+:\d+)*"),
    **_each("vmware:", "hw_version storage_policy", Text()),
}
KNOWN: dict[str, Form] = {**HW, **QUOTA, **PLACEMENT, **CAPABILITIES, **OTHERS}
"""By the pattern of the name. Traits are known by their first word, not each by its name."""

NAMESPACES = frozenset(name.split(":", 1)[0] for name in KNOWN if ":" in name)
"""Patterns of what stands before the colon: there nothing else is allowed."""
