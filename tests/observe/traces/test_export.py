"""One verb for all forms: on a cloud, on a journal, in a shell."""

import gzip
import json

import pytest

from simnova import Cloud, Journal, UsageError
from simnova.cli import main
from simnova.observe import export
from simnova.observe.traces.formats import FORMS


@pytest.fixture(scope="module")
def cloud():
    made = Cloud(2)
    made.boot("web")
    return made.run()


@pytest.fixture(scope="module")
def file(cloud, tmp_path_factory):
    return cloud.journal.write(tmp_path_factory.mktemp("run") / "boot.jsonl")


@pytest.mark.parametrize("form", FORMS)
def test_cloud_journal_and_file_give_the_same(form, cloud, file, tmp_path):
    first = cloud.export(tmp_path / "a", to=form).read_text()
    assert export(cloud.journal, tmp_path / "b", form).read_text() == first
    assert export(Journal.read(file), tmp_path / "c", form).read_text() == first
    assert gzip.decompress(export(cloud, tmp_path / "d.gz", to=form).read_bytes()).decode() == first
    assert len(cloud.export(tmp_path / "e", to=form, background=True).read_text()) > len(first)


@pytest.mark.parametrize("form", FORMS)
def test_an_empty_journal_and_one_without_payloads(form, tmp_path):
    lean = Cloud(1, level="summary")
    lean.boot("web")
    assert export(lean.run(), tmp_path / "lean", to=form).stat().st_size > 1000
    lean.journal.events.clear()
    assert export(lean, tmp_path / "none", to=form).read_text()


def test_exporting_changes_no_journal(cloud, tmp_path):
    before = [event.digest() for event in cloud.journal]
    for form in FORMS:
        cloud.export(tmp_path / form, to=form)
    assert [event.digest() for event in cloud.journal] == before


def test_what_cannot_be_done_is_said(cloud, tmp_path):
    with pytest.raises(
        UsageError, match="unknown form of a journal 'jaeger': known: chrome, otlp, shiviz"
    ):
        cloud.export(tmp_path / "x", to="jaeger")
    with pytest.raises(UsageError, match="'x' does not say for whom it is: to=\"otlp\""):
        cloud.export(tmp_path / "x", to=None)
    with pytest.raises(UsageError, match=r"there is no folder .*; make it"):
        cloud.export(tmp_path / "nowhere" / "x", to="otlp")
    with pytest.raises(UsageError, match="it is a folder"):
        cloud.export(tmp_path, to="otlp")
    with pytest.raises(UsageError, match="takes a cloud or a journal, not 'boot"):
        export("boot.jsonl", tmp_path / "x", to="otlp")
    assert list(tmp_path.iterdir()) == []


def test_a_closed_cloud_can_be_exported(tmp_path):
    closed = Cloud(1)
    closed.close()
    assert closed.export(tmp_path / "x.json", to="chrome").exists()


def test_in_a_shell(file, tmp_path, capsys):
    output = tmp_path / "out.json"
    assert main(["export", str(file), "--to", "otlp", "-o", str(output)]) == 0
    assert json.loads(output.read_text())["resourceSpans"]
    assert main(["export", str(file), "--to", "chrome"]) == 0
    assert json.loads(capsys.readouterr().out)["traceEvents"]
    assert main(["export", str(file), "--to", "zipkin"]) == 1
    assert "unknown form of a journal 'zipkin'" in capsys.readouterr().err
    assert main(["tell", str(tmp_path / "none")]) == 1
    assert "No such file" in capsys.readouterr().err


def test_a_boot_in_a_shell_can_be_told_again(tmp_path, capsys):
    file = tmp_path / "boot.jsonl"
    assert main(["boot", "--hosts", "1", "--journal", str(file)]) == 0
    told = capsys.readouterr().out
    for show, line in (
        ("story", "is ACTIVE"),
        ("sequence", "select_destinations"),
        ("log", "INFO"),
    ):
        assert main(["tell", str(file), "--show", show]) == 0
        again = capsys.readouterr().out
        assert line in again
        assert show != "story" or again.strip() in told
    file.write_bytes(file.read_bytes()[:100_000])
    assert main(["tell", str(file)]) == 1
    assert "is cut after line" in capsys.readouterr().err
    assert main(["tell", str(file), "--partial"]) == 0
