"""The same script on the simulated hypervisor and on QEMU; what was measured there makes a profile."""

import json

import pytest

from simnova import Cloud, Host, Profile, cli, conformance
from simnova.cloud.conformance import ALIKE

SCRIPT = (
    "boot",
    "pause",
    "unpause",
    "live_migrate",
    "stop",
    "start",
    "resize=m1.small",
    "confirm_resize",
    "delete",
)


def moved(cloud, name):
    cloud.servers[name].live_migrate()
    cloud.run()


def arrival(journal):
    """Seconds that a live migration took, from what its steps say."""
    steps = [one.data for one in journal if one.kind == "virt.step"]
    last = next(one for one in steps if one["step"] == "switchover")
    return last.get("took", sum(one["seconds"] for one in steps if one["step"] == "precopy"))


def test_a_life_on_qemu_is_the_same_at_other_times(machines):
    with Cloud(machines.hosts, config=ALIKE) as qemu:
        report = conformance(SCRIPT, {"simulated": Cloud(2, config=ALIKE), "qemu": qemu})
    assert report.same, report.verdict
    took = report.durations.runs["qemu"]
    assert max(took["shutdown"]) < 9  # its guest was up, and heard the power button
    fitted = Profile.fit(report.runs[1].journal)
    assert fitted.bandwidth.low == fitted.bandwidth.high != Profile().bandwidth.low
    assert fitted.dirty != Profile().dirty
    used = {row["operation"]: row for row in report.used.as_dicts()}
    assert (used["boot"]["RAM sold, MB"], used["boot"]["disk sold, GB"]) == (512, 1)
    assert 5 < used["boot"]["qemu RAM, MB"] < 512
    assert 0 < used["boot"]["qemu disk, MB"] < 2
    assert used["stop"]["qemu RAM, MB"] is None
    assert used["delete"]["RAM sold, MB"] is None
    again = Cloud([Host(name, profile=fitted) for name in ("compute1", "compute2")])
    again.boot("web", flavor="m1.tiny").wait()
    moved(again, "web")
    took, took_here = (arrival(one.journal) for one in (report.runs[1], again))
    assert took_here == pytest.approx(took, rel=0.2, abs=0.2)
    assert (fitted.start.low, fitted.start.high) != (Profile().start.low, Profile().start.high)


def test_the_command_brings_up_machines_compares_and_writes_a_profile(tmp_path, capsys):
    file = tmp_path / "mine.json"
    assert cli.main(["conform", "boot", "pause", "--save", str(file)]) == 0
    told = capsys.readouterr().out
    assert "simulated and qemu are the same" in told
    assert json.loads(file.read_text())["failure"] == 0.0
    assert repr(Profile.read(file).pause) != repr(Profile().pause)
