"""Clouds whose guests are real."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from simnova import Cloud, Machines, Server
from simnova.nova.virt.tiny_guest import LOGIN


@pytest.fixture
def cloud(machines: Machines) -> Iterator[Cloud]:
    """Two QEMU hosts; at the end nothing unexpected has come of any state."""
    with Cloud(machines.hosts) as made:
        yield made
        assert [event.data for event in made.journal if event.kind == "state.unexpected"] == []


@pytest.fixture
def server(cloud: Cloud) -> Server:
    """A server whose guest has come to its login line."""
    booted = cloud.boot("web", flavor="m1.tiny").wait()
    cloud.run()
    up(booted)
    return booted


def soon(is_so: Callable[[], object], seconds: float = 10.0) -> bool:
    """Whether something becomes true on the wall clock."""
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(is_so())


def up(server: Server) -> None:
    """Wait until the guest has come to its login line."""
    driver = server.cloud.assembly.drivers[server.host].driver
    assert soon(lambda: LOGIN in log_of(driver, server)), "the guest did not come up"


def log_of(driver, server: Server) -> str:
    """What the guest has written, without the cloud's noticing."""
    file = driver.hypervisor.directory / server.id / "console.log"
    return file.read_text() if file.exists() else ""


def guests(cloud: Cloud) -> dict[str, list[str]]:
    """The domains that libvirt has on each host."""
    doors = cloud.assembly.drivers.items()
    return {
        host: sorted(one.UUIDString() for one in door.driver.connection.listAllDomains())
        for host, door in doors
    }


@pytest.fixture
def machines_of_ones_own() -> Iterator[Machines]:
    """For who kills their daemons."""
    with Machines(2) as made:
        yield made
