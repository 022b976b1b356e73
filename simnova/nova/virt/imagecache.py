"""The base images of a host: downloaded once, shared by all its servers, aged out.

In Nova: `nova/virt/imagecache.py`, `nova/virt/libvirt/imagecache.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from simnova.kernel.clock import Clock, Signal
from simnova.nova.log import getLogger
from simnova.nova.virt.libvirt.config import INSTANCES_PATH

__door__ = True

LOG = getLogger("nova.virt.libvirt.imagecache")

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

    @property
    def file(self) -> str:
        """Its whole name on the host."""
        return f"{INSTANCES_PATH}/{self.path}"


class ImageCache:
    """The files under `_base` of one host."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
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

    # --- what is used, and what is not (`ImageCacheManager` of libvirt's driver) --------------------------------

    def verify(self, used: Iterable[str], backing: Mapping[str, str]) -> list[BaseImage]:
        """Note which images servers name (`used`); returns those that neither they nor a disk need.

        `backing` are the images of the disks on this host, by the folder of the disk's server.
        """
        LOG.debug("Verify base images")
        unexplained, active = dict(self.base), []
        for image_id in dict.fromkeys(used):
            active += self._mark_in_use(image_id, unexplained)
        for folder, image_id in backing.items():
            base = unexplained.pop(get_cache_fname(image_id), None)
            if base is not None:
                text = (
                    "Instance %(instance)s is using a backing file %(backing)s which does not appear "
                    "in the image service"
                )
                LOG.warning(text, {"instance": folder, "backing": base.file})
                active.append(base.file)
        for image in unexplained.values():
            LOG.warning("Unknown base file: %s", image.file)
        if active:
            LOG.info("Active base files: %s", " ".join(active))
        if unexplained:
            files = " ".join(image.file for image in unexplained.values())
            LOG.info("Removable base files: %s", files)
        return list(unexplained.values())

    def _mark_in_use(self, image_id: str, unexplained: dict[str, BaseImage]) -> list[str]:
        fname = get_cache_fname(image_id)
        values = {"id": image_id, "fingerprint": fname}
        LOG.debug("Image id %(id)s yields fingerprint %(fingerprint)s", values)
        image = unexplained.pop(fname, None)
        if image is None:
            return []
        said = {"id": image_id, "base_file": image.file}
        LOG.info("image %(id)s at (%(base_file)s): checking", said)
        LOG.debug("image %(id)s at (%(base_file)s): image is in use", said)
        image.used_at = self.clock.now
        return [image.file]

    def take_aged(self, removable: Iterable[BaseImage], minimum_age: float) -> list[BaseImage]:
        """Forget, and return, those that nobody has used for `minimum_age` seconds."""
        aged = []
        for image in removable:
            if self.clock.now - image.used_at < minimum_age:
                LOG.info("Base, swap or ephemeral file too young to remove: %s", image.file)
                continue
            LOG.info("Removing base, swap or ephemeral file: %s", image.file)
            del self.base[get_cache_fname(image.image_id)]
            aged.append(image)
        return aged
