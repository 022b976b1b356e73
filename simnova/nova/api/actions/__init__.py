"""Actions on a server, a module for each group of them; importing this package makes them all known."""

from __future__ import annotations

from simnova.nova.api.actions import power
from simnova.nova.api.actions.registry import ACTIONS, Action, Asked, action

__all__ = ["ACTIONS", "Action", "Asked", "action", "power"]
