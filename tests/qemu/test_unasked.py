"""What real guests do by themselves, and who sits in front of them."""

from __future__ import annotations

import re

import pytest

from simnova import Cloud, UsageError
from simnova.nova.virt.libvirt.console import png
from simnova.nova.virt.tiny_guest import LOGIN

from .conftest import soon, up


def domain_of(cloud, server):
    return cloud.assembly.drivers[server.host].driver.connection.lookupByUUIDString(server.id)


def heard(cloud):
    return [one.data["args"] for one in cloud.journal if one.data.get("verb") == "heard"]


def hears(cloud, times=1):
    """Whether that much is told soon."""
    return soon(lambda: cloud.listen() or len(heard(cloud)) == times)


@pytest.fixture
def gone(cloud, server):
    """A server whose guest has switched itself off."""
    domain = domain_of(cloud, server)
    assert "Power down" in server.type("\x04")
    assert soon(lambda: not domain.isActive())
    return server


def test_a_guest_that_powers_itself_off_becomes_shutoff_without_anybody_asking(cloud, gone):
    assert hears(cloud)
    gone.wait("SHUTOFF")
    told = {"host": gone.host, "server": gone.id, "state": "shutdown", "number": None}
    assert heard(cloud) == [told]
    assert "VM Stopped (Lifecycle Event)" in str(cloud.log())
    assert "tells, unasked, that a guest is shutdown" in str(cloud.story())


def test_whoever_waits_for_it_need_not_listen_before(cloud, server):
    server.type("\x04")
    assert server.wait("SHUTOFF").status == "SHUTOFF"


def test_whoever_sits_there_is_told_when_there_is_no_guest(cloud, gone):
    gone.wait("SHUTOFF")
    for sit in (gone.screenshot, lambda: gone.type("x")):
        with pytest.raises(UsageError, match=r"'web' is SHUTOFF, its guest is off: start\(\) it"):
            sit()
    gone.shelve()
    cloud.run()
    with pytest.raises(UsageError, match="'web' is SHELVED_OFFLOADED and on no host"):
        gone.screenshot()


def test_a_fork_hears_it_again(cloud, gone):
    assert hears(cloud)
    cloud.run()
    twin = cloud.fork()
    assert twin.servers["web"].status == "SHUTOFF"
    assert [one.digest() for one in twin.journal] == [one.digest() for one in cloud.journal]
    twin.close()


def test_a_guest_that_is_paused_by_an_operator_is_told_of_and_goes_on(cloud, server):
    domain_of(cloud, server).suspend()
    assert hears(cloud)
    cloud.run()
    assert [one["state"] for one in heard(cloud)] == ["paused"]
    domain_of(cloud, server).resume()
    assert hears(cloud, 2)


def test_what_nova_itself_does_to_a_guest_is_no_news(cloud, server):
    for operation in ("pause", "unpause", "stop", "start"):
        getattr(server, operation)()
        cloud.run()
    up(server)
    server.reboot()
    cloud.run()
    cloud.run(cloud.now + 1, pace=1)
    assert heard(cloud) == []


# --- in front of a guest ---


def test_what_is_typed_comes_back_and_enter_gives_the_next_prompt(server):
    assert server.type("hello") == "hello"
    assert server.type("\r").endswith(LOGIN)
    assert f"{LOGIN}hello" in server.console_output()


def test_a_screenshot_is_a_picture_of_the_guests_screen(server):
    picture = server.screenshot()
    assert picture.data.startswith(b"\x89PNG\r\n\x1a\n")
    assert picture._repr_png_() == picture.data
    assert len(picture.data) > 1000  # something is on it


def test_a_picture_of_an_older_qemu_is_made_a_png():
    zlib = pytest.importorskip("zlib")
    made = png(b"P6\n2 1\n255\n" + bytes([255, 0, 0, 0, 0, 255]))
    assert made[16:24] == (2).to_bytes(4, "big") + (1).to_bytes(4, "big")
    data = made[made.index(b"IDAT") + 4 : made.index(b"IEND") - 8]
    assert zlib.decompress(data) == bytes([0, 255, 0, 0, 0, 0, 255])


def test_nobody_sits_in_front_of_a_simulated_guest():
    with Cloud(1) as cloud:
        server = cloud.boot("web").wait()
        for ask in (server.screenshot, lambda: server.type("x")):
            with pytest.raises(UsageError, match=re.escape("driver='qemu:///session'")):
                ask()


def test_who_sits_there_can_wait_for_what_the_guest_writes(cloud):
    booted = cloud.boot("web", flavor="m1.tiny").wait()
    assert booted.expect(LOGIN).endswith(LOGIN)
    with pytest.raises(UsageError, match=r"no 'nonsense' in 0\.1 s; the guest has written"):
        booted.expect("nonsense", seconds=0.1)
