"""How Nova asks Neutron, and what it keeps of the answers."""
