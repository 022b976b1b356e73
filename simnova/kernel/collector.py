"""Python's garbage collector, which otherwise goes through the whole journal over and over while it grows."""

from __future__ import annotations

import gc
from threading import Lock

SELDOM = (50_000, 20, 10)
"""Thresholds of the three generations; Python's own are (700, 10, 10), which doubles the time of a boot."""


class Seldom:
    """A block in which it looks more seldom. Blocks may lie in each other and be in several threads."""

    _lock = Lock()
    _blocks = 0
    _before = (0, 0, 0)

    def __enter__(self) -> None:
        with Seldom._lock:
            if not Seldom._blocks:
                Seldom._before = gc.get_threshold()
                if Seldom._before[0]:
                    gc.set_threshold(*SELDOM)
            Seldom._blocks += 1

    def __exit__(self, *_: object) -> None:
        with Seldom._lock:
            Seldom._blocks -= 1
            if not Seldom._blocks:
                gc.set_threshold(*Seldom._before)
