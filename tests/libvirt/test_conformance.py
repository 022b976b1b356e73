"""A server's life on the simulated hypervisor and on libvirt's: the same, but for what Nova's own drivers differ in."""

from simnova import Cloud, Host, cli, conformance
from simnova.cloud.conformance import ALIKE, LIFE
from simnova.observe.compare import words

NAMES = ("compute1", "compute2")


def test_a_life_differs_only_in_the_state_that_a_pending_upload_has():
    with Cloud([Host(name, driver="test:///") for name in NAMES], config=ALIKE) as libvirt:
        report = conformance(clouds={"simulated": Cloud(2, config=ALIKE), "libvirt": libvirt})
    assert [one.operation for one in report.differences] == ["create_image=snap", "shelve"]
    for one in report.differences:
        assert one.pair[0] is None
        assert "image_pending_upload" in words(one.pair[1][1])
    same = dict(zip(report.table().column("operation"), report.table().column("same"), strict=True))
    assert [name for name in LIFE if same[name] == "="] == [
        name for name in LIFE if name not in ("create_image=snap", "shelve")
    ]


def test_the_command_tells_whether_both_are_the_same(capsys):
    assert cli.main(["conform", "boot", "stop", "--on", "test:///", "--lines"]) == 0
    told = capsys.readouterr().out
    assert "cast stop_instance" in told
    assert "simulated and test:/// are the same" in told
    assert cli.main(["conform", "boot", "create_image=snap", "--on", "test:///"]) == 1
    assert "First difference: create_image=snap" in capsys.readouterr().out
    assert cli.main(["conform", "bot", "--on", "test:///"]) == 1
    assert "did you mean 'boot'" in capsys.readouterr().err
