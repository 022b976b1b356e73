"""nova-compute: one on each host, the only one who speaks with the hypervisor (`nova/compute/`)."""
