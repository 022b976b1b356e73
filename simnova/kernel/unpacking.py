"""A file that gzip has packed, read as far as it goes: one that was cut gives what is there, and then it ends."""

from __future__ import annotations

import io
import zlib
from typing import IO, Any, Final

PACKED: Final = 4096
"""Bytes that are unpacked at a time: so much is lost before a place that is damaged."""
BUFFER: Final = 256 * 1024
"""Bytes, unpacked, that are kept ready."""
GZIP: Final = 16 + zlib.MAX_WBITS
"""What tells zlib to expect gzip's header."""
MAGIC: Final = b"\x1f\x8b"


def unpacked(raw: io.BufferedReader) -> IO[bytes]:
    """The bytes of a file, unpacked where they are packed, whatever its name is."""
    if raw.peek(len(MAGIC))[: len(MAGIC)] != MAGIC:
        return raw
    return io.BufferedReader(_Unpacked(raw), BUFFER)


class _Unpacked(io.RawIOBase):
    """What cannot be unpacked is its end: whoever reads knows how much there should be."""

    def __init__(self, raw: IO[bytes]) -> None:
        super().__init__()
        self._raw = raw
        self._work = zlib.decompressobj(GZIP)

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        text = b""
        while not text and not self._work.eof:
            packed = self._work.unconsumed_tail or self._raw.read(PACKED)
            try:
                text = self._work.decompress(packed, len(into))
            except zlib.error:
                return 0
            if not packed and not text:
                return 0
        into[: len(text)] = text
        return len(text)
