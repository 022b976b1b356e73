"""What a learner holds: reprs, collections, a cloud that is thrown away, files, the command."""

import gc
import subprocess
import sys

import pytest

from simnova import Cloud, Host, UsageError
from simnova.cli import main


@pytest.fixture(scope="module")
def cloud():
    made = Cloud(hosts=[Host("small", vcpus=2, memory_mb=4096), "big"])
    made.boot("web <script>", flavor="m1.tiny")
    made.run()
    return made


def test_a_cloud_shows_its_hosts_and_servers(cloud):
    assert repr(cloud).startswith("<Cloud at ")
    assert "2 hosts, 1 server" in repr(cloud)
    shown = cloud._repr_html_()
    assert "small" in shown
    assert "<script>" not in shown


def test_a_server_shows_itself_as_text_and_html(cloud):
    server = cloud.servers["web <script>"]
    assert repr(server).startswith("<Server web <script>: ACTIVE, host ")
    assert "<script>" not in server._repr_html_()
    assert server.show()["OS-EXT-SRV-ATTR:instance_name"] == "instance-00000001"


def test_flavors_images_networks_show_themselves(cloud):
    assert cloud.flavors["m1.small"].memory_mb == 2048
    assert "m1.small" in repr(cloud.flavors)
    assert "cirros" in cloud.images._repr_html_()
    assert [network.name for network in cloud.networks] == ["private"]
    with pytest.raises(AttributeError, match="did you mean 'vcpus'"):
        _ = cloud.flavors["m1.small"].vcpu
    assert "16384 MB" in Host("h")._repr_html_()


def test_looking_changes_nothing():
    cloud = Cloud(hosts=2)
    server = cloud.boot("web")
    cloud.run()
    events = len(cloud.journal)
    for look in (repr, Cloud._repr_html_, lambda one: one.decision(), lambda one: one.story()):
        look(cloud)
    _ = server.status, server.addresses, repr(server), repr(cloud.servers), repr(cloud.images)
    cloud.sql("SELECT * FROM nova_cell1.instances")
    assert len(cloud.journal) == events


def test_a_cloud_that_is_asked_and_never_run_leaves_no_coroutine_unawaited(recwarn):
    """Trap: with `-W error` an un-awaited coroutine fails a notebook far from its cause."""
    cloud = Cloud(hosts=2)
    cloud.submit("web")
    del cloud
    gc.collect()
    assert [str(warning.message) for warning in recwarn] == []


def test_a_cloud_that_cannot_be_made_leaves_none_either(recwarn):
    with pytest.raises(UsageError):
        Cloud(hosts=2, filters=[object])
    gc.collect()
    assert [str(warning.message) for warning in recwarn] == []


def test_databases_in_files(tmp_path):
    with Cloud(hosts=2, database=f"sqlite:///{tmp_path}/cloud.db") as cloud:
        server = cloud.boot("web")
        cloud.run()
        assert server.status == "ACTIVE"
        in_memory = Cloud(hosts=2)
        in_memory.boot("web")
        in_memory.run()
        assert [e.digest() for e in cloud.journal] == [e.digest() for e in in_memory.journal]
    assert (tmp_path / "cloud.nova_cell1.db").exists()


def test_a_classic_set_of_filters_rejects_with_its_numbers():
    cloud = Cloud(
        hosts=[Host("small", memory_mb=2500), Host("big", memory_mb=16384)],
        config={
            "filter_scheduler": {
                "enabled_filters": ["ComputeFilter", "RamFilter", "CoreFilter", "DiskFilter"]
            }
        },
    )
    server = cloud.boot("web")
    cloud.run()
    assert (server.status, server.host) == ("ACTIVE", "big")
    assert "2048" in str(cloud.decision())


class TestCommand:
    def test_boot_tells_the_story_and_ends_with_the_server(self, capsys):
        assert main(["boot", "--hosts", "3"]) == 0
        out = capsys.readouterr().out
        assert "The conductor calls select_destinations on the scheduler and waits" in out
        assert out.rstrip().splitlines()[-1].startswith("<Server web: ACTIVE, host compute")

    @pytest.mark.parametrize(
        ("show", "text"), [("sequence", "build_and_run_instance"), ("log", "Took 0.")]
    )
    def test_boot_shows_other_things(self, capsys, show, text):
        assert main(["boot", "--hosts", "2", "--show", show]) == 0
        assert text in capsys.readouterr().out

    def test_a_server_in_error_is_a_status(self, capsys):
        assert main(["boot", "--hosts", "1", "--flavor", "m1.xlarge"]) == 1
        assert "No valid host was found" in capsys.readouterr().out

    def test_a_mistake_is_one_sentence_and_a_status(self, capsys):
        assert main(["boot", "--flavor", "m1.smal"]) == 1
        assert (
            capsys.readouterr().err
            == "simnova: unknown flavor 'm1.smal': did you mean 'm1.small'?\n"
        )

    def test_it_is_installed_as_a_command(self):
        done = subprocess.run(
            [sys.executable, "-m", "simnova.cli", "--version"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.startswith("simnova 0.")
