"""A small Linux as a guest: what it learns of its server, and what it does with it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from simnova import Cloud, UsageError
from simnova.nova.virt import linux_guest

from .conftest import log_of, soon

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEnDB6EAAkotdJP+74PkLsuWGW0yHYarssO+Jk1MGHcF me"
SCRIPT = "#!/bin/sh\necho the script says $(hostname)\n"

needs_linux = pytest.mark.skipif(
    linux_guest.missing() is not None, reason=str(linux_guest.missing())
)


def written(server, text, seconds=60.0):
    """What the guest has written, once that is in it."""
    driver = server.cloud.assembly.drivers[server.host].driver
    assert soon(lambda: text in log_of(driver, server), seconds), log_of(driver, server)
    return log_of(driver, server)


def boot(cloud, name="web", **more):
    if "linux" not in cloud.images:
        cloud.images.add_linux()
        cloud.keypairs.create("mine", KEY)
    given = {"flavor": "m1.tiny", "image": "linux", "key_name": "mine", "user_data": SCRIPT}
    return cloud.boot(name, **{**given, **more}).wait()


@needs_linux
@pytest.mark.parametrize("kind", ["iso9660", "vfat"])
def test_it_learns_all_from_a_config_drive(machines, kind):
    with Cloud([machines.hosts[0]], config={"config_drive_format": kind}) as cloud:
        server = boot(cloud, config_drive=True)
        told = written(server, "web login: ")
        drive = {"iso9660": "/dev/sr0", "vfat": "/dev/vdb"}[kind]
        assert f"simnova: config drive {drive}" in told
        assert f'"uuid": "{server.id}"' in told
        assert f"simnova: key {KEY[:40]}" in told
        assert "the script says web" in told
        assert "simnova: user data ended with 0" in told


def test_what_the_machine_lacks_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(linux_guest, "PLACES", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="there is no busybox on this machine, to build a small"):
        linux_guest.build(tmp_path / "linux.qcow2")
    assert not (tmp_path / "linux.qcow2").exists()


@needs_linux
def test_it_is_built_from_the_command_line(tmp_path):
    file = tmp_path / "my.qcow2"
    told = subprocess.run(
        [sys.executable, "-m", "simnova", "images", "build", "linux", file],
        capture_output=True,
        text=True,
        env={**os.environ},
    )
    assert told.stdout == f'{file}: cloud.images.add("{file}")\n'
    assert file.read_bytes()[:4] == b"QFI\xfb"
