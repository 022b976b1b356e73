"""Nova's operator commands (`nova/cmd/`)."""
