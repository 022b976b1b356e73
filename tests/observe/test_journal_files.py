"""A journal as a file: what comes back is what was written, and a broken file says what is wrong with it."""

import gzip
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simnova import Cloud, Journal, UsageError
from simnova.kernel import journal_file
from simnova.kernel.journal import Event
from simnova.kernel.journal_file import Header, Recorded
from simnova.observe import decision, hosts, logs, queues, rows, sequence, states, story
from simnova.saving import save

pytestmark = pytest.mark.thorough

SCRIPT = "<script>alert('&')</script>\x1b[31m\u2028"


@pytest.fixture(scope="module")
def lines(booted, tmp_path_factory):
    """The lines of a boot's file."""
    file = tmp_path_factory.mktemp("journal") / "boot.jsonl"
    booted.write(file)
    return file.read_text().splitlines(keepends=True)


@pytest.fixture
def put(tmp_path):
    """Writes lines to a file, and returns its name."""

    def write(*lines):
        file = tmp_path / "odd.jsonl"
        file.write_text("".join(lines))
        return file

    return write


def changed(line, **fields):
    """A line with some of its fields changed."""
    return json.dumps({**json.loads(line), **fields}) + "\n"


def refused(file, *words, **how):
    """The one error that a file is refused with; it names the file and says all the words."""
    with pytest.raises(UsageError) as caught:
        Journal.read(file, **how)
    told = str(caught.value)
    assert str(file) in told
    for word in words:
        assert re.search(word, told), told
    return told


@pytest.mark.parametrize("name", ["run.jsonl", "run.jsonl.gz"])
@pytest.mark.parametrize("source", ["real", "troubled"])
def test_every_event_comes_back_as_it_was(name, source, request, tmp_path):
    journal = request.getfixturevalue(source).journal
    read = Journal.read(journal.write(tmp_path / name))
    assert [one.digest() for one in read] == [one.digest() for one in journal]
    assert list(read) == list(journal)
    assert (read.level, read.about) == (journal.level, journal.about)
    assert not read.missing


def test_whatever_looks_at_a_journal_looks_at_one_from_a_file(troubled, tmp_path):
    before, read = troubled.journal, Journal.read(troubled.journal.write(tmp_path / "run.jsonl"))
    for look in (story.story, hosts.at, queues.at, logs.lines, rows.tables, decision.latest):
        assert str(look(read)) == str(look(before)), look
    assert sequence.arrows(read).svg() == sequence.arrows(before).svg()
    server = troubled.servers["again"].id
    assert str(states.history(read, server)) == str(states.history(before, server))


def test_a_player_steps_through_a_file(real, tmp_path):
    player = pytest.importorskip("simnova.widgets.player")
    read = Journal.read(real.journal.write(tmp_path / "run.jsonl"))
    assert player.Player(read).frame == player.Player(real.journal).frame


def test_the_header_says_which_run_it_is(tmp_path):
    cloud = Cloud(["a", "b"], seed=7, config={"max_attempts": 2}, level="summary")
    read = Journal.read(cloud.journal.write(tmp_path / "run.jsonl"))
    assert read.about["seed"] == 7
    assert read.about["hosts"] == ["a", "b"]
    assert read.about["config"]["scheduler"]["max_attempts"] == 2
    assert read.level == "summary"
    assert list(read) == list(cloud.journal)


def test_the_same_run_is_the_same_file(tmp_path):
    first, second = (Cloud(2).journal.write(tmp_path / f"{name}.jsonl.gz") for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_nothing_happens_any_more_in_a_journal_from_a_file(booted, tmp_path):
    read = Journal.read(booted.write(tmp_path / "run.jsonl"))
    assert repr(read).endswith("read from a file>")
    with pytest.raises(UsageError, match="nothing happens any more"):
        read.record("log", {})


texts = st.text(st.characters(exclude_categories=()), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
events = st.lists(
    st.tuples(
        st.floats(0, 1e6), texts, texts, st.none() | texts, st.none() | texts, st.booleans(),
        st.dictionaries(texts.map("x{}".format), values, max_size=4), st.integers(0, 100),
    ),
    max_size=8,
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(given=events, packed=st.booleans())
def test_any_journal_comes_back_as_it_was(given, packed, tmp_path_factory):
    written, time = [], 0.0
    for seq, (pause, kind, actor, request, where, background, data, back) in enumerate(given):
        time += pause
        cause = seq - 1 - back if seq > back else None
        written.append(Event(seq, time, kind, actor, cause, request, where, background, data))
    journal = Recorded(Header(1, "full", len(written), "", [], {"seed": 1}), written)
    file = tmp_path_factory.mktemp("any") / ("x.jsonl.gz" if packed else "x.jsonl")
    read = Journal.read(journal.write(file))
    assert [one.digest() for one in read] == [one.digest() for one in written]


# --- broken files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_that_is_cut_says_how_much_is_there(packed, real, tmp_path):
    file = real.journal.write(tmp_path / ("run.jsonl.gz" if packed else "run.jsonl"))
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    told = refused(file, "is cut after line", "partial=True", f"of its {len(real.journal)} events")
    there = int(re.search(r"(\d+) of its", told)[1])
    assert there > len(real.journal) // 5
    read = Journal.read(file, partial=True)
    assert list(read) == list(real.journal)[:there]
    assert read.missing == len(real.journal) - there
    assert f"of which the last {read.missing} are missing" in repr(read)
    assert story.story(read, background=True)


def test_a_file_cut_between_two_lines_is_known_as_cut(lines, put):
    refused(put(*lines[:11]), f"cut after line 11: 10 of its {len(lines) - 1} events")


def test_a_packed_file_with_a_broken_byte_gives_what_comes_before(real, tmp_path):
    file = real.journal.write(tmp_path / "run.jsonl.gz")
    damaged = bytearray(file.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    file.write_bytes(bytes(damaged))
    refused(file, f"of (its )?{len(real.journal)} events")
    assert 0 < len(Journal.read(file, partial=True)) < len(real.journal)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"cause": 12}, "cause is 12, and only what came before"),
        ({"cause": -1}, "cause is -1"),
        ({"time": -5.0}, "time goes back"),
        ({"time": 1e999}, "number of seconds, not inf"),
        ({"time": "1"}, "time is a number .*, not '1'"),
        ({"seq": 4}, "it is event 4, and event 10 comes here"),
        ({"seq": True}, "seq is a whole number, not True"),
        ({"actor": None}, "actor is a text, not None"),
        ({"data": []}, r"data is an object, not \[\]"),
        ({"data": {"after": 3}}, "data.after is an object or null, not 3"),
        ({"data": {"queues": "conductor"}}, "data.queues is a list"),
        ({"data": {"message": {}}}, "data.message is"),
        ({"data": {"queues": [[]]}}, "each of data.queues is a text"),
        ({"data": {"after": {"id": []}}}, "data.after.id is"),
        ({"data": {"after": {"total": "8"}}}, "data.after.total is a whole number or a number"),
        ({"data": {"before": {"instance_uuid": {}}}}, "data.before.instance_uuid is"),
        ({"data": {"after": {"vm_state": ["active"]}}}, "data.after.vm_state is a text or null"),
        ({"data": {"after": {"root_gb": [20]}}}, "data.after.root_gb is a whole number"),
        ({"data": {"after": {"vcpus": 1e999}}}, "data.after.vcpus is a number, not inf"),
        ({"background": 0}, "background is true or false, not 0"),
        ({"kind": "warp.drive"}, "unknown kind of event 'warp.drive'"),
        ({"colour": "red"}, "it differs in 'colour'"),
    ],
)
def test_a_line_that_is_no_event_is_named(fields, words, lines, put):
    file = put(*lines[:11], changed(lines[11], **fields), *lines[12:])
    refused(file, "line 12: ", words, f"10 of {len(lines) - 1} events can be read", "partial=True")
    assert len(Journal.read(file, partial=True)) == 10


@pytest.mark.parametrize(
    "text", ["{", "null", "[1]", "\x00", "[" * 100_000, "9" * 5000, '{"a": 1}']
)
def test_a_broken_line_is_named(text, lines, put):
    refused(put(*lines[:5], f"{text}\n", *lines[5:]), "line 6: ", "4 of")


def test_a_line_that_does_not_end_is_not_read_to_its_end(lines, put, monkeypatch):
    monkeypatch.setattr(journal_file, "LONGEST", 1024 * 1024)
    long = changed(lines[5], data={"x": "y" * 2 * 1024 * 1024})
    refused(put(*lines[:5], long, *lines[6:]), "line 6: it is longer than 1 MB")
    refused(put("x" * 2 * 1024 * 1024), "line 1: it is longer than 1 MB")


def test_a_changed_file_is_known_by_its_digest(lines, put):
    other = lines[5].replace("placement", "displacement")
    assert other != lines[5]
    file = put(*lines[:5], other, *lines[6:])
    refused(file, "somebody has changed them")
    assert len(Journal.read(file, partial=True)) == len(lines) - 1


def test_more_events_than_there_should_be(lines, put):
    more = changed(lines[-1], seq=len(lines) - 1)
    file = put(*lines, more)
    refused(file, "1 more events follow than its header speaks of")
    assert len(Journal.read(file, partial=True)) == len(lines) - 1


def test_a_newer_file_is_refused_by_its_version(lines, put):
    file = put(changed(lines[0], version=2, kinds=3), *lines[1:])
    refused(file, "newer SimNova", "journal format 2, this one reads 1", "update", partial=True)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"format": "other"}, 'does not say "format"'),
        ({"version": "1"}, "version is a whole number"),
        ({"version": 0}, "version, events or level"),
        ({"events": -1}, "version, events or level"),
        ({"level": "some"}, "version, events or level"),
        ({"kinds": [1]}, "kinds is a list of texts"),
        ({"about": []}, "about is an object"),
    ],
)
def test_a_header_that_is_none_is_refused(fields, words, lines, put):
    refused(put(changed(lines[0], **fields), *lines[1:]), "line 1", words, partial=True)


@pytest.mark.parametrize("text", ["", "hello", "[]", "{}", "\x1f\x8b", "\ufeff{}"])
def test_what_is_no_journal_is_refused(text, put):
    refused(put(text), "is no journal", r"journal\.write\(…\)", partial=True)


def test_bytes_that_are_no_text_are_refused(tmp_path, lines):
    file = tmp_path / "odd.jsonl"
    file.write_bytes(lines[0].encode() + b"\xff\xfe\n")
    refused(file, "line 2: it is no JSON")


def test_a_file_that_is_not_there_and_names_that_are_none(tmp_path, booted):
    refused(tmp_path / "none.jsonl", "No such file")
    refused(tmp_path, "Is a directory")
    for name in (None, 3, "", "a\0b", b"x"):
        with pytest.raises(UsageError, match="names no file"):
            Journal.read(name)
        with pytest.raises(UsageError, match="names no file"):
            booted.write(name)


def test_where_nothing_can_be_written_it_is_said(tmp_path, booted):
    with pytest.raises(UsageError, match=r"there is no folder .*nowhere; make it"):
        booted.write(tmp_path / "nowhere" / "x.jsonl")
    with pytest.raises(UsageError, match="it is a folder"):
        booted.write(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_writing_that_fails_leaves_what_was_there(tmp_path, booted):
    file = booted.write(tmp_path / "x.jsonl")
    before = file.read_bytes()

    def stopped():
        yield b"half of it"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save(file, stopped())
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_stays_a_link(tmp_path, booted):
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "there.jsonl")
    booted.write(tmp_path / "link.jsonl")
    assert (tmp_path / "link.jsonl").is_symlink()
    assert len(Journal.read(tmp_path / "there.jsonl")) == len(booted)


def test_a_packed_file_is_known_whatever_its_name(tmp_path, booted):
    file = booted.write(tmp_path / "x.jsonl.gz")
    assert gzip.decompress(file.read_bytes()).count(b"\n") == len(booted) + 1
    assert len(Journal.read(file.rename(tmp_path / "x.jsonl"))) == len(booted)


def test_hostile_names_stay_text(tmp_path):
    cloud = Cloud(1)
    cloud.boot(SCRIPT[:27])
    cloud.run()
    read = Journal.read(cloud.journal.write(tmp_path / "x.jsonl"))
    assert list(read) == list(cloud.journal)
    shown = story.story(read)._repr_html_() + sequence.arrows(read).svg() + hosts.at(read).svg()
    assert "<script" not in shown


def test_a_body_with_numbers_for_names_comes_back(tmp_path):
    cloud = Cloud(1)
    cloud.send("POST", "/v2.1/servers", {2: 1, 10: 2, "a": 3})
    cloud.run()
    read = Journal.read(cloud.journal.write(tmp_path / "x.jsonl"))
    assert [one.digest() for one in read] == [one.digest() for one in cloud.journal]
