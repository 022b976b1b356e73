"""What request bodies must look like, a module a resource (`nova/api/openstack/compute/schemas/`)."""
