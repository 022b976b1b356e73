"""The base images of a host: downloaded once, shared by all its servers, aged out.

In Nova: `nova/virt/imagecache.py`, `nova/virt/libvirt/imagecache.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from simnova.kernel.clock import Clock, Signal

__door__ = True

SUBDIRECTORY = "_base"
"""`[image_cache] subdirectory_name`."""


def get_cache_fname(image_id: str) -> str:
    """The name of an image's file under `_base`: the SHA-1 of the image's id, not of its data."""
    return hashlib.sha1(image_id.encode(), usedforsecurity=False).hexdigest()


@dataclass
class BaseImage:
    """A cached image: its path, its size in bytes, and when it was last seen in use, in seconds."""

    image_id: str
    path: str
    size: int
    used_at: float


class ImageCache:
    """The files under `_base` of one host.

    `minimum_age` is `[image_cache] remove_unused_original_minimum_age_seconds`.
    """

    def __init__(self, clock: Clock, minimum_age: float = 86400.0) -> None:
        self.clock = clock
        self.minimum_age = minimum_age
        self.base: dict[str, BaseImage] = {}
        self._fetching: dict[str, Signal] = {}

    @property
    def size(self) -> int:
        """Bytes that the base images take."""
        return sum(image.size for image in self.base.values())

    async def ensure(self, image_id: str, fetch: Callable[[str], Awaitable[int]]) -> BaseImage:
        """The image; if it is not here yet, `fetch(fname)` brings it and returns its size.

        Nova holds a lock on the file's name: of two servers that need it at once, one downloads and
        the other waits.
        """
        fname = get_cache_fname(image_id)
        while fname in self._fetching:
            await self.clock.wait(self._fetching[fname])
        if fname not in self.base:
            await self._fetch(fname, image_id, fetch)
        self.base[fname].used_at = self.clock.now
        return self.base[fname]

    async def _fetch(
        self, fname: str, image_id: str, fetch: Callable[[str], Awaitable[int]]
    ) -> None:
        arrived = self._fetching[fname] = self.clock.signal()
        try:
            size = await fetch(fname)
            path = f"{SUBDIRECTORY}/{fname}"
            self.base[fname] = BaseImage(image_id, path, size, self.clock.now)
        finally:
            del self._fetching[fname]
            arrived.succeed()

    def aged(self, used: Collection[str | None]) -> list[BaseImage]:
        """Note which images are in use; forget the unused ones of enough age; return those."""
        for image in self.base.values():
            if image.image_id in used:
                image.used_at = self.clock.now
        oldest = self.clock.now - self.minimum_age
        old = {name: image for name, image in self.base.items() if image.used_at <= oldest}
        for name in old:
            del self.base[name]
        return list(old.values())
