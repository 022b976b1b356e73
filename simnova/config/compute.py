"""The options of nova-compute: what a host keeps back, how much it does at once, its periodic
tasks.

`nova/conf/compute.py`, `nova/conf/imagecache.py`, `nova/conf/workarounds.py`.
"""

from simnova.config.option import Option, integer, names, number, string, switch

_RATIO = "How many times a host's {} may be given away; unset: Placement's inventory decides."
_INITIAL = "The ratio for {} that a new host's inventory in Placement gets."

RESOURCES = [
    integer("reserved_host_disk_mb", 0, "Disk (MB) of a host that servers do not get.", min=0),
    integer(
        "reserved_host_memory_mb", 512, "Memory (MB) of a host that servers do not get.", min=0
    ),
    integer("reserved_host_cpus", 0, "Physical CPUs of a host that servers do not get.", min=0),
    number("cpu_allocation_ratio", None, _RATIO.format("CPUs"), min=0.0),
    number("ram_allocation_ratio", None, _RATIO.format("memory"), min=0.0),
    number("disk_allocation_ratio", None, _RATIO.format("disk"), min=0.0),
    number("initial_cpu_allocation_ratio", 4.0, _INITIAL.format("VCPU"), min=0.0),
    number("initial_ram_allocation_ratio", 1.0, _INITIAL.format("MEMORY_MB"), min=0.0),
    number("initial_disk_allocation_ratio", 1.0, _INITIAL.format("DISK_GB"), min=0.0),
]

CONFIG_DRIVE = [
    string(
        "config_drive_format",
        "iso9660",
        "The file system of a config drive.",
        choices=("iso9660", "vfat"),
    ),
    switch("force_config_drive", False, "Every new server gets a config drive."),
    string("mkisofs_cmd", "genisoimage", "The program that makes an iso9660 file system."),
]

LIMITS = [
    integer("max_concurrent_builds", 10, "Builds at once on a host; 0: no limit.", min=0),
    integer("max_concurrent_snapshots", 5, "Snapshots at once on a host; 0: no limit.", min=0),
    integer(
        "max_concurrent_live_migrations",
        1,
        "Live migrations at once from a host; 0: no limit.",
        min=0,
    ),
    integer(
        "network_allocate_retries",
        0,
        "How often a failed network allocation is tried again.",
        min=0,
    ),
    integer(
        "block_device_allocate_retries",
        60,
        "How often a volume is looked at until it is ready.",
        min=0,
    ),
    integer("block_device_allocate_retries_interval", 3, "Seconds between those looks.", min=0),
    integer("max_local_block_devices", 3, "Local disks a server may have; -1: no limit."),
    integer(
        "maximum_instance_delete_attempts", 5, "How often a failed delete is tried again.", min=1
    ),
]

PERIODICS = [
    integer(
        "update_resources_interval",
        0,
        "Seconds between audits of a host's resources; 0: every 60 s, negative: never.",
    ),
    integer(
        "sync_power_state_interval",
        600,
        "Seconds between comparisons with the hypervisor's power states.",
    ),
    integer(
        "sync_power_state_pool_size",
        5,
        "Comparisons of power states at once on a host.",
        min=1,
    ),
    integer(
        "heal_instance_info_cache_interval",
        -1,
        "Seconds between refreshes of network information; -1: off.",
    ),
    integer(
        "scheduler_instance_sync_interval",
        120,
        "Seconds between full lists of servers to the scheduler.",
    ),
    integer("shelved_poll_interval", 3600, "Seconds between looks for shelved servers to offload."),
    integer(
        "shelved_offload_time", 0, "Seconds a shelved server keeps its host; 0: none, -1: for ever."
    ),
    integer(
        "reclaim_instance_interval",
        0,
        "Seconds a deleted server can be restored; 0: deleted at once.",
    ),
    integer(
        "running_deleted_instance_poll_interval",
        1800,
        "Seconds between looks for deleted servers that run.",
    ),
    integer(
        "running_deleted_instance_timeout",
        0,
        "Seconds a server must be deleted before that look counts it.",
    ),
    string(
        "running_deleted_instance_action",
        "reap",
        "What is done with a deleted server that runs.",
        choices=("reap", "log", "shutdown", "noop"),
    ),
    integer(
        "instance_delete_interval",
        300,
        "Seconds between tries to remove the files of deleted servers.",
    ),
    integer("volume_usage_poll_interval", 0, "Seconds between readings of volume usage; 0: off."),
]

TIMEOUTS = [
    integer(
        "instance_build_timeout",
        0,
        "Seconds after which a build that still runs is ERROR; 0: never.",
        min=0,
    ),
    integer(
        "reboot_timeout",
        0,
        "Seconds after which a reboot that hangs is done hard; 0: never.",
        min=0,
    ),
    integer(
        "rescue_timeout", 0, "Seconds after which a rescued server is unrescued; 0: never.", min=0
    ),
    integer(
        "resize_confirm_window",
        0,
        "Seconds after which a resize is confirmed by itself; 0: never.",
        min=0,
    ),
    integer(
        "shutdown_timeout", 60, "Seconds a guest gets to shut down before it is powered off.", min=0
    ),
    integer(
        "vif_plugging_timeout",
        300,
        "Seconds to wait for Neutron to say that a port is wired.",
        min=0,
    ),
    switch("vif_plugging_is_fatal", True, "A port that is not wired in time fails the build."),
]

BEHAVIOUR = [
    string(
        "compute_driver",
        None,
        "The virt driver, `libvirt.LibvirtDriver` for one; hosts name theirs.",
    ),
    switch("allow_resize_to_same_host", False, "A resize may stay on its host."),
    switch(
        "resume_guests_state_on_host_boot",
        False,
        "Start the servers that ran when the host went down.",
    ),
    string(
        "instance_name_template",
        "instance-%08x",
        "The guest's name at the hypervisor, from the row's id.",
    ),
    string(
        "instances_path", "$state_path/instances", "Where a host keeps the disks of its servers."
    ),
    string("state_path", "/var/lib/nova", "Nova's folder on a host."),
    string("default_ephemeral_format", None, "The file system of ephemeral disks."),
    switch("force_raw_images", True, "Images are converted to raw before they are used."),
    switch("use_cow_images", True, "Disks are copy-on-write files above the cached image."),
    string("preallocate_images", "none", "How disks are preallocated.", choices=("none", "space")),
    names(
        "non_inheritable_image_properties",
        ["cache_in_nova", "bittorrent"],
        "Image properties that a snapshot does not take over.",
    ),
]

COMPUTE = [
    integer(
        "consecutive_build_service_disable_threshold",
        10,
        "Any value but 0: failed builds are counted, and the build failure weigher sees them.",
    ),
    integer(
        "shutdown_retry_interval",
        10,
        "Seconds between signals to a guest that is to shut down.",
        min=1,
    ),
    string("cpu_shared_set", None, "Host CPUs for servers without pinned CPUs, as `0-3,^2`."),
    string("cpu_dedicated_set", None, "Host CPUs for servers with pinned CPUs."),
    integer(
        "max_concurrent_disk_ops", 0, "Disk-heavy operations at once on a host; 0: no limit.", min=0
    ),
    integer("max_disk_devices_to_attach", -1, "Disks a server may have; -1: no limit.", min=-1),
    integer(
        "resource_provider_association_refresh",
        300,
        "Seconds after which a provider's aggregates and traits are read again; 0: never.",
        min=0,
    ),
    switch(
        "live_migration_wait_for_vif_plug",
        True,
        "A live migration waits for the destination's ports.",
    ),
    switch(
        "packing_host_numa_cells_allocation_strategy",
        False,
        "Fill one NUMA cell before the next is used.",
    ),
]

IMAGE_CACHE = [
    integer(
        "manager_interval",
        2400,
        "Seconds between runs of the image cache's manager; -1: never.",
        min=-1,
    ),
    string("subdirectory_name", "_base", "Where cached images are, below instances_path."),
    switch("remove_unused_base_images", True, "Cached images that no server uses are removed."),
    integer(
        "remove_unused_original_minimum_age_seconds",
        86400,
        "Seconds an unused cached image is kept.",
    ),
    integer(
        "precache_concurrency", 1, "Hosts at once that fetch an image ahead of its use.", min=1
    ),
]

WORKAROUNDS = [
    switch(
        "disable_fallback_pcpu_query",
        False,
        "Where dedicated CPUs are asked for, Placement is not asked for hosts without PCPUs as well.",
    ),
    switch(
        "disable_group_policy_check_upcall",
        False,
        "No late check of a server group's policy on the compute host.",
    ),
    switch(
        "handle_virt_lifecycle_events", True, "The hypervisor's events change power states at once."
    ),
    switch(
        "skip_hypervisor_version_check_on_lm",
        False,
        "Live migration to an older hypervisor is allowed.",
    ),
]

SECTIONS: dict[str, list[Option]] = {
    "DEFAULT": RESOURCES + CONFIG_DRIVE + LIMITS + PERIODICS + TIMEOUTS + BEHAVIOUR,
    "compute": COMPUTE,
    "image_cache": IMAGE_CACHE,
    "workarounds": WORKAROUNDS,
}
