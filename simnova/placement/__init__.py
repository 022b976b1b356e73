"""Placement: who has what, and who uses it; shaped as version 1.39 of the real service's API."""
