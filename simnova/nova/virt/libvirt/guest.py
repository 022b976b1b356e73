"""What is done to one domain (`nova/virt/libvirt/guest.py`): work for `Host.call`.

Only domains that bear this cloud's mark are seen or touched: where clouds share a hypervisor,
defining a name and UUID that is there already would silently take over somebody's guest.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from simnova.nova import exception
from simnova.nova.objects.states import PowerState
from simnova.nova.virt.libvirt import identity

if TYPE_CHECKING:
    from simnova.nova.virt.libvirt.host import Domain

__door__ = True

LIBVIRT_POWER_STATE = (
    PowerState.NOSTATE,
    PowerState.RUNNING,
    PowerState.RUNNING,
    PowerState.PAUSED,
    PowerState.SHUTDOWN,
    PowerState.SHUTDOWN,
    PowerState.CRASHED,
    PowerState.SUSPENDED,
)
"""By libvirt's number of a domain's state; as in Nova "blocked" runs, "being shut down" is off."""

Said = Mapping[str, Any]
Info = tuple[int, int | None]
"""A power state, and the domain's number while it runs."""


def ours(connection: Any, mark: str) -> Iterator[Any]:
    """This cloud's domains on the host, by name."""
    for domain in sorted(connection.listAllDomains(), key=lambda found: str(found.name())):
        if identity.server_of(domain, mark) is not None:
            yield domain


def find(connection: Any, about: Domain) -> Any:
    """The domain; somebody else's counts as none. Raises InstanceNotFound."""
    import libvirt

    for uuid in (about.uuid, identity.own_uuid(about)):
        with suppress(
            libvirt.libvirtError
        ):  # there is none, which the listing tells from a libvirt that is lost
            domain = connection.lookupByUUIDString(uuid)
            if identity.server_of(domain, about.mark) == about.uuid:
                return domain
    connection.numOfDomains()
    raise exception.InstanceNotFound(instance_id=about.uuid)


def info(domain: Any) -> Info:
    """The state of a domain; libvirt's client remembers the number of one that has gone off since it was looked up."""
    import libvirt

    state, number = domain.info()[0], domain.ID()
    running = number >= 0 and state != libvirt.VIR_DOMAIN_SHUTOFF
    return int(LIBVIRT_POWER_STATE[state]), number if running else None


# --- questions ---


def listing(connection: Any, about: Domain, said: Said) -> list[list[str]]:
    """Name and UUID of every guest."""
    mark = about.mark
    return [
        [identity.nova_name(domain, mark), str(identity.server_of(domain, mark))]
        for domain in ours(connection, mark)
    ]


def look(connection: Any, about: Domain, said: Said) -> Info:
    """How the guest is."""
    return info(find(connection, about))


def refuse_existing(connection: Any, about: Domain, said: Said) -> None:
    """Raise InstanceExists where this cloud has the guest already, or somebody who is no cloud its name or UUID."""
    for domain in connection.listAllDomains():
        server = identity.server_of(domain, about.mark)
        taken = domain.UUIDString() == about.uuid or domain.name() == about.name
        if server == about.uuid or (
            server and identity.nova_name(domain, about.mark) == about.name
        ):
            raise exception.InstanceExists(name=about.name)
        if taken and identity.cloud_of(domain) is None:
            error = exception.InstanceExists(name=about.name)
            said_so = f"{error.message} It is not this cloud's and is left alone."
            raise exception.InstanceExists(said_so, name=about.name)


def called(connection: Any, about: Domain, said: Said) -> list[str]:
    """Name and UUID of the guest's domain."""
    return list(identity.of(find(connection, about)))


def refuse_arrival(connection: Any, about: Domain, said: Said) -> None:
    """Raise MigrationPreCheckError where a domain that comes as it is would meet another of its name or UUID."""
    name, uuid = said["called"]
    for domain in connection.listAllDomains():
        if name == domain.name() or uuid == domain.UUIDString():
            reason = f"there is another guest called {domain.name()}, with the UUID {domain.UUIDString()}, already"
            raise exception.MigrationPreCheckError(reason=reason)


# --- steps ---


def define(connection: Any, about: Domain, said: Said) -> Info:
    """Make the domain known."""
    refuse_existing(connection, about, said)
    called = identity.free(connection, about)
    return info(connection.defineXML(identity.marked(said["xml"], about, called)))


def redefine(connection: Any, about: Domain, said: Said) -> Info:
    """Give a domain of ours another definition."""
    called = identity.of(find(connection, about))
    return info(connection.defineXML(identity.marked(said["xml"], about, called)))


def launch(connection: Any, about: Domain, said: Said) -> Info:
    """Start the domain, from its saved memory where there is one."""
    domain = find(connection, about)
    domain.create()
    return info(domain)


def poweroff(connection: Any, about: Domain, said: Said) -> Info:
    """Pull the plug."""
    domain = find(connection, about)
    _end(domain)
    return info(domain)


def shutdown(connection: Any, about: Domain, said: Said) -> Info:
    """Ask the guest to shut itself down, again each `retry` seconds, and wait: at most `timeout` of the wall clock.

    A guest that has only just been started does not notice that its power button was pressed.
    """
    domain = find(connection, about)
    deadline, again = time.monotonic() + said.get("timeout", 60), 0.0
    while domain.isActive() and time.monotonic() < deadline:
        if time.monotonic() >= again:
            with _unless_off(domain):
                domain.shutdown()
            again = time.monotonic() + said.get("retry", 60)
        time.sleep(0.05)
    return info(domain)


def pause(connection: Any, about: Domain, said: Said) -> Info:
    """Freeze the CPUs."""
    domain = find(connection, about)
    domain.suspend()
    return info(domain)


def resume(connection: Any, about: Domain, said: Said) -> Info:
    """Let the CPUs go on."""
    domain = find(connection, about)
    domain.resume()
    return info(domain)


def save_memory_state(connection: Any, about: Domain, said: Said) -> Info:
    """A managed save: the next start goes on from there."""
    domain = find(connection, about)
    domain.managedSave(0)
    return info(domain)


def set_user_password(connection: Any, about: Domain, said: Said) -> None:
    """Change the administrator's password through the guest's agent."""
    find(connection, about).setUserPassword("root", said["password"], 0)


def remove(domain: Any) -> None:
    """Stop a domain and forget it and its saved memory."""
    kept = domain.isPersistent()
    _end(domain)
    if not kept:
        return
    if domain.hasManagedSaveImage():
        domain.managedSaveRemove()
    domain.undefine()


def _end(domain: Any) -> None:
    """Pull its plug, if it is in."""
    if domain.isActive():
        with _unless_off(domain):
            domain.destroy()


@contextmanager
def _unless_off(domain: Any) -> Iterator[None]:
    """What libvirt refuses because the guest has gone off by itself need not be done: it was about to end it.

    A daemon that has just come back may say of it that it was off already.
    """
    import libvirt

    try:
        yield
    except libvirt.libvirtError:
        if domain.isActive():
            raise


def remove_all(connection: Any, mark: str) -> None:
    """Remove every domain of this cloud."""
    for domain in list(ours(connection, mark)):
        remove(domain)
