"""How Nova asks Glance."""
