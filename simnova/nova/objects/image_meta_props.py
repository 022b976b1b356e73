"""The image properties that Nova knows, and what becomes of their values (`ImageMetaProps` in `nova/objects`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simnova.nova.objects import fields

LEGACY = {
    "architecture": "hw_architecture",
    "auto_disk_config": "hw_auto_disk_config",
    "bdm_v2": "img_bdm_v2",
    "bittorrent": "img_bittorrent",
    "block_device_mapping": "img_block_device_mapping",
    "cache_in_nova": "img_cache_in_nova",
    "hypervisor_type": "img_hv_type",
    "hypervisor_version_requires": "img_hv_requested_version",
    "ipxe_boot": "hw_ipxe_boot",
    "mappings": "img_mappings",
    "owner_id": "img_owner_id",
    "root_device_name": "img_root_device_name",
    "vm_mode": "hw_vm_mode",
    "vmware_disktype": "hw_disk_type",
    "vmware_image_version": "img_version",
    "vmware_linked_clone": "img_linked_clone",
    "vmware_ostype": "os_distro",
    "xenapi_device_id": "hw_device_id",
    "xenapi_image_compression_level": "img_compression_level",
    "xenapi_skip_agent_inject_files_at_boot": "os_skip_agent_inject_files_at_boot",
    "xenapi_skip_agent_inject_ssh": "os_skip_agent_inject_ssh",
    "xenapi_use_agent": "img_use_agent",
}
"""Names of old, and what the properties are called now."""

_TEXTS = """
hw_auto_disk_config hw_cdrom_bus hw_cpu_policy hw_cpu_realtime_mask hw_cpu_thread_policy hw_disk_bus hw_disk_type
hw_ephemeral_encryption_format hw_ephemeral_encryption_secret_uuid hw_firmware_type hw_floppy_bus hw_input_bus
hw_machine_type hw_maxphysaddr_mode hw_mem_encryption_model hw_mem_page_size hw_pci_numa_affinity_policy
hw_pointer_model hw_rescue_bus hw_rescue_device hw_rng_model hw_scsi_model hw_sound_model hw_tpm_model hw_tpm_version
hw_usb_model hw_video_model hw_vif_model hw_viommu_model hw_watchdog_action img_block_device_mapping img_config_drive
img_hv_requested_version img_mappings img_owner_id img_root_device_name img_signature img_signature_certificate_uuid
img_signature_hash_method img_signature_key_type os_admin_user os_command_line os_distro os_secure_boot os_type
"""
_NUMBERS = """
hw_cpu_cores hw_cpu_max_cores hw_cpu_max_sockets hw_cpu_max_threads hw_cpu_sockets hw_cpu_threads hw_device_id
hw_maxphysaddr_bits hw_numa_nodes hw_redirected_usb_ports hw_serial_port_count hw_video_ram img_compression_level
img_version
"""
_SWITCHES = """
hw_boot_menu hw_ephemeral_encryption hw_firmware_stateless hw_ipxe_boot hw_locked_memory hw_mem_encryption hw_pmu
hw_qemu_guest_agent hw_time_hpet hw_vif_multiqueue_enabled hw_virtio_packed_ring img_bdm_v2 img_bittorrent
img_cache_in_nova img_hide_hypervisor_id img_linked_clone img_use_agent os_require_quiesce
os_skip_agent_inject_files_at_boot os_skip_agent_inject_ssh
"""
_TRUE = frozenset({"1", "t", "true", "on", "y", "yes"})


def _switch(value: Any) -> bool:
    return str(value).strip().lower() in _TRUE


_KNOWN: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_TEXTS.split(), lambda value: value),
    **dict.fromkeys(_NUMBERS.split(), int),
    **dict.fromkeys(_SWITCHES.split(), _switch),
    "hw_architecture": fields.architecture,
    "hw_emulation_architecture": fields.architecture,
    "hw_vm_mode": fields.vm_mode,
    "img_hv_type": fields.hv_type,
}


def known(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Those properties that Nova knows, under their present names; traits that an image requires as `traits_required`.

    Where a property is there under both names, the present one counts. Raises ValueError for what should be a number.
    """
    renamed = {LEGACY[name]: value for name, value in properties.items() if name in LEGACY}
    found = {**renamed, **properties}
    values = {name: cast(found[name]) for name, cast in _KNOWN.items() if name in found}
    traits = traits_required(properties)
    return {**values, "traits_required": traits} if traits else values


def traits_required(properties: Mapping[str, Any]) -> list[str]:
    """The traits of properties such as `trait:HW_CPU_X86_AVX2=required`."""
    return [
        name.removeprefix("trait:")
        for name, value in properties.items()
        if name.startswith("trait:") and value == "required"
    ]
