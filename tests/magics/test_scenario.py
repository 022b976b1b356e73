"""`%%scenario`: what is played, and which line is wrong."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnova import Cloud, UsageError
from simnova.magics.acts import REQUESTS
from simnova.magics.cell import is_python, played
from simnova.magics.played import Run
from simnova.magics.script import KEYS, script
from simnova.magics.written import read
from simnova.observe.query import KEYS as QUERY_KEYS

PAGE = (Path(__file__).parents[2] / "docs/reference/magics.md").read_text()
STORY = """%%scenario
name: the conductor dies
hosts:
  - name: big
    vcpus: 16
  - small
config:
  ram_weight_multiplier: -1.0
flavors:
  tiny: {vcpus: 1, ram: 256, disk: 1}
requests:
  - boot: web
    count: 2
  - boot: db
    flavor: tiny
    at: 0.5
  - stop: web-1
  - delete: db
    when: "state:stopped server:web-1"
  - resize: web-2
    flavor: tiny
    at: 30
faults:
  - crash: nova-conductor
    at: 20
  - start: nova-conductor
    at: 50
"""


def said(run):
    return [(str(one.act), str(one)) for one in run.outcomes]


class TestPlaying:
    def test_a_cloud_and_its_requests(self, run, shell):
        found = run(STORY)
        assert isinstance(found, Run)
        cloud = shell.user_ns["cloud"]
        assert found.cloud is cloud
        assert [host.name for host in cloud.hosts_at()] == ["big", "small"]
        assert cloud.conf.as_dict()["filter_scheduler"]["ram_weight_multiplier"] == -1.0
        assert said(found)[:4] == [
            ("boot web count=2", "accepted"),
            ("boot db flavor=tiny", "accepted"),
            ("stop web-1", "done"),
            ("delete db", "done"),
        ]
        times = [one.time for one in found.outcomes]
        assert times == sorted(times)
        assert times[1] == 0.5
        assert {server.name: server.status for server in cloud.servers} == {
            "web-1": "SHUTOFF",
            "web-2": "ACTIVE",
        }
        stopped = next(
            event.time
            for event in cloud.journal
            if (event.data.get("after") or {}).get("vm_state") == "stopped"
        )
        assert times[3] == pytest.approx(stopped, abs=0.01)

    def test_the_run_goes_on_to_the_last_fault(self, run):
        found = run(STORY)
        assert found.cloud.now >= 50
        assert ("start nova-conductor", "done") in said(found)
        assert not list(found.cloud.faults)

    def test_it_is_told_as_text_and_as_html(self, run):
        found = run(STORY)
        assert "0.500 s   boot db flavor=tiny" in str(found)
        assert found.cloud.story().ending in str(found)
        assert "boot db flavor=tiny" in found._repr_html_()

    def test_the_same_cell_is_the_same_run(self, run):
        first, again = run(STORY), run(STORY)
        assert [one.digest() for one in first.cloud.journal] == [
            one.digest() for one in again.cloud.journal
        ]

    def test_its_cloud_forks(self, run):
        cloud = run(STORY).cloud
        assert len(cloud.fork().journal) == len(cloud.journal)

    def test_what_the_api_refuses_is_an_outcome(self, run):
        found = run(
            "%%scenario\nhosts: 1\nrequests:\n- boot: web\n  count: 11\n- boot: db\n- start: db"
        )
        assert "Quota exceeded" in said(found)[0][1]
        assert said(found)[1] == ("boot db", "accepted")
        assert "vm_state active" in said(found)[2][1]

    def test_until_stops_it_on_the_way(self, run):
        found = run("%%scenario\nrequests:\n- boot: web\nuntil: state:spawning")
        assert found.cloud.servers["web"].task_state == "spawning"
        early = run("%%scenario\nrequests:\n- boot: web\nuntil: 0.08")
        assert said(early) == [("boot web", "not answered")]

    def test_its_cloud_is_the_current_one(self, run, shell):
        run("%%scenario mine\nhosts: 4")
        run("%%scenario other\nhosts: 1")
        assert run("%cloud").name == "other"
        assert len(shell.user_ns["mine"].hosts_at()) == 4

    def test_python(self, run, shell):
        found = run("%%scenario\nsize = 2\nhere = Cloud(hosts=size)\nhere.submit('web')")
        assert found.cloud is shell.user_ns["here"]
        assert found.cloud.servers["web"].status == "ACTIVE"
        assert run("%cloud").name == "here"

    def test_a_decision_of_the_scheduler_alone(self, run):
        found = run(
            "%%scenario\n"
            "hosts:\n"
            "- {name: a, vcpus: 4, total_ram_mb: 4096, total_disk_gb: 50}\n"
            "- {name: b, vcpus: 8, total_ram_mb: 1024, total_disk_gb: 50}\n"
            "request: {flavor: {vcpus: 1, ram_mb: 2048}}\n"
        )
        assert "server 1: a" in str(found)

    def test_hostile_names_are_text(self, run):
        found = run("%%scenario\nname: <b>\nrequests:\n- boot: <script>x</script>")
        assert "<script>" not in found._repr_html_()


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (
            "hosts: 3\nrequsts: []",
            "line 3: unknown key of a scenario 'requsts': did you mean 'requests'",
        ),
        (
            "requests:\n- boot: web\n- stp: web",
            "line 4: unknown request 'stp': did you mean 'stop'",
        ),
        ("requests:\n- boot: web\n- stop: wbe", "line 4: unknown server 'wbe': did you mean 'web'"),
        (
            "requests:\n- boot: web\n  count: 11\n- stop: web",
            "line 5: unknown server 'web'.*; boot web count=11: Quota exceeded",
        ),
        ("requests:\n- boot: web\n- resize: web", "line 4: resize: missing .* it takes flavor"),
        ("requests:\n- boot: web\n  flavor: huge", "line 3: unknown flavor 'huge'"),
        ("requests:\n- boot: web\n  at: soon", "line 4: at: 'soon' is no time"),
        ("requests:\n- boot: web\n  at: .nan", "line 4: at: nan is no time"),
        ("requests:\n- boot: web\n  at: .inf", "line 4: at: inf is no time"),
        ("faults:\n- crash: nova-api\n  at: 1.0e+999", "line 4: at: inf is no time"),
        ("until: .nan", "line 2: "),
        ("until: .inf", "line 2: "),
        ("requests:\n- boot: web\n  when: kind:rpc.kast", "line 4: .*did you mean 'rpc.cast'"),
        ("requests: web", "line 2: requests is a list"),
        ("requests:\n- web", "line 2: a request is a block of keys and values, not 'web'"),
        ("config:\n  ram_wight_multiplier: 1", "line 3: unknown option 'ram_wight_multiplier'"),
        ("config: 3", "line 2: config is a block"),
        ("hosts:\n- name: a\n  vcpu: 3", "line 3: unknown argument of Host 'vcpu'"),
        ("name: x\nhosts: -3", "line 3: hosts=-3 is no number of hosts"),
        ("hosts: 99999999999", "line 2: hosts=99999999999 are too many"),
        ("hosts: 3\0", "this is no YAML: unacceptable character"),
        ("hosts: 3\n  x: [", "line 3: this is no YAML: mapping values are not allowed"),
        ("hosts: 3\nhosts: 4", "line 3: 'hosts' stands here for the second time"),
        ("1: 3", "line 2: a key is a text, not 1"),
        ("a: &x [*x]", "nested too deeply, or in itself"),
        ("faults:\n- crash: nova-cond", "line 3: unknown running service 'nova-cond'"),
        ("faults:\n- crash: nova-api\n  when: web", "line 3: a fault has a time"),
        ("requests:\n- boot: web\nuntil: state:activ", "line 4: .*did you mean 'active'"),
        ("until: 0.001", "line 2: 0.001 s is in the past"),
        ("hosts: !!python/name:os.system x", "line 2: this is no YAML: could not determine"),
        ("web", "this is no scenario"),
        ("cloud = Cloud(hosts=3", "as Python, .*line 2"),
        ("x = 1", "this has made no cloud"),
        ("hosts: []\nrequest: {}", "request lacks 'flavor'"),
    ],
)
def test_a_mistake_names_its_line(run, capsys, cell, says):
    with pytest.raises(UsageError, match=says):
        run(f"%%scenario\n{cell}")
    shown = capsys.readouterr()
    assert len((shown.out + shown.err).strip().splitlines()) == 1


@pytest.mark.parametrize("name", ["my cloud", "__builtins__", "_", "3", "class", "a.b"])
def test_a_name_that_is_none_leaves_the_variables_alone(run, shell, name):
    before = shell.user_ns["__builtins__"]
    with pytest.raises(UsageError, match=f"%%scenario {name}: that is no name for a cloud"):
        run(f"%%scenario {name}\nhosts: 3")
    assert shell.user_ns["__builtins__"] is before


def test_hosts_alone_are_yaml_though_python_could_read_them():
    assert not is_python("hosts: 3")
    assert is_python("hosts = 3")


def test_every_request_is_a_method_of_a_server():
    server = Cloud(hosts=1).boot("web")
    assert [
        verb for verb in REQUESTS if verb != "boot" and not callable(getattr(server, verb))
    ] == []


@given(st.text(st.sampled_from("hosts: -3\n[]{}&*!|>'\"#%@`,?x\t"), max_size=60))
def test_whatever_is_written_is_read_or_told(text):
    try:
        found = read(text)
    except UsageError:
        return
    assert found is None or isinstance(found, dict | list | str | int | float | bool)


def test_every_key_is_read_and_on_the_page():
    assert [key for key in (*KEYS, *QUERY_KEYS) if f"`{key}`" not in PAGE] == []
    text = "\n".join(f"{key}:" for key in KEYS)
    assert script(read(text)).requests == []


def test_the_pages_scenario_plays():
    text = PAGE.partition("```yaml\n")[2].partition("```")[0]
    assert {str(one) for one in played(text, {}, "cloud").outcomes} <= {"accepted", "done"}


def test_names_that_python_needs_are_there():
    names = {}
    assert played("made = Cloud(hosts=[Host('a')])", names, "cloud").cloud is names["made"]
