"""The same script on the simulated hypervisor and on QEMU; what was measured there makes a profile."""

import json

from simnova import Cloud, Profile, cli, conformance
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


def test_a_life_on_qemu_is_the_same_at_other_times(machines):
    with Cloud(machines.hosts, config=ALIKE) as qemu:
        report = conformance(SCRIPT, {"simulated": Cloud(2, config=ALIKE), "qemu": qemu})
    assert report.same, report.verdict
    took = report.durations.runs["qemu"]
    assert max(took["shutdown"]) < 9  # its guest was up, and heard the power button
    fitted = Profile.fit(report.runs[1].journal)
    assert (fitted.start.low, fitted.start.high) != (Profile().start.low, Profile().start.high)


def test_the_command_brings_up_machines_compares_and_writes_a_profile(tmp_path, capsys):
    file = tmp_path / "mine.json"
    assert cli.main(["conform", "boot", "pause", "--save", str(file)]) == 0
    told = capsys.readouterr().out
    assert "simulated and qemu are the same" in told
    assert json.loads(file.read_text())["failure"] == 0.0
    assert repr(Profile.read(file).pause) != repr(Profile().pause)
