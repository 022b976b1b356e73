"""Actions on a server, a module for each group of them; importing this package makes them all known."""

from __future__ import annotations

from simnova.nova.api.actions import console, delete, image, lock, moves, power, shelve
from simnova.nova.api.actions.registry import ACTIONS, Action, Asked, action

GROUPS = (console, delete, image, lock, moves, power, shelve)

__all__ = ["ACTIONS", "GROUPS", "Action", "Asked", "action"]
