"""Neutron: networks, subnets, ports with addresses of their own (networking API v2.0)."""
