"""What a guest can learn of its server, over HTTP and on a config drive (`nova/api/metadata/`)."""
