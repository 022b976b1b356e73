"""What goes wrong around real guests: daemons that die, notebooks that crash, machines that lack something."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from simnova import Cloud, Host
from simnova.cli import main
from simnova.nova.virt.libvirt import daemon, leftovers
from simnova.nova.virt.libvirt.host import library
from simnova.nova.virt.libvirt.uris import remedy

from .conftest import guests, soon, up

CRASH = """
import os, signal, sys
from simnova import Cloud, Host
cloud = Cloud([Host("compute1", driver=sys.argv[1])])
cloud.boot("web", flavor="m1.tiny").wait()
print(cloud._run_id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def own(machines_of_ones_own):
    with Cloud(machines_of_ones_own.hosts) as cloud:
        yield cloud, machines_of_ones_own


def service(cloud, host):
    sql = f"SELECT disabled, disabled_reason FROM nova_cell1.services WHERE host = '{host}'"
    [(disabled, reason)] = cloud.sql(sql).rows
    return bool(disabled), reason


# --- a daemon that dies ---


def test_a_host_whose_libvirt_dies_is_disabled_and_enabled_when_it_is_back(own):
    cloud, machines = own
    server = cloud.boot("web", flavor="m1.tiny", host="compute1").wait()
    up(server)
    machines["compute1"].kill()
    server.pause()
    cloud.run()
    assert (server.status, server.task_state) == ("ACTIVE", None)
    assert [one for one in server.actions.rows if "Error" in one]
    disabled, reason = service(cloud, "compute1")
    assert disabled
    assert reason.startswith("AUTO: ")
    elsewhere = cloud.boot("db", flavor="m1.tiny").wait()
    assert elsewhere.host == "compute2"

    machines["compute1"].revive()
    cloud.run(cloud.now + 120)
    assert service(cloud, "compute1") == (False, None)
    assert guests(cloud)["compute1"] == [server.id]
    server.pause()
    cloud.run()
    assert server.status == "PAUSED"


def test_a_daemon_that_dies_in_the_middle_is_a_failed_operation(own):
    cloud, machines = own
    call = cloud.submit("web", flavor="m1.tiny", host="compute1")
    cloud.run(until=lambda event: event.data.get("step") == "define")
    machines["compute1"].kill()
    cloud.run()
    assert call.server.status == "ERROR"
    assert "Connection to the hypervisor is broken" in str(cloud.log())
    machines["compute1"].revive()


def test_what_an_operator_has_disabled_stays_disabled(own):
    cloud, machines = own
    cloud.services.disable("compute1", reason="mine")
    machines["compute1"].kill()
    cloud.run(cloud.now + 120)
    machines["compute1"].revive()
    cloud.run(cloud.now + 120)
    assert service(cloud, "compute1") == (True, "mine")


# --- a notebook that crashes ---


@pytest.fixture
def crashed(machines):
    """The URI on which a cloud has left a guest, and its mark."""
    uri = machines["compute1"].uri
    ran = subprocess.run(
        [sys.executable, "-c", CRASH, uri], capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    return uri, ran.stdout.strip()


def test_what_a_crash_has_left_is_listed_then_removed(machines, crashed, capsys):
    uri, mark = crashed
    connection = library().open(uri)
    with Cloud([Host("compute1", driver=uri)]) as alive:
        foreign = connection.defineXML(
            "<domain type='qemu'><name>foreign</name><memory>16384</memory><os><type>hvm</type></os></domain>"
        )
        assert main(["clean", "--list"]) == 0
        listed = capsys.readouterr().out
        assert "found: guest instance-00000001" in listed
        assert f"found: files of a cloud in {leftovers.directory(mark)}" in listed
        assert alive._run_id not in listed
        assert main(["clean"]) == 0
        assert "removing: guest instance-00000001" in capsys.readouterr().out
        assert [one.name() for one in connection.listAllDomains()] == ["foreign"]
        assert not leftovers.directory(mark).exists()
        foreign.undefine()
        assert alive.boot("web", flavor="m1.tiny").wait().status == "ACTIVE"


def test_the_files_of_a_run_stay_until_all_of_its_hypervisors_have_answered(
    machines, crashed, capsys
):
    _, mark = crashed
    machines["compute1"].kill()
    try:
        assert main(["clean"]) == 0
    finally:
        machines["compute1"].revive()
    told = capsys.readouterr().out
    assert f"kept: files of a cloud in {leftovers.directory(mark)}: qemu+unix" in told
    assert "(its daemon is not running: start it" in told
    main(["clean"])
    assert "removing: guest instance-00000001" in capsys.readouterr().out
    assert not leftovers.directory(mark).exists()


UNCLOSED = """
import sys
from simnova import Cloud, Host
cloud = Cloud([Host("compute1", driver=sys.argv[1])])
cloud.boot("web", flavor="m1.tiny").wait()
print(cloud._run_id)
"""
MACHINES_FIRST = """
from simnova import Cloud, Machines
with Machines(1) as machines:
    cloud = Cloud(machines.hosts)
    cloud.boot("web", flavor="m1.tiny").wait()
    print(cloud._run_id, flush=True)
    raise SystemExit("something else went wrong")
"""


@pytest.mark.parametrize("script", [UNCLOSED, MACHINES_FIRST], ids=["unclosed", "machines first"])
def test_a_python_that_ends_leaves_nothing_of_a_cloud_that_it_has_not_closed(machines, script):
    uri = machines["compute1"].uri
    ran = subprocess.run(
        [sys.executable, "-c", script, uri], capture_output=True, text=True, timeout=60
    )
    mark = ran.stdout.strip()
    assert mark, ran.stderr
    assert library().open(uri).listAllDomains() == []
    assert not leftovers.directory(mark).exists()


def test_where_nothing_is_left_it_says_so(machines, capsys):
    main(["clean"])
    capsys.readouterr()
    main(["clean"])
    said = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("kept: ")]
    assert said in ([], ["nothing is left of any cloud that has died"])


def test_machines_whose_keeper_was_killed_are_swept_away(capsys):
    script = (
        "import os, signal\nfrom simnova import Machines\nmade = Machines(['swept'])\n"
        "print(made['swept'].directory, flush=True)\n"
        "os.kill(made['swept']._keeper(), signal.SIGKILL)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    directory = Path(ran.stdout.strip())
    assert daemon.Daemon("swept", directory.parent).alive
    assert soon(lambda: not daemon.Daemon("swept", directory.parent).kept)
    main(["clean"])
    assert f"removing: machine swept in {directory}" in capsys.readouterr().out
    assert soon(lambda: not directory.parent.exists())
    assert not daemon.Daemon("swept", directory.parent).alive


# --- a machine that lacks something: one sentence each ---


def warned(uri):
    with pytest.warns(UserWarning, match="did not start") as told:
        cloud = Cloud([Host("compute1", driver=uri), "compute2"])
    cloud.close()
    [sentence] = [str(one.message) for one in told]
    assert "\n" not in sentence
    return sentence


def test_a_daemon_that_is_not_running():
    sentence = warned("qemu+unix:///session?socket=/no/such/socket")
    assert sentence.endswith(
        "(its daemon is not running: start it, or take machines of your own: simnova hosts up)"
    )


def test_no_rights():
    said = "Failed to connect socket to '/var/run/libvirt/libvirt-sock': Permission denied"
    assert remedy(said) == " (this user may not: join the group libvirt, or take qemu:///session)"
    assert remedy("something else") == ""


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Cannot recv data: Host key verification failed.: Connection reset", "go there once by"),
        ("Cannot recv data: me@127.0.0.1: Permission denied (publickey).", "ssh is asked without"),
        ("Cannot read CA certificate '/etc/pki/CA/cacert.pem'", "TLS needs certificates"),
        ("invalid argument: Missing URI parameter 'root'", "embedded in this Python already"),
        ("unable to connect to server at '::1:1': Connection refused", "daemon is not running"),
    ],
)
def test_what_libvirt_says_has_a_remedy(said, told):
    assert told in remedy(said)


def test_no_qemu_img(machines, monkeypatch):
    program = daemon.program
    monkeypatch.setattr(daemon, "program", lambda name: None if "img" in name else program(name))
    sentence = warned(machines["compute1"].uri)
    assert sentence.endswith(f"there is no qemu-img on this machine: {daemon.HOW_TO_GET}")


@pytest.fixture
def short_path():
    """pytest's own are too long for the sockets of guests."""
    made = Path(tempfile.mkdtemp(prefix="full-", dir="/tmp"))
    yield made
    made.rmdir()


def test_a_full_disk(machines, monkeypatch, short_path):
    if os.getuid():
        pytest.skip("only root can make a small file system")
    small = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(short_path)]
    if subprocess.run(small, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a file system")
    try:
        monkeypatch.setattr(leftovers, "state", lambda: short_path)
        with Cloud([machines.hosts[0]]) as cloud:
            cloud.flavors.create("small", vcpus=1, ram=64, disk=0)
            server = cloud.boot("web", flavor="small")
            cloud.run()
            assert server.status == "ERROR"
            assert "No space left on device" in str(cloud.log())
            assert guests(cloud) == {"compute1": []}
    finally:
        subprocess.run(["umount", str(short_path)], check=True)


def test_a_call_that_hangs_ends(own):
    """A daemon that is stopped answers nothing: the notebook goes on after the host's timeout."""
    cloud, machines = own
    server = cloud.boot("web", flavor="m1.tiny", host="compute1").wait()
    pid = int((machines["compute1"].directory / "daemon.pid").read_text())
    cloud.assembly.drivers["compute1"].driver.hypervisor.timeout = 2.0
    os.kill(pid, signal.SIGSTOP)
    try:
        server.pause()
        cloud.run()
        assert "did not answer within 2 s" in str(cloud.log())
    finally:
        os.kill(pid, signal.SIGCONT)


# --- two clouds on the same daemons ---


def test_clouds_of_one_seed_share_daemons_and_do_not_meet(cloud, machines):
    """Their servers have the same names and UUIDs; each moves, hears and removes only its own."""
    with Cloud(machines.hosts) as other:
        booted = (one.boot("web", flavor="m1.tiny", host="compute1") for one in (cloud, other))
        first, second = (server.wait() for server in booted)
        assert first.id == second.id
        up(first)
        up(second)
        [plain, marked] = sorted(
            domain.name() for domain in driver(other, second.host).connection.listAllDomains()
        )
        assert (plain, marked) == ("instance-00000001", f"instance-00000001-{other._run_id[:8]}")
        for server in (first, second):
            server.live_migrate()
            server.cloud.run()
        assert first.host == second.host
        assert (first.status, second.status) == ("ACTIVE", "ACTIVE")
        assert second.type("still") == "still"
        driver(cloud, first.host).connection.lookupByName(marked).destroy()
        assert soon(lambda: other.run() or second.status == "SHUTOFF")
        cloud.run()
        assert first.status == "ACTIVE"
    assert guests(cloud)[first.host] == [first.id]
    assert first.type("here") == "here"


def driver(cloud, host):
    return cloud.assembly.drivers[host].driver


# --- by ssh ---

SSH = """#!/bin/sh
# what an ssh server does with a command, without the server
while [ "$1" != "--" ]; do shift; done
shift 2
exec sh -c "$*"
"""

NETCAT = f"""#!{sys.executable}
import os, socket, sys, threading
there = socket.socket(socket.AF_UNIX)
there.connect(sys.argv[-1])
def back():
    while data := there.recv(65536):
        os.write(1, data)
threading.Thread(target=back, daemon=True).start()
while data := os.read(0, 65536):
    there.sendall(data)
"""


def test_a_guest_starts_behind_ssh(machines, tmp_path):
    for name, text in (("ssh", SSH), ("nc", NETCAT)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    programs = f"command={tmp_path}/ssh&netcat={tmp_path}/nc"
    uri = f"qemu+ssh://127.0.0.1/session?socket={machines['compute1'].socket}&{programs}"
    with Cloud([Host("compute1", driver=uri)]) as cloud:
        server = cloud.boot("web", flavor="m1.tiny").wait()
        up(server)
        assert driver(cloud, "compute1").connection.getURI().endswith("no_tty=1")
