"""The Python that makes a run again: executed, it gives the same journal, to the last event."""

import io
import re
import tokenize

import pytest

from simnova import Cloud, Config, Host, NovaError, Profile, Refused, UsageError
from simnova.nova.scheduler.filters import BaseHostFilter
from simnova.nova.scheduler.filters.compute_filter import ComputeFilter

pytestmark = pytest.mark.thorough


class EvenCpus(BaseHostFilter):
    """A filter as of a cell."""

    def host_passes(self, host_state, spec_obj):
        return host_state.vcpus_total % 2 == 0


def digests(cloud, upto=None):
    return [event.digest() for event in cloud.journal.events[:upto]]


def executed(code, **known):
    """The cloud that a cell makes, and the player that it opens."""
    *lines, last = str(code).splitlines()
    shown = last.startswith("cloud.player(")
    names = dict(known)
    exec("\n".join([*lines, f"player = {last}" if shown else last]), names)
    return names["cloud"], names.get("player")


def same(cloud, **known):
    """The cell of a whole run, which was executed and went the same way."""
    code = cloud.code()
    made, _ = executed(code, **known)
    assert digests(made) == digests(cloud)
    assert made.now == cloud.now
    return str(code)


def test_a_boot_is_five_lines_and_opens_at_the_step():
    cloud = Cloud(hosts=3, seed=7)
    cloud.boot("web")
    cloud.run()
    step = cloud.decision().seq
    code = cloud.player(step=step, view="cloud").cell()
    assert str(code) == (
        "from simnova import Cloud\n\n"
        "cloud = Cloud(hosts=3, seed=7)\n"
        'cloud.boot("web")\n'
        "cloud.run()\n"
        f'cloud.player(step={step}, detail="story", view="cloud")\n'
    )
    made, player = executed(code)
    assert (player.step, player.view) == (step, "cloud")
    assert digests(made) == digests(cloud)


def test_a_boot_for_which_there_is_no_host():
    cloud = Cloud(hosts=[Host("small", memory_mb=1024)])
    server = cloud.boot("web")
    cloud.run()
    assert server.status == "ERROR"
    assert 'hosts=[Host("small", memory_mb=1024)]' in same(cloud)


def test_what_the_api_has_refused_does_not_stop_the_cell():
    cloud = Cloud(hosts=1)
    with pytest.raises(Refused):
        cloud.boot("web", flavor="m1.tiny", user="demo", metadata={"a": "b" * 300})
    cloud.boot("web")
    cloud.run()
    text = same(cloud)
    assert "from contextlib import suppress" in text
    assert "with suppress(UsageError, NovaError):  # Invalid input" in text


def test_a_resize_and_other_operations_are_the_methods_of_the_server():
    cloud = Cloud(hosts=3)
    server = cloud.boot("web", flavor="m1.tiny", host="compute1")
    cloud.run()
    server.resize("m1.small")
    cloud.run()
    server.confirm_resize()
    cloud.run()
    server.reboot("HARD")
    cloud.run()
    server.live_migrate("compute1")
    cloud.run()
    server.lock("because")
    server.rename("other")
    server.delete()
    cloud.run()
    text = same(cloud)
    for call in (
        'cloud.boot("web", flavor="m1.tiny", host="compute1")',
        'cloud.servers["web"].resize("m1.small")',
        'cloud.servers["web"].confirm_resize()',
        'cloud.servers["web"].reboot("HARD")',
        'cloud.servers["web"].live_migrate("compute1")',
        'cloud.servers["other"].delete()',
    ):
        assert f"{call}\n" in text


def test_faults_operators_and_times_are_the_verbs_of_the_cloud():
    cloud = Cloud(hosts=2)
    cloud.lose("select_destinations")
    cloud.at(30).crash("nova-compute@compute2")
    server = cloud.boot("web")
    cloud.run(61.5)
    cloud.restart("nova-conductor")
    cloud.start("nova-compute@compute2")
    cloud.run()
    cloud.heal()
    cloud.set("filter_scheduler.host_subset_size", 2)
    cloud.delay("build_and_run_instance", 2.5, times=2)
    cloud.update_rows("nova_cell1.instances", {"uuid": server.id}, locked=True)
    cloud.audit_allocations()
    cloud.add_host(Host("extra", vcpus=2))
    cloud.cells.discover_hosts()
    cloud.boot("again")
    cloud.run()
    text = same(cloud)
    for call in (
        'cloud.lose("select_destinations")',
        'cloud.at(30.0).crash("nova-compute@compute2")',
        'cloud.restart("nova-conductor")',
        'cloud.delay("build_and_run_instance", 2.5, times=2)',
        'cloud.add_host(Host("extra", vcpus=2))',
        "cloud.cells.discover_hosts()",
    ):
        assert f"{call}\n" in text
    assert re.search(r"cloud\.run\(61\.50?\)", text)


def test_several_requests_under_way_and_stops_in_between():
    cloud = Cloud(hosts=3)
    calls = [cloud.submit(name) for name in ("one", "two", "three")]
    cloud.run(until="scheduler.select")
    cloud.crash("nova-scheduler")
    for _ in range(7):
        cloud.step()
    cloud.start("nova-scheduler")
    cloud.send("DELETE", f"/v2.1/servers/{calls[0].server.id}")
    cloud.submit("four")
    cloud.run()
    text = same(cloud)
    assert 'cloud.submit("one")\ncloud.submit("two")' in text
    assert 'cloud.run(until="scheduler.select")\ncloud.crash("nova-scheduler")' in text


def test_as_far_as_a_step_nothing_later_is_asked():
    cloud = Cloud(hosts=2)
    cloud.boot("web")
    cloud.run()
    step = len(cloud.journal) - 1
    cloud.boot("later")
    cloud.run()
    code = cloud.code(step)
    made, player = executed(code)
    assert "later" not in str(code)
    assert digests(made) == digests(cloud, step + 1)
    assert player.step == cloud.player(step=step).step
    with pytest.raises(UsageError, match="events 0 to"):
        cloud.code(10**6)


def test_a_fork_that_went_another_way_is_one_cell():
    cloud = Cloud(hosts=2)
    cloud.boot("web")
    cloud.run()
    other = cloud.fork(at=cloud.decision().seq)
    other.crash("nova-conductor")
    other.run()
    assert 'cloud.crash("nova-conductor")' in same(other)


def test_settings_and_hosts_are_said_as_one_writes_them():
    slow = Profile(failure=0.5)
    cloud = Cloud(
        hosts=["a", Host("b", profile=slow, metrics={"cpu.percent": 0.25}, pci=["10de:1db4"])],
        config=Config(quota={"cores": -1}, filter_scheduler={"ram_weight_multiplier": -1.0}),
        filters=[ComputeFilter, "JsonFilter"],
        costs="measured",
        level="summary",
    )
    cloud.boot('it\'s "web"')
    cloud.run()
    text = same(cloud)
    assert "Profile(failure=0.5)" in text
    assert 'costs="measured"' in text
    assert "import ComputeFilter" in text


def test_a_class_of_a_cell_is_named_and_said():
    here = type("EvenCpus", (EvenCpus,), {"__module__": "__main__"})
    cloud = Cloud(hosts=2, filters=[here])
    cloud.boot("web")
    cloud.run()
    code = cloud.code()
    (note,) = code.notes
    assert note == "EvenCpus is a class of a notebook: run the cell that defines it first"
    assert f"# {note}\n" in str(code)
    made, _ = executed(code, EvenCpus=here)
    assert digests(made) == digests(cloud)


def test_hostile_names_stay_texts(capsys):
    cloud = Cloud(hosts=1)
    wild = "</pre><script>alert(1)</script>\"'\\ \n__import__('os')"
    with pytest.raises((Refused, NovaError, UsageError)):
        cloud.boot("bad\nname", metadata={"k": wild * 9})
    cloud.boot("web", metadata={"k": wild})
    cloud.run()
    text = same(cloud)
    strings = {one.type for one in tokenize.generate_tokens(io.StringIO(text).readline)}
    assert tokenize.ERRORTOKEN not in strings
    assert "<script>" not in cloud.code()._repr_html_()


def test_a_long_run_with_cells_guests_images_and_faults():
    cloud = Cloud(hosts=2, cells=2)
    server = cloud.boot("a")
    cloud.run()
    server.power_off_inside()
    cloud.run()
    server.start()
    cloud.run()
    server.metadata()
    server.attach_interface()
    cloud.groups.create("g", policy="affinity")
    cloud.boot("b", group="g")
    cloud.run()
    server.create_image("snap")
    cloud.run()
    server.rebuild("snap")
    cloud.run()
    server.shelve()
    cloud.run()
    server.unshelve()
    cloud.run()
    cloud.boot("a")
    cloud.boot("a", count=2, user_data="#!/bin/sh")
    cloud.step()
    cloud.heal_allocations(server)
    server.write_memory(5)
    cloud.fill_images()
    cloud.slow("nova-conductor", 0.5)
    cloud.crash_at("amqp.ack", "nova-conductor")
    cloud.boot("z")
    cloud.run()
    text = same(cloud)
    for call in (
        'cloud.servers["a"].power_off_inside()',
        'cloud.servers["a"].metadata("/openstack/latest/meta_data.json")',
        'cloud.servers["a"].rebuild("snap")',
        'cloud.heal_allocations(cloud.servers["a"])',
        'cloud.crash_at("amqp.ack", "nova-conductor")',
    ):
        assert f"{call}\n" in text
