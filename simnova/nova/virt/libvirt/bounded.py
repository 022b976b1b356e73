"""Work that may hang, as anything that asks a daemon can: done on a thread of its own, and waited for so long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

__door__ = True

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` gives, or raises; TimeoutError after so many seconds, when the thread is left alone."""
    answers: list[T] = []
    errors: list[BaseException] = []

    def do() -> None:
        try:
            answers.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=do, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not answers:
        raise TimeoutError(f"no answer within {seconds:g} s")
    return answers[0]
