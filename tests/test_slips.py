"""A slip in a name is told with the name that may be meant."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from simnova import Cloud, Host, UsageError
from simnova.widgets.player import Player


@pytest.fixture(scope="module")
def cloud():
    with Cloud(hosts=1) as made:
        yield made


def slips(cloud):
    return [
        (lambda: Host("a", memory=1024), "unknown argument of Host 'memory': did you mean"),
        (lambda: Cloud(host=3), "unknown argument of Cloud 'host': did you mean 'hosts'"),
        (lambda: cloud.groups.create("g", rules={}), "argument of Groups.create 'rules': known: "),
        (lambda: cloud.flavors.create("f", vcpu=1), "'vcpu': did you mean 'vcpus'"),
        (lambda: cloud.networks.create("n", cdir="10.1.0.0/16"), "did you mean 'cidr'"),
        (lambda: cloud.request("GET", "/", service="placment"), "did you mean 'placement'"),
        (
            lambda: cloud.export("boot.json"),
            'for whom it is: to="otlp", to="chrome", to="shiviz" do',
        ),
        (lambda: cloud.log("levle:INFO"), "unknown key 'levle': did you mean 'level'"),
        (lambda: cloud.log("level:WARN"), "unknown log level 'WARN': did you mean 'WARNING'"),
        (
            lambda: cloud.player(viwe="log"),
            "unknown argument of Player 'viwe': did you mean 'view'",
        ),
        (lambda: Player(cloud, bogus=1), "unknown argument of Player 'bogus': known: "),
        (Player, "Player wants a cloud or its journal, not nothing: Player\\(cloud\\)"),
        (lambda: cloud.hosts_at(99999), "there is no event 99999"),
        (lambda: cloud.queues(99999), "there is no event 99999"),
        (lambda: cloud.sql("SELECT host FROM compute_nodes"), "write nova_cell1.compute_nodes"),
        (lambda: cloud.sql("SELECT * FROM (SELECT 1 FROM instances)"), "nova_cell1.instances"),
    ]


@pytest.mark.parametrize("number", range(16))
def test_a_slip_is_told_with_what_may_be_meant(cloud, number):
    work, said = slips(cloud)[number]
    for _ in range(2):
        with pytest.raises(UsageError, match=said):
            work()


def test_a_table_that_one_database_has_needs_no_database(cloud):
    assert len(cloud.sql("SELECT name FROM flavors").rows) == 5
    assert len(cloud.sql('SELECT a.host FROM "nova_cell1"."compute_nodes" AS a').rows) == 1
    assert len(cloud.sql("WITH own AS (SELECT * FROM nova_cell1.services) SELECT * FROM own")) == 3


def test_a_notebook_shows_the_line_of_the_cell_and_the_sentence():
    shell = InteractiveShell()
    cell = "from simnova import Cloud\n\nCloud(hosts=1).boot('web', flavor='m1.smal')"
    with pytest.raises(UsageError) as caught:
        shell.run_cell(cell).raise_error()
    assert caught.value._render_traceback_() == [
        "line 3 of the cell: Cloud(hosts=1).boot('web', flavor='m1.smal')",
        "UsageError: unknown flavor 'm1.smal': did you mean 'm1.small'?",
    ]
    InteractiveShell.clear_instance()


def test_a_folder_in_the_place_of_what_is_being_written_is_named(cloud, tmp_path):
    (tmp_path / "boot.jsonl.part").mkdir()
    with pytest.raises(UsageError, match=r"boot.jsonl.part beside it is a folder"):
        cloud.journal.write(tmp_path / "boot.jsonl")


def test_a_files_name_may_say_the_form(cloud, tmp_path):
    said = cloud.export(tmp_path / "boot.chrome.json.gz").read_bytes()
    assert said == cloud.export(tmp_path / "boot.json.gz", to="chrome").read_bytes()
