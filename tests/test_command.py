"""What the `simnova` command says to whoever does not know it yet."""

from simnova.cli import main


def test_alone_it_shows_its_commands(capsys):
    assert main([]) == 2
    shown = capsys.readouterr().err
    assert "commands:" in shown
    assert "tell the story of a journal's file" in shown


def test_an_empty_file_and_a_tools_name_are_told_in_a_sentence(capsys, tmp_path):
    empty, boot = tmp_path / "empty.jsonl", tmp_path / "boot.jsonl"
    empty.touch()
    assert main(["tell", str(empty)]) == 1
    assert "the file is empty" in capsys.readouterr().err
    assert main(["boot", "--hosts", "1", "--journal", str(boot)]) == 0
    assert main(["export", str(boot), "--to", "perfetto"]) == 1
    said = capsys.readouterr().err
    assert "known: chrome, html, otlp, shiviz (Jaeger reads otlp, Perfetto chrome)" in said
