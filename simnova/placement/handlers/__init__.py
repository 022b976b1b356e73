"""Placement's API, one module for each kind of thing (`placement/handlers/`)."""
