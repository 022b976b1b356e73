"""The log door: `LOG.info("Took %0.2f seconds to build instance.", took, instance=instance)`.

A line goes to the journal of the cloud that is running at this moment; OpenStack's format is given
to it later, by `simnova.observe.logs`. It is the one door that is not async: writing a line never
waits.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable
from typing import Any

from simnova.kernel import clock
from simnova.kernel.journal import declare, short_name
from simnova.kernel.late import Late

__door__ = True

LINE = declare("log", "a service wrote a line to its log")

_USUAL = (TypeError, ValueError, KeyError, AttributeError, ImportError)
"""What oslo.log does not sum up unasked: code that looks for something missing handles these."""


class Logger:
    """The logger of one module, with oslo.log's methods."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._debug = {"level": "DEBUG", "logger": name, "instance": None}

    def debug(self, message: str, *args: Any, instance: Any = None) -> None:
        """A line for those who look for something."""
        self._write("DEBUG", message, args, instance)

    def debug_late(self, tell: Callable[..., str], args: tuple[Any, ...]) -> None:
        """A long line whose text is `tell(*args, "message")`, worked out each time that somebody
        reads it.
        """
        running = clock.running()
        if running is not None:
            running.journal.record(LINE, Late(self._debug, ("message",), tell, args))

    def info(self, message: str, *args: Any, instance: Any = None, context: Any = None) -> None:
        """A line that says what was done; `context` tells whose request it is, where nothing else
        does.
        """
        self._write("INFO", message, args, instance, context=context)

    def warning(self, message: str, *args: Any, instance: Any = None) -> None:
        """A line that says what is not as it should be."""
        self._write("WARNING", message, args, instance)

    def error(self, message: str, *args: Any, instance: Any = None) -> None:
        """A line that says what failed."""
        self._write("ERROR", message, args, instance)

    def exception(self, message: str, *args: Any, instance: Any = None) -> None:
        """A line that says what failed, and the traceback of the exception being handled."""
        self._write("ERROR", message, args, instance, "".join(format_exc()))

    def critical(self, message: str, *args: Any, instance: Any = None) -> None:
        """A line that says why the service ends."""
        self._write("CRITICAL", message, args, instance)

    def _write(
        self,
        level: str,
        message: str,
        args: tuple[Any, ...],
        instance: Any,
        trace: str = "",
        context: Any = None,
    ) -> None:
        running = clock.running()
        if running is None:
            return
        text = (
            message % (args[0] if len(args) == 1 and isinstance(args[0], dict) else args)
            if args
            else message
        )
        text = f"{text}\n{trace.rstrip()}" if trace else text
        uuid = getattr(instance, "uuid", instance)
        data = {"level": level, "logger": self.name, "message": text, "instance": uuid}
        if level not in ("DEBUG", "INFO") and (summary := _summary(explicit=bool(trace))):
            data["error_summary"] = summary
        if context is not None:
            data |= {"user_id": context.user_id, "project_id": context.project_id}
        running.journal.record(LINE, data)


def getLogger(name: str) -> Logger:  # noqa: N802 (oslo.log's name)
    """The logger of a module, under its name in OpenStack: `simnova.nova.compute.manager` is
    `nova.compute.manager`.
    """
    return Logger(name.removeprefix("simnova."))


def format_exc() -> list[str]:
    """The traceback of the exception being handled, frame by frame, as it is on any machine and in
    any Python; empty where none is.

    Files and exceptions are named as in the tree, and the carets that Pythons set differently are
    left out.
    """
    error = _handled()
    if error is None:
        return []
    told = traceback.TracebackException.from_exception(error)
    _shorten(told, error)
    return [text for part in told.format() if (text := _plain(part))]


def _plain(part: str) -> str:
    lines = part.splitlines(keepends=True)
    return "".join(_named(line) for line in lines if line.strip(" ^~\n"))


_OTHERS = {
    "simnova.messaging.rest.": "keystoneauth1.exceptions.connection.",
    "simnova.messaging.": "oslo_messaging.",
    "simnova.db.": "oslo_db.",
    "simnova.nova.virt.links.": "oslo_concurrency.processutils.",
}
"""Where the real services have an exception from, by the place it has here."""


def class_name(kind: type[BaseException]) -> str:
    """An exception's class as it is called in OpenStack, with its module."""
    return _named(f"{kind.__module__}.{kind.__qualname__}")


def _named(line: str) -> str:
    """A line that begins with an exception's class, under its name in OpenStack: Nova has all of its
    in one module.
    """
    for here, there in _OTHERS.items():
        if line.startswith(here):
            return there + line.removeprefix(here)
    return re.sub(r"^simnova\.(nova\.)?(\w+_(?=exception\.))?", r"\1", line)


def _handled() -> BaseException | None:
    """The exception that the cloud is handling, not one of whoever runs the cloud."""
    error = sys.exc_info()[1]
    return None if error is clock.handled() else error


def _summary(explicit: bool) -> str:
    """The exception being handled in a line, which oslo.log puts behind a warning or an error
    (`_get_error_summary` of `oslo_log/formatters.py`).
    """
    error = _handled()
    if error is None or (not explicit and type(error) in _USUAL):
        return ""
    text = _named(traceback.format_exception_only(error)[0].rstrip())
    return text if explicit else text.split("\n", 1)[0]


def _shorten(told: traceback.TracebackException, error: BaseException) -> None:
    """Short names along the whole chain; it ends before what was being handled outside while the
    cloud ran.
    """
    if error.__context__ is not None and error.__context__ is clock.handled():
        told.__context__ = None
    for frame in told.stack:
        frame.filename = short_name(frame.filename)
    for other, cause in ((told.__cause__, error.__cause__), (told.__context__, error.__context__)):
        if other is not None and cause is not None:
            _shorten(other, cause)
