"""The options of the scheduler: how it searches, filters and weighs (`nova/conf/scheduler.py`)."""

from simnova.config.option import Option, integer, lines, names, number, string, switch

SCHEDULER = [
    integer(
        "max_attempts",
        3,
        "How many hosts a build or a move may try before it ends in ERROR; the scheduler gives one "
        "alternate less.",
        min=1,
        older=("DEFAULT.scheduler_max_attempts",),
    ),
    integer(
        "discover_hosts_in_cells_interval",
        -1,
        "Seconds between searches for compute hosts that no cell mapping names yet; -1 never.",
        min=-1,
    ),
    integer(
        "max_placement_results",
        1000,
        "How many allocation candidates Placement is asked for; hosts beyond are never looked at.",
        min=1,
    ),
    integer("workers", None, "Worker processes of nova-scheduler; unset: one per CPU.", min=0),
    switch(
        "limit_tenants_to_placement_aggregate",
        False,
        "Confine a project to the aggregates whose metadata filter_tenant_id names it.",
    ),
    switch(
        "placement_aggregate_required_for_tenants",
        False,
        "With the option before: refuse a project that no aggregate names.",
    ),
    switch(
        "query_placement_for_image_type_support",
        False,
        "Ask Placement only for hosts that support the image's disk format.",
    ),
    switch(
        "query_placement_for_routed_network_aggregates",
        False,
        "Ask Placement only for hosts in the segments of the requested routed networks.",
    ),
    switch(
        "enable_isolated_aggregate_filtering",
        False,
        "Keep servers that do not ask for an aggregate's required traits off its hosts.",
    ),
    switch(
        "image_metadata_prefilter",
        False,
        "Turn well known image properties into traits that Placement is asked for.",
    ),
]

_AFFINITY = "Multiplier for hosts that hold {} members of the server's group (soft policies)."

FILTER_SCHEDULER = [
    integer(
        "host_subset_size",
        1,
        "The winner is drawn from this many best hosts.",
        min=1,
        older=("DEFAULT.scheduler_host_subset_size",),
    ),
    integer(
        "max_io_ops_per_host",
        8,
        "IoOpsFilter: how many servers may be building, resizing or the like on a host.",
        min=0,
        older=("DEFAULT.max_io_ops_per_host",),
    ),
    integer(
        "max_instances_per_host",
        50,
        "NumInstancesFilter: how many servers a host may hold.",
        min=1,
        older=("DEFAULT.max_instances_per_host",),
    ),
    switch(
        "track_instance_changes",
        True,
        "Compute hosts tell the scheduler which servers they hold.",
        older=("DEFAULT.scheduler_tracks_instance_changes",),
    ),
    lines(
        "available_filters",
        ["nova.scheduler.filters.all_filters"],
        "The filters that enabled_filters may name.",
        older=("DEFAULT.scheduler_available_filters",),
    ),
    names(
        "enabled_filters",
        [
            "ComputeFilter",
            "ComputeCapabilitiesFilter",
            "ImagePropertiesFilter",
            "ServerGroupAntiAffinityFilter",
            "ServerGroupAffinityFilter",
        ],
        "The filters a host must pass, in this order.",
        older=("DEFAULT.scheduler_default_filters",),
    ),
    names(
        "weight_classes",
        ["nova.scheduler.weights.all_weighers"],
        "The weighers that rank the hosts that passed.",
        older=("DEFAULT.scheduler_weight_classes",),
    ),
    number(
        "ram_weight_multiplier",
        1.0,
        "Multiplier for free memory; negative stacks servers.",
        older=("DEFAULT.ram_weight_multiplier",),
    ),
    number("cpu_weight_multiplier", 1.0, "Multiplier for free VCPUs; negative stacks servers."),
    number(
        "disk_weight_multiplier",
        1.0,
        "Multiplier for free disk; negative stacks servers.",
        older=("DEFAULT.disk_weight_multiplier",),
    ),
    number("hypervisor_version_weight_multiplier", 1.0, "Multiplier for the hypervisor's version."),
    number("num_instances_weight_multiplier", 0.0, "Multiplier for the number of servers."),
    number(
        "io_ops_weight_multiplier",
        -1.0,
        "Multiplier for builds and moves under way; negative prefers quiet hosts.",
        older=("DEFAULT.io_ops_weight_multiplier",),
    ),
    number(
        "image_props_weight_multiplier",
        0.0,
        "Multiplier for servers on the host whose images have the same properties.",
    ),
    names(
        "image_props_weight_setting",
        [],
        "Properties as name=ratio that image_props compares; none: all, alike.",
    ),
    number("pci_weight_multiplier", 1.0, "Multiplier for free PCI devices.", min=0.0),
    number(
        "soft_affinity_weight_multiplier",
        1.0,
        _AFFINITY.format("more"),
        min=0.0,
        older=("DEFAULT.soft_affinity_weight_multiplier",),
    ),
    number(
        "soft_anti_affinity_weight_multiplier",
        1.0,
        _AFFINITY.format("fewer"),
        min=0.0,
        older=("DEFAULT.soft_anti_affinity_weight_multiplier",),
    ),
    number(
        "build_failure_weight_multiplier",
        1000000.0,
        "Multiplier (it counts against a host) for builds that failed there since a success.",
    ),
    number(
        "cross_cell_move_weight_multiplier",
        1000000.0,
        "Multiplier for hosts in the cell that the server is in already.",
    ),
    switch(
        "shuffle_best_same_weighed_hosts",
        False,
        "Draw among the best hosts where several weigh the same.",
    ),
    string(
        "image_properties_default_architecture",
        None,
        "ImagePropertiesFilter: the architecture of images that name none.",
    ),
    names(
        "isolated_images",
        [],
        "IsolatedHostsFilter: images that run on isolated_hosts only.",
        older=("DEFAULT.isolated_images",),
    ),
    names(
        "isolated_hosts",
        [],
        "IsolatedHostsFilter: the hosts set apart.",
        older=("DEFAULT.isolated_hosts",),
    ),
    switch(
        "restrict_isolated_hosts_to_isolated_images",
        True,
        "IsolatedHostsFilter: keep all other images off those hosts.",
        older=("DEFAULT.restrict_isolated_hosts_to_isolated_images",),
    ),
    string(
        "aggregate_image_properties_isolation_namespace",
        None,
        "AggregateImagePropertiesIsolation: compare only aggregate metadata that begins so.",
        older=("DEFAULT.aggregate_image_properties_isolation_namespace",),
    ),
    string(
        "aggregate_image_properties_isolation_separator",
        ".",
        "What stands between that beginning and the property's name.",
        older=("DEFAULT.aggregate_image_properties_isolation_separator",),
    ),
    switch("pci_in_placement", False, "Ask Placement for PCI devices too."),
]

METRICS = [
    number("weight_multiplier", 1.0, "Multiplier for the metrics that hosts report."),
    names("weight_setting", [], "Metrics as name=ratio that MetricsWeigher adds up."),
    switch("required", True, "A host that does not report one of those metrics is an error."),
    number("weight_of_unavailable", -10000.0, "Without required: what a missing metric weighs."),
]

SECTIONS: dict[str, list[Option]] = {
    "scheduler": SCHEDULER,
    "filter_scheduler": FILTER_SCHEDULER,
    "metrics": METRICS,
}
