"""Options have Nova's names, defaults and limits; wrong ones are told in a sentence."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simnova.config import Config
from simnova.config.reference import reference
from simnova.config.registry import SECTIONS, everything
from simnova.exceptions import UsageError

TODAY = {"release": "hibiscus"}
ROOT = Path(__file__).parent.parent


def test_options_are_read_as_attributes_under_novas_sections():
    conf = Config()
    assert (conf.scheduler.max_attempts, conf.filter_scheduler.host_subset_size) == (3, 1)
    assert (conf.report_interval, conf.service_down_time, conf.rpc_response_timeout) == (10, 60, 60)
    assert (conf.quota.instances, conf.quota.cores, conf.quota.ram) == (10, 20, 51200)
    assert conf.filter_scheduler.enabled_filters[0] == "ComputeFilter"
    assert conf.cpu_allocation_ratio is None
    assert conf.instances_path == "/var/lib/nova/instances"


@pytest.mark.parametrize(
    "conf",
    [
        Config(max_attempts=5),
        Config(scheduler={"max_attempts": 5}),
        Config(scheduler={"max_attempts": "5"}),
        Config(scheduler_max_attempts=5),
        Config(DEFAULT={"scheduler_max_attempts": 5}),
    ],
)
def test_an_option_can_be_named_in_several_ways(conf):
    assert conf.scheduler.max_attempts == 5
    assert conf.as_dict() == {"release": "hibiscus", "scheduler": {"max_attempts": 5}}


def test_a_configuration_can_be_made_again_from_its_json():
    conf = Config(release="mitaka", enabled_filters=["RamFilter"], quota={"cores": -1})
    again = Config(**json.loads(json.dumps(conf.as_dict())))
    assert again.as_dict() == conf.as_dict()
    assert repr(again) == repr(conf)
    assert again.filter_scheduler.enabled_filters == ["RamFilter"]


def test_clouds_do_not_share_what_they_set():
    first, second = Config(max_concurrent_builds=1), Config()
    first.filter_scheduler.enabled_filters.append("X")
    assert second.max_concurrent_builds == 10
    assert "X" not in second.filter_scheduler.enabled_filters
    assert "X" not in Config().filter_scheduler.enabled_filters


def test_an_option_can_be_changed_on_the_run_and_watchers_hear_of_it():
    conf, heard = Config(), []
    conf.watchers.append(lambda *change: heard.append(change))
    conf.set("filter_scheduler.host_subset_size", 3)
    conf.scheduler.max_attempts = 7
    conf.max_concurrent_builds = "2"
    assert (conf.filter_scheduler.host_subset_size, conf.scheduler.max_attempts) == (3, 7)
    assert heard == [
        ("filter_scheduler", "host_subset_size", 3),
        ("scheduler", "max_attempts", 7),
        ("DEFAULT", "max_concurrent_builds", 2),
    ]


def test_a_value_that_is_refused_changes_nothing():
    conf = Config(max_attempts=5)
    with pytest.raises(UsageError):
        conf.set("max_attempts", 0)
    assert conf.scheduler.max_attempts == 5
    with pytest.raises(UsageError):
        Config().set("state_path", "$nowhere")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"max_atempts": 1}, "unknown option 'max_atempts': did you mean 'max_attempts'"),
        ({"zzz": 1}, "unknown option 'zzz': docs/reference/config.md lists them"),
        ({"scheduler": {"max_atempts": 1}}, r"unknown option of \[scheduler\] 'max_atempts'"),
        ({"workers": 2}, r"option 'workers' is in \[conductor\] and \[scheduler\]"),
        ({"scheduler": 3}, "'scheduler' is a section, not 3"),
        ({"release": "mitak"}, "unknown release 'mitak': did you mean 'mitaka'"),
        (
            {"max_attempts": 0},
            r"option \[scheduler\] max_attempts cannot be 0: it is an integer of at least 1",
        ),
        ({"max_attempts": "many"}, "cannot be 'many': it is an integer of at least 1"),
        ({"max_attempts": None}, "cannot be None"),
        ({"max_attempts": True}, "cannot be True"),
        ({"max_attempts": 2.5}, "cannot be 2.5"),
        ({"ram_weight_multiplier": float("nan")}, "cannot be nan: it is a number"),
        ({"ram_weight_multiplier": "nan"}, "cannot be 'nan': it is a number"),
        ({"ram_weight_multiplier": 10**400}, "it is a number"),
        ({"cpu_allocation_ratio": -1}, "cannot be -1: it is a number of at least 0.0"),
        ({"novncproxy_port": 70000}, "it is an integer from 0 to 65535"),
        ({"virt_type": "xen"}, "it is one of 'kvm', 'lxc', 'qemu', 'parallels'"),
        ({"enabled_filters": [object]}, "it is a list of texts"),
        ({"my_ip": 7}, "it is text"),
        ({"driver": "chance_scheduler"}, r"it is in \[quota\], and was in \[scheduler\]"),
        ({"scheduler_driver": "caching_scheduler"}, "became of the chance scheduler"),
        ({"scheduler": {"driver": "chance_scheduler"}}, "docs/reference/filters.md"),
        ({"quota": {"driver": "chance_scheduler"}}, "it is one of 'nova.quota.DbQuotaDriver'"),
        ({"periodic_enable": "perhaps"}, "it is True or False"),
    ],
)
def test_what_nova_would_not_take_is_refused(values, message):
    with pytest.raises(UsageError, match=message):
        Config(**values)


ANYTHING = st.one_of(
    st.none(),
    st.text(),
    st.floats(),
    st.lists(st.integers()),
    st.dictionaries(st.text(), st.text()),
)
KINDS = ("max_attempts", "io_ops_weight_multiplier", "periodic_enable", "my_ip", "isolated_hosts")


@settings(deadline=None)
@given(value=ANYTHING, name=st.sampled_from([*KINDS, "alias"]))
def test_any_value_is_taken_or_refused_with_a_usage_error(value, name):
    taken = {}
    with contextlib.suppress(UsageError):
        taken = Config(**{name: value}).as_dict()
    assert Config(**json.loads(json.dumps(taken, allow_nan=False))).as_dict() == (taken or TODAY)


@pytest.mark.parametrize(("section", "option"), [(f.section, f.option) for f in everything()])
def test_defaults_keep_their_own_rules(section, option):
    if option.default is not None:
        conf = Config(**{section: {option.name: option.default}})
        assert section in conf.as_dict()


def test_a_missing_attribute_says_which_there_are():
    with pytest.raises(AttributeError, match="did you mean 'max_attempts'"):
        _ = Config().scheduler.max_atempts
    with pytest.raises(AttributeError, match="did you mean 'scheduler'"):
        _ = Config().schedular


def test_a_classic_release_has_its_filters_ratios_and_no_placement():
    conf = Config(release="mitaka")
    assert conf.filter_scheduler.enabled_filters == [
        "RetryFilter",
        "AvailabilityZoneFilter",
        "RamFilter",
        "DiskFilter",
        "ComputeFilter",
        "ComputeCapabilitiesFilter",
        "ImagePropertiesFilter",
        "ServerGroupAntiAffinityFilter",
        "ServerGroupAffinityFilter",
    ]
    ratios = (
        conf.initial_ram_allocation_ratio,
        conf.initial_disk_allocation_ratio,
        conf.initial_cpu_allocation_ratio,
    )
    assert ratios == (1.5, 1.0, 16.0)
    assert not conf.uses_placement
    assert Config().uses_placement


def test_a_nova_conf_is_read(tmp_path):
    file = tmp_path / "nova.conf"
    file.write_text(
        "[DEFAULT]\nscheduler_default_filters = RamFilter, CoreFilter\nmy_ip=10.0.0.1\n"
        '[pci]\nalias = {"name": "a"}\nalias = {"name": "b"}\n'
        "[scheduler]\nmax_attempts = 9\n[oslo_policy]\npolicy_file = policy.yaml\n"
    )
    conf = Config.from_file(file)
    assert conf.filter_scheduler.enabled_filters == ["RamFilter", "CoreFilter"]
    assert (conf.my_ip, conf.scheduler.max_attempts) == ("10.0.0.1", 9)
    assert conf.pci.alias == ['{"name": "a"}', '{"name": "b"}']
    assert conf.ignored == ("oslo_policy.policy_file",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[scheduler]\nmax_attempts = 0\n", "max_attempts cannot be '0'"),
        (b"max_attempts = 3\n", "is wrong"),
        (b"[scheduler\n", "is wrong"),
        (b"\xff\xfe\x00", "is wrong"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_nova_conf_that_is_wrong(tmp_path, content, message):
    file = tmp_path / "nova.conf"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError, match=message):
        Config.from_file(file)


def test_help_tells_what_an_option_is_for():
    text = Config(host_subset_size=4).help("host_subset_size")
    assert text.splitlines()[0] == "[filter_scheduler] host_subset_size = 4"
    assert text.splitlines()[-1] == "It is an integer of at least 1."


def test_the_reference_is_up_to_date():
    page = (ROOT / "docs" / "reference" / "config.md").read_text()
    assert page == reference(), "run: python -m simnova.config > docs/reference/config.md"
    assert all(f"`{option}`" in page for options in SECTIONS.values() for option in options)


def test_oslo_config_is_imported_when_a_configuration_is_made():
    code = "import sys, simnova.config; print('oslo_config' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_slip_in_a_file_is_warned_of(tmp_path):
    path = tmp_path / "nova.conf"
    path.write_text("[filter_scheduler]\nram_weight_multipler = 2\n[libvirt]\nnot_played = 1\n")
    with pytest.warns(UserWarning, match="did you mean 'ram_weight_multiplier'") as warned:
        conf = Config.from_file(path)
    assert len(warned) == 1
    assert conf.ignored == ("filter_scheduler.ram_weight_multipler", "libvirt.not_played")
    path.write_text("[filter_schedulr]\nram_weight_multiplier = 2\n")
    with pytest.warns(UserWarning, match=r"did you mean \[filter_scheduler\]"):
        Config.from_file(path)
    path.write_text("[DEFAULT]\nenabled_filters = RamFilter\n")
    with pytest.warns(UserWarning, match=r"did you mean \[filter_scheduler\]"):
        Config.from_file(path)
