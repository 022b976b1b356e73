"""The options for the neighbours and for libvirt
(`nova/conf/{placement,glance,neutron,cinder,libvirt}.py`).
"""

from simnova.config.option import Option, integer, names, string, switch

PLACEMENT = [
    string("region_name", None, "The region of Placement's endpoint."),
    string("valid_interfaces", "internal", "Which of its endpoints is used."),
    # Placement's own option, in its placement.conf.
    switch(
        "randomize_allocation_candidates", False, "Placement gives its candidates in random order."
    ),
]

GLANCE = [
    integer("num_retries", 3, "How often a failed request for an image is sent again.", min=0),
    switch("verify_glance_signatures", False, "Images must be signed."),
]

NEUTRON = [
    string("ovs_bridge", "br-int", "The bridge that ports are plugged into."),
    string("default_floating_pool", "nova", "The network of floating addresses."),
    integer("http_retries", 3, "How often a failed request to Neutron is sent again.", min=0),
    switch(
        "service_metadata_proxy",
        False,
        "Neutron's agent says, signed, which server asks for metadata; else its address does.",
    ),
    string("metadata_proxy_shared_secret", "", "With what the agent signs that."),
]

CINDER = [
    integer("http_retries", 3, "How often a failed request to Cinder is sent again.", min=0),
    switch("cross_az_attach", True, "Volumes of another availability zone can be attached."),
]

LIBVIRT = [
    string("virt_type", "kvm", "The kind of domain.", choices=("kvm", "lxc", "qemu", "parallels")),
    string("connection_uri", "", "The hypervisor's address; empty: that of virt_type."),
    string(
        "cpu_mode",
        None,
        "The guest's CPU; unset: host-model for kvm, none else.",
        choices=("host-model", "host-passthrough", "custom", "none"),
    ),
    names("cpu_models", [], "With cpu_mode custom: named models, oldest first."),
    string(
        "images_type",
        "default",
        "How disks are kept.",
        choices=("raw", "flat", "qcow2", "lvm", "rbd", "ploop", "default"),
    ),
    string("rng_dev_path", "/dev/urandom", "Where guests get randomness from."),
    integer("wait_soft_reboot_seconds", 120, "Seconds after which a soft reboot is done hard."),
    integer("mem_stats_period_seconds", 10, "Seconds between a guest's memory statistics; 0: off."),
    integer("device_detach_attempts", 8, "How often a device's removal is tried.", min=1),
    integer("device_detach_timeout", 20, "Seconds each of them may take.", min=1),
    integer("live_migration_bandwidth", 0, "MiB/s that a live migration may use; 0: any."),
    integer("live_migration_downtime", 500, "Milliseconds that a guest may stand still.", min=100),
    integer("live_migration_downtime_steps", 10, "Steps in which it grows to that limit.", min=3),
    integer("live_migration_downtime_delay", 75, "Seconds per GiB between two of them.", min=3),
    integer(
        "live_migration_completion_timeout",
        800,
        "Seconds a live migration may take per GiB; 0: any.",
        min=0,
    ),
    string(
        "live_migration_timeout_action",
        "abort",
        "What is done with one that takes longer.",
        choices=("abort", "force_complete"),
    ),
    switch("live_migration_permit_post_copy", False, "It may go on after the guest has moved."),
    switch("live_migration_permit_auto_converge", False, "It may slow the guest down."),
    integer(
        "live_migration_monitor_interval",
        5,
        "Seconds between two notes of how far one is.",
        min=1,
    ),
]

SECTIONS: dict[str, list[Option]] = {
    "placement": PLACEMENT,
    "glance": GLANCE,
    "neutron": NEUTRON,
    "cinder": CINDER,
    "libvirt": LIBVIRT,
}
