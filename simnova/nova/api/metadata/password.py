"""The password that a guest has made itself, encrypted for its owner (`nova/api/metadata/password.py`)."""

from __future__ import annotations

from collections.abc import Mapping

CHUNKS, CHUNK_LENGTH = 4, 255
MAX_SIZE = CHUNKS * CHUNK_LENGTH


def extract_password(system_metadata: Mapping[str, str]) -> str | None:
    """What the server's system metadata have of it."""
    names = sorted(name for name in system_metadata if name.startswith("password_"))
    return "".join(system_metadata[name] for name in names) or None


def convert_password(password: str) -> dict[str, str]:
    """The password as items of system metadata, each short enough for its column."""
    starts = [number * CHUNK_LENGTH for number in range(CHUNKS)]
    return {f"password_{n}": password[at : at + CHUNK_LENGTH] for n, at in enumerate(starts)}
