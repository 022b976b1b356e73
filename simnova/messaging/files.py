"""Bodies too large to be carried about: the data stay in a file, and headers say where and what they are.

A replay so needs the headers alone, not the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Self

__door__ = True

CHUNK = 2**20
"""Bytes read at a time."""


class Stored(NamedTuple):
    """Data in a file: its path, its size in bytes, its checksums."""

    path: str
    size: int
    md5: str
    sha512: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read a file through; raises OSError."""
        md5, sha512, size = hashlib.md5(usedforsecurity=False), hashlib.sha512(), 0
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                size += len(chunk)
                md5.update(chunk)
                sha512.update(chunk)
        return cls(str(path), size, md5.hexdigest(), sha512.hexdigest())

    @classmethod
    def told(cls, headers: Mapping[str, str]) -> Self | None:
        """What the headers of a request say; None where they name no file."""
        if "x-file" not in headers:
            return None
        size = int(headers["content-length"])
        return cls(headers["x-file"], size, headers["x-file-md5"], headers["x-file-sha512"])

    @property
    def headers(self) -> dict[str, str]:
        """The headers that say it."""
        sums = {"x-file-md5": self.md5, "x-file-sha512": self.sha512}
        return {"content-length": str(self.size), "x-file": self.path, **sums}
