"""What else stands in the way of a host that no single change would have helped."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from simnova.whatif import choices
from simnova.whatif.asked import Question
from simnova.whatif.beside import answered


def obstacles(question: Question, host: str) -> list[str]:
    """The filters that would have turned the host down besides the one that did, each with its reason.

    Placement cannot be switched off: where it left the host out, nobody knows what filters would have said.
    """
    return list(islice(_rejections(question.only({host}), host), 1, None))


def _rejections(question: Question, host: str) -> Iterator[str]:
    """Who turns the host down, and who does once that filter is off, and so on."""
    while (made := answered(question)) and host in made.hosts and (row := made.fell(host)):
        yield f"{row.name}: {row.verdicts[host].reason}"
        off = f"filter {row.name}"
        switch = next((one for one in choices.of_options(question) if one.what == off), None)
        if switch is None:
            return
        question = switch.chosen(question)
