"""nova-api: the compute API v2.1 (`nova/api/openstack/compute/`)."""
