"""Compute hosts on this machine: libvirt daemons that come, answer, and leave nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from simnova import Cloud, Machines, UsageError
from simnova.cloud import machines as module
from simnova.nova.virt.libvirt import daemon
from simnova.nova.virt.libvirt.daemon import Daemon
from simnova.nova.virt.libvirt.host import library
from simnova.nova.virt.tiny_guest import LOGIN

DOMAIN = """<domain type='qemu'><name>{name}</name><memory unit='MiB'>16</memory>
<os><type>hvm</type></os></domain>"""


def processes(directory: Path) -> list[str]:
    """The command lines that name a directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            found += [command] if str(directory) in command else []
    return found


def soon(is_so, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_so()


def test_each_machine_is_a_libvirt_of_its_own(machines):
    opened = [library().open(one.uri) for one in machines]
    made = opened[0].defineXML(DOMAIN.format(name="only-here"))
    assert [len(one.listAllDomains()) for one in opened] == [1, 0]
    made.undefine()


def test_the_hosts_of_a_cloud_are_named_after_the_machines(machines):
    assert [(host.name, host.driver) for host in machines.hosts] == [
        (one.name, one.uri) for one in machines
    ]


def test_machines_leave_no_process_no_socket_and_no_file():
    with Machines(["alone"]) as machines:
        one = machines["alone"]
        library().open(one.uri).createXML(DOMAIN.format(name="guest"))
        assert len(processes(one.directory)) >= 3  # the keeper, the daemon, the guest
    assert processes(one.directory) == []
    assert not one.directory.parent.exists()


def test_machines_end_with_whoever_has_made_them():
    script = (
        "import os, signal\nfrom simnova import Machines\nmachines = Machines(['orphan'])\n"
        "print(machines['orphan'].directory, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    directory = Path(ran.stdout.strip())
    assert ran.returncode == -signal.SIGKILL
    assert soon(lambda: not directory.parent.exists() and not processes(directory))


def test_a_daemon_that_dies_leaves_its_guest_and_finds_it_again():
    with Machines(["fragile"]) as machines:
        one = machines["fragile"]
        library().open(one.uri).createXML(DOMAIN.format(name="guest"))
        one.kill()
        assert not one.alive
        assert any("guest=guest" in command for command in processes(one.directory))
        one.revive()
        assert [domain.name() for domain in library().open(one.uri).listAllDomains()] == ["guest"]


def test_what_libvirt_has_found_out_about_qemu_is_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if known := list(daemon.cache().parent.parent.glob("*")):
        pytest.fail(f"not empty: {known}")
    with Machines(["first"]) as machines:
        connection = library().open(machines["first"].uri)
        connection.getCapabilities()
        connection.close()
    assert list(daemon.cache().glob("*.xml"))
    with Machines(["second"]) as machines:
        began = time.monotonic()
        library().open(machines["second"].uri).getCapabilities()
        assert time.monotonic() - began < 3


# --- those that stay ---


@pytest.fixture
def lasting(monkeypatch, tmp_path_factory):
    """Beside those that whoever runs the tests may have, and where no `simnova clean` looks."""
    folder = Path(f"/tmp/test-simnova-{os.getpid()}")
    monkeypatch.setattr(module, "LASTING", folder)
    yield folder
    module.down()


def test_hosts_up_list_and_down(lasting, capsys):
    from simnova.cli import main

    assert main(["hosts", "up", "1"]) == 0
    told = capsys.readouterr().out
    assert told.startswith('Host("compute1", driver="qemu+unix:///session?socket=')
    before = module.running()[0]
    assert main(["hosts", "up", "1"]) == 0
    assert before.alive
    capsys.readouterr()
    main(["hosts", "list"])
    assert capsys.readouterr().out.startswith("compute1\tup\tqemu+unix")
    assert main(["hosts", "down"]) == 0
    assert capsys.readouterr().out == "compute1 is down, and nothing of it is left\n"
    assert not lasting.exists()
    assert processes(lasting) == []


def test_hosts_that_died_are_brought_up_again(lasting):
    (first,) = module.up(1)
    os.kill(first._keeper(), signal.SIGKILL)
    first.kill()
    assert not first.alive
    (again,) = module.up(1)
    assert again.alive


def test_a_host_whose_daemon_alone_has_died_keeps_its_guests(lasting):
    (first,) = module.up(1)
    with Cloud([module.host(first)]) as cloud:
        server = cloud.boot("web", flavor="m1.tiny").wait()
        server.expect(LOGIN)
        first.kill()
        module.up(1)
        cloud.run()
        assert server.type("still") == "still"


def test_a_folder_of_somebody_elses_is_left_alone(lasting):
    lasting.mkdir()
    os.chown(lasting, 1, 1) if not os.getuid() else pytest.skip("only root can give files away")
    try:
        with pytest.raises(UsageError, match="belongs to somebody else"):
            module.up(1)
    finally:
        os.chown(lasting, 0, 0)


# --- what can be wrong ---


@pytest.mark.parametrize("absent", ["libvirtd", "qemu-system-x86_64", "qemu-img"])
def test_what_is_missing_is_one_sentence(absent, monkeypatch):
    gone = {absent, {"libvirtd": "virtqemud", "qemu-system-x86_64": "qemu-kvm"}.get(absent)}
    which = shutil.which
    monkeypatch.setattr(
        shutil, "which", lambda name, **more: None if name in gone else which(name, **more)
    )
    with pytest.raises(UsageError, match=r"^there is no .* on this machine: apt-get install"):
        Machines(1)


def test_root_where_user_namespaces_are_forbidden_is_told_so(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(daemon, "namespaces", lambda: False)
    with pytest.raises(UsageError, match="which this machine forbids: be an ordinary user"):
        Machines(1)


def test_a_daemon_that_does_not_come_up_says_why_and_leaves_nothing(monkeypatch):
    monkeypatch.setattr(Daemon, "_command", lambda self: ["/bin/ls", "/no/such/place"])
    with pytest.raises(UsageError, match=r"did not come up: .*No such file or directory"):
        Machines(["broken"])


def test_a_name_too_long_for_sockets_is_refused():
    with pytest.raises(UsageError, match=r"a machine cannot be called 'c{40}': at most"):
        Machines(["c" * 40])


def test_virsh_shows_what_nova_has_made(machines):
    if shutil.which("virsh") is None:
        pytest.skip("there is no virsh; see bindep.txt")
    with Cloud(machines.hosts) as cloud:
        web = cloud.boot("web", flavor="m1.tiny").wait()
        host = machines[web.host]
        assert host.virsh("list --name").split() == ["instance-00000001"]
        assert web.id in repr(host.virsh("dumpxml instance-00000001"))
        with pytest.raises(UsageError, match="virsh domstate nobody: "):
            host.virsh("domstate nobody")
