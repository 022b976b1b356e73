"""Nova's objects: what travels in messages and lies in the databases (`nova/objects/`)."""
