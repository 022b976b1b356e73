"""Passwords that the API makes up (`nova/utils.py`, `generate_password`)."""

from __future__ import annotations

from simnova.nova.context import RequestContext

_LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
LENGTH = 12
"""`[DEFAULT] password_length`."""


def generate_password(context: RequestContext) -> str:
    """A new one, without letters that look alike."""
    rng = context.here.clock.rng("password")
    return "".join(rng.choice(_LETTERS) for _ in range(LENGTH))
