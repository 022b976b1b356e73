"""A server's life on the simulated hypervisor and on libvirt's: the same, but for what Nova's own drivers differ in."""

from simnova import Cloud, Host, conformance
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
