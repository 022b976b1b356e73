"""What a player gives away: a page without a kernel, pictures, and what a browser is sent when it asks."""

import base64
import json
import re
import sys
import zlib
from html.parser import HTMLParser

import pytest
from nbconvert import HTMLExporter
from nbformat import v4

from simnova import Cloud, UsageError
from simnova.cli import main
from simnova.kernel.clock import Clock
from simnova.kernel.journal import Event, Journal
from simnova.widgets import static
from simnova.widgets.export.film import STEPS
from simnova.widgets.export.parts import Parts
from simnova.widgets.player import Player
from simnova.widgets.reel import Reel
from simnova.widgets.views import VIEWS

pytestmark = pytest.mark.thorough

POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"


class Reader(HTMLParser):
    """What a browser sees in a page: its tags, and the text of each script."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data):
        if self.cdata_elem == "script":
            self.scripts[-1] += data


def film_of(text):
    """The film in a page."""
    packed = next(one for one in Reader(text).scripts if re.fullmatch(r"[A-Za-z0-9+/=]+", one))
    return json.loads(zlib.decompress(base64.b64decode(packed)))


def reel_of(text, detail=""):
    """What a page shows at each step of a detail, or of the one that it opens with."""
    film = film_of(text)
    return film["reels"][detail or film["detail"]]


def unfolded(film, place):
    """A part of a film with all that is in it."""
    part = film["parts"][place]
    if isinstance(part, dict):
        return {name: unfolded(film, one) for name, one in part.items()}
    return [unfolded(film, one) for one in part] if isinstance(part, list) else part


@pytest.fixture(scope="module")
def booted():
    """Three hosts and one boot."""
    cloud = Cloud(hosts=3)
    cloud.boot("web-1")
    cloud.run()
    return cloud


@pytest.fixture
def player(journal):
    return Player(journal)


@pytest.fixture
def page(player, tmp_path):
    return player.export(tmp_path / "boot.html").read_text()


@pytest.mark.parametrize("detail", ["story", "messages", "everything"])
def test_a_page_has_every_step_with_every_view_as_the_player_shows_them(player, page, detail):
    film, told = film_of(page), reel_of(page, detail)
    assert (film["detail"], film["at"]) == ("story", player.step)
    player.detail = detail
    assert told["steps"] == player._reel.places
    for index, seq in enumerate(told["steps"]):
        player.seek(seq)
        for name in ("frame", "score"):
            shown = unfolded(film, told[name][index])
            assert shown == json.loads(json.dumps(getattr(player, name)))
        for view in told["panes"]:
            player.view = view
            assert unfolded(film, told["panes"][view][index]) == json.loads(json.dumps(player.pane))


def test_a_fork_goes_along_and_without_one_there_is_no_view_of_it(page, tmp_path):
    assert set(reel_of(page)["panes"]) == set(VIEWS) - {"fork"}
    cloud = Cloud(hosts=2)
    cloud.boot("web-1")
    cloud.run()
    player = cloud.player(step=cloud.decision().seq)
    player.fork(lambda cloud: cloud.crash("nova-conductor"), "cloud.crash(…)")
    text = player.export(tmp_path / "forked.html").read_text()
    film, told = film_of(text), reel_of(text)
    index = told["steps"].index(player.step)
    assert unfolded(film, told["panes"]["fork"][index]) == json.loads(json.dumps(player.pane))
    player.to_the_parting()
    assert player.step == max(seq for seq in told["steps"] if seq <= told["parting"])


def test_a_filter_goes_along_with_what_it_leaves_out(player, tmp_path):
    player.filter = "kind:rpc.cast"
    film = film_of(player.export(tmp_path / "sifted.html").read_text())
    assert unfolded(film, film["state"])["filter"] == "kind:rpc.cast"
    assert film["reels"]["story"]["steps"] == Reel(player._reel.journal).places


def test_each_line_that_waits_can_be_read(booted, tmp_path):
    player = booted.player()
    film = film_of(player.export(tmp_path / "boot.html").read_text())
    panes = film["reels"]["everything"]["panes"]["state"]
    waits = [one for place in panes for one in unfolded(film, place)["data"]["waits"]]
    assert {one["where"] for one in waits if one["open"]} == set(film["sources"])
    where = next(one for one in film["sources"] if one.startswith("nova/compute/manager/build.py"))
    player.source(where)
    said = {name: player.answer[name] for name in ("function", "line", "first", "lines")}
    assert json.loads(json.dumps(said)).items() <= unfolded(film, film["sources"][where]).items()


def test_the_same_journal_gives_the_same_bytes(journal, page, tmp_path):
    assert Player(journal).export(tmp_path / "again.html").read_text() == page


def test_a_page_asks_for_nothing_and_a_name_that_is_markup_is_text(hostile, page, tmp_path):
    wild = Player(hostile).export(tmp_path / "wild.html", title="</title><script>x").read_text()
    plain, hostile_page = Reader(page), Reader(wild)
    assert {tag for tag, _ in hostile_page.tags} == {tag for tag, _ in plain.tags}
    assert [len(one.scripts) for one in (plain, hostile_page)] == [3, 3]
    for tag, attributes in hostile_page.tags:
        assert not {"src", "href", "onclick", "onload"} & set(attributes), tag
    (policy,) = (one["content"] for tag, one in plain.tags if "http-equiv" in one)
    assert policy == POLICY
    assert [one for one in hostile_page.scripts if "alert(1)" in one] == []


def test_no_script_or_style_of_ours_ends_its_own_element():
    assert "</" not in static.page_style()
    assert "</script" not in static.page_script()
    assert "<!--" not in static.page_script()
    assert "import " not in re.sub(r"//.*", "", static.page_script())


def test_a_boot_is_a_page_of_a_few_hundred_kilobytes(booted, tmp_path):
    file = booted.player().export(tmp_path / "boot.html")
    assert set(film_of(file.read_text())["reels"]) == {"story", "messages", "everything"}
    assert 20_000 < file.stat().st_size < 500_000


def test_equal_parts_are_kept_once_and_numbers_are_no_switches():
    parts = Parts()
    places = [parts.put(one) for one in ([1, True, 1.0], [1, True, 1.0], {"a": [1, True, 1.0]})]
    assert places[0] == places[1] != places[2]
    assert [json.dumps(one) for one in parts.kept[:3]] == ["1", "true", "1.0"]
    assert parts.kept[parts.put(float("nan"))] == "nan"


def test_a_part_of_the_run_is_numbered_for_itself(player, tmp_path):
    text = player.export(tmp_path / "part.html", first=7, last=13).read_text()
    film, told = film_of(text), reel_of(text)
    shown = [unfolded(film, place) for place in told["frame"]]
    assert told["steps"][0] == shown[0]["seq"] == 7
    assert [one["position"] for one in shown] == list(range(1, len(shown) + 1))
    assert {one["total"] for one in shown} == {len(shown)}
    with pytest.raises(UsageError, match="there is no step from 900 to 901"):
        player.export(tmp_path / "none.html", first=900, last=901)


def test_more_steps_than_a_page_may_hold_are_refused_with_the_remedy(tmp_path):
    journal = Journal(Clock())
    journal.events += [
        Event(seq, seq / 10, "service.start", "nova-api", None, None, None, False, {})
        for seq in range(STEPS + 1)
    ]
    file = tmp_path / "long.html"
    with pytest.raises(UsageError, match=r"3001 steps are too many for a page \(3000\).*first="):
        Player(journal).export(file)
    assert not file.exists()
    journal.events.pop()
    assert list(film_of(Player(journal).export(file).read_text())["reels"]) == ["story"]


def test_a_run_in_which_nothing_has_happened_is_a_page(journal, tmp_path):
    journal.events.clear()
    film = film_of(Player(journal).export(tmp_path / "empty.html").read_text())
    assert (
        unfolded(film, film["reels"]["story"]["frame"][0])["sentence"]
        == "Nothing has happened yet."
    )


def test_a_drawing_is_the_twin(player, tmp_path):
    player.seek(12)
    assert player.export(tmp_path / "step.SVG").read_text() == player.svg()


def test_a_png_is_painted_where_cairosvg_is_and_refused_with_the_remedy_where_not(
    player, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    with pytest.raises(UsageError, match=r"pip install 'simnova\[png\]'"):
        player.export(tmp_path / "step.png")
    monkeypatch.undo()
    pytest.importorskip("cairosvg")
    assert player.export(tmp_path / "step.png").read_bytes().startswith(b"\x89PNG")


def test_asking_wrongly_is_told(player, tmp_path):
    with pytest.raises(UsageError, match="unknown kind of file 'pdf'"):
        player.export(tmp_path / "boot.pdf")
    with pytest.raises(UsageError, match=r"title is for a page: \.svg is a picture"):
        player.export(tmp_path / "boot.svg", title="x")
    with pytest.raises(UsageError, match="there is no folder"):
        player.export(tmp_path / "nowhere" / "boot.html")
    with pytest.raises(UsageError, match="only a cloud knows what was asked of it"):
        player.cell()


def test_the_browser_that_asks_is_sent_the_file_or_why_there_is_none(player, monkeypatch):
    sent = []
    monkeypatch.setattr(player, "send", lambda *message: sent.append(message))
    for message in ({"form": "svg", "to": "one"}, {"form": "pdf", "to": "two"}, {"form": "svg"}):
        player._handle_custom_msg({"do": "save", **message}, [])
    (about, (content,)), (refused,) = sent
    assert (about["to"], about["name"], about["type"]) == (
        "one",
        "simnova-step-4.svg",
        "image/svg+xml",
    )
    assert content.decode() == player.svg()
    assert "unknown kind of file 'pdf'" in refused["refused"]


def test_a_journal_of_a_file_is_a_page_by_the_command(tmp_path, capsys):
    file, page = tmp_path / "boot.jsonl", tmp_path / "boot.html"
    assert main(["boot", "--hosts", "2", "--journal", str(file)]) == 0
    assert main(["export", str(file), "--to", "html", "-o", str(page)]) == 0
    text = page.read_text()
    assert reel_of(text)["steps"] == Player(Journal.read(file))._reel.places
    assert "simnova export" in text
    capsys.readouterr()
    assert main(["export", str(file), "--to", "html", "--detail", "story"]) == 0
    assert capsys.readouterr().out == text


def test_what_opens_on_a_click_is_in_the_page(booted, tmp_path):
    player = booted.player(step=booted.decision().seq)
    film = film_of(player.export(tmp_path / "boot.html").read_text())
    steps, index = film["steps"], film["steps"].index(player.step)
    player.open_message(steps[3])
    assert unfolded(film, film["messages"][str(steps[3])]) == player.opened
    player.seek(steps[index])
    for service in ("nova-scheduler", "nova-compute@compute1"):
        player.open_service(service)
        assert unfolded(film, film["services"][service][index]) == player.opened
    queues = next(name for name in film["queues"] if name.startswith("scheduler"))
    player.open_queue(queues.split("\n"))
    assert unfolded(film, film["queues"][queues][index]) == player.opened


def test_nbconvert_and_github_show_the_picture(player):
    """In a notebook as JupyterLab saves it, without the state of its widgets."""
    data, metadata = player._repr_mimebundle_()
    output = v4.new_output("execute_result", data, metadata=metadata, execution_count=1)
    notebook = v4.new_notebook(cells=[v4.new_code_cell("player", outputs=[output])])
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert base64.b64encode(player.svg().encode()).decode() in page
    assert "application/vnd.jupyter.widget-view+json" not in page
