"""The connection to one hypervisor (`nova/virt/libvirt/host.py`): real work only through the clock.

What `call` does runs on a thread of its own. It gives back plain data or raises NovaErrors, never
an object of libvirt's, so that a recorded answer can stand in for the hypervisor.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from simnova.exceptions import NovaError, UsageError
from simnova.kernel.clock import Clock
from simnova.nova import exception
from simnova.nova.virt.driver import Resources
from simnova.nova.virt.event import ConnectionListener
from simnova.nova.virt.libvirt import events, guest, leftovers, nat, serial, uris
from simnova.nova.virt.libvirt.bounded import within

__door__ = True

T = TypeVar("T")

MISSING = (
    "libvirt-python is not installed: pip install 'simnova[libvirt]', "
    "which on Debian needs libvirt-dev, pkg-config and gcc"
)


class Domain(NamedTuple):
    """Which guest some work is about, the mark that a domain must bear to be touched, and where its files are."""

    mark: str
    uuid: str = ""
    name: str = ""
    directory: Path = Path()

    def file(self, name: str) -> Path:
        """A file or directory of this cloud's on the host."""
        return self.directory / name


Work = Callable[[Any, Domain, Mapping[str, Any]], T]
"""Work on the hypervisor: gets a libvirt connection, the guest it is about, and the rest."""


class Host:
    """One held connection; `mark` is the cloud's random run id, `timeout` in wall seconds.

    A host of QEMU's has a `directory` of its own in this cloud's; `ear` hears what becomes of its guests.
    """

    ear: events.Ear | None = None

    def __init__(
        self, clock: Clock, name: str, uri: str, mark: str, resources: Resources, timeout: float
    ) -> None:
        uris.check_uri(uri)
        self.clock = clock
        self.name = name
        self.uri = uris.asking_nobody(uri)
        self.mark = mark
        self.resources = resources
        self.timeout = timeout
        self.directory = leftovers.place(mark, name)
        if uri.startswith("qemu"):
            leftovers.check_room(self.directory)
        self.reached = True
        self.connection_listener: ConnectionListener | None = None
        self._connection: Any = None
        self._lock = threading.Lock()

    @property
    def connection(self) -> Any:
        """The libvirt connection; None where there is none."""
        return self._connection

    async def call(
        self, what: str, work: Work[T], uuid: str = "", name: str = "", **said: Any
    ) -> T:
        """Have `work` done on the hypervisor; raises what it does.

        HypervisorUnavailable, where it takes longer than `timeout`, and what the guest has itself.
        """
        told, allowed = f"libvirt on {self.name}: {what}", self.timeout + said.get("timeout", 0)
        domain = Domain(self.mark, uuid, name, self.directory)
        try:
            found: T = await self.clock.measure(
                self._do, work, domain, said, timeout=allowed, what=told
            )
        except TimeoutError as error:
            raise exception.HypervisorUnavailable(unavailable(str(error))) from None
        except exception.HypervisorUnavailable as error:
            self._reached(False, str(error))
            raise
        self._reached(True, "")
        return found

    def _reached(self, is_so: bool, reason: str) -> None:
        """Tell when the hypervisor is lost, and when it is there again."""
        if self.reached != is_so:
            self.reached = is_so
            if self.connection_listener is not None:
                self.connection_listener(is_so, reason)

    def close(self) -> None:
        """Remove every domain that bears our mark and disconnect; gives up after `timeout`."""
        if self._connection is None:
            return
        with suppress(TimeoutError):
            within(self.timeout, self._remove_all)

    def at_once(self, work: Work[T], uuid: str = "", name: str = "", **said: Any) -> T:
        """Do some work here and now, past the clock and the journal: only for who looks from outside.

        Raises what it does, and HypervisorUnavailable where it takes longer than `timeout`.
        """
        domain = Domain(self.mark, uuid, name, self.directory)
        try:
            return within(
                self.timeout + said.get("seconds", 0), lambda: self._do(work, domain, said)
            )
        except TimeoutError as error:
            reason = unavailable(f"libvirt on {self.name}: {error}")
            raise exception.HypervisorUnavailable(reason) from None

    # --- on the worker thread ---

    def _do(self, work: Work[T], domain: Domain, said: Mapping[str, Any]) -> T:
        libvirt = library()
        try:
            return work(self._connect(libvirt), domain, said)
        except libvirt.libvirtError as error:
            raise translated(libvirt, error, domain) from None
        except OSError as error:
            raise exception.InternalError(str(error)) from None

    def _connect(self, libvirt: Any) -> Any:
        with self._lock:
            if self._connection is None or not self._connection.isAlive():
                self._connection = self._open(libvirt)
            return self._connection

    def _open(self, libvirt: Any) -> Any:
        try:
            if self.uri in uris.OWN_WORLD:
                return open_world(libvirt, self.resources)
            uris.check_file(self.uri)
            if self.uri.startswith("qemu"):
                return self._open_qemu(libvirt)
            return libvirt.open(self.uri)
        except libvirt.libvirtError as error:
            reason = " ".join(error.get_error_message().split())
            said = f"{self.uri}: {reason}{uris.remedy(reason)}"
            raise exception.HypervisorUnavailable(
                unavailable(said), libvirt_code=error.get_error_code()
            ) from None

    def _open_qemu(self, libvirt: Any) -> Any:
        events.loop()
        connection = libvirt.open(self.uri)
        leftovers.note(self.mark, self.name, self.uri)
        self.directory.mkdir(parents=True, exist_ok=True)
        with suppress(libvirt.libvirtError):  # the embedded driver has no other side
            connection.setKeepAlive(5, 3)
        if self.ear is not None:
            events.listen(connection, self.mark, self.ear)
        return connection

    def _remove_all(self) -> None:
        """What cannot be removed now, `simnova clean` finds later."""
        libvirt = library()
        with suppress(libvirt.libvirtError, exception.HypervisorUnavailable):
            connection, self._connection = self._connect(libvirt), None
            guest.remove_all(connection, self.mark)
            with suppress(libvirt.libvirtError):  # the embedded driver has no networks
                nat.remove_all(connection, self.mark)
            connection.close()
            leftovers.remove(self.directory)
            serial.release(str(self.directory))
        self._connection = None


def library() -> Any:
    """The libvirt module, made not to write to stderr; UsageError where it is missing."""
    try:
        import libvirt
    except ImportError:
        raise UsageError(MISSING) from None
    libvirt.registerErrorHandler(_ignore, None)
    return libvirt


def _ignore(context: object, error: object) -> None:
    pass


def unavailable(reason: str) -> str:
    """Nova's sentence with the reason added."""
    return f"{exception.HypervisorUnavailable.msg_fmt}: {reason}"


def translated(libvirt: Any, error: Any, domain: Domain) -> NovaError:
    """Nova's error for libvirt's, with libvirt's own message and code."""
    code = error.get_error_code()
    if code == libvirt.VIR_ERR_NO_DOMAIN:
        return exception.InstanceNotFound(instance_id=domain.uuid)
    broken = code in (libvirt.VIR_ERR_SYSTEM_ERROR, libvirt.VIR_ERR_INTERNAL_ERROR)
    if broken and error.get_error_domain() in (libvirt.VIR_FROM_REMOTE, libvirt.VIR_FROM_RPC):
        reason = unavailable(error.get_error_message())
        return exception.HypervisorUnavailable(reason, libvirt_code=code)
    return exception.InternalError(error.get_error_message(), libvirt_code=code)


def open_world(libvirt: Any, resources: Resources) -> Any:
    """A test hypervisor of that size, shared with nobody; libvirt reads the file once."""
    with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
        file.write(NODE.format(vcpus=resources.vcpus, kib=resources.memory_mb * 1024))
        file.flush()
        return libvirt.open(f"test://{file.name}")


NODE = """<node>
  <cpu>
    <mhz>2600</mhz><model>x86_64</model><active>{vcpus}</active>
    <nodes>1</nodes><sockets>1</sockets><cores>{vcpus}</cores><threads>1</threads>
  </cpu>
  <memory>{kib}</memory>
</node>
"""
