"""All verbs together, the changes of options, and those verbs at a time to come."""

from __future__ import annotations

import warnings
from contextlib import suppress
from typing import Any

from simnova.cloud import checks
from simnova.cloud.accidents.machines import Machines
from simnova.cloud.accidents.messages import Messages
from simnova.cloud.accidents.processes import Processes
from simnova.cloud.accidents.stores import Stores
from simnova.exceptions import NovaError, UsageError, quoted, unknown
from simnova.kernel.faults import Faults
from simnova.kernel.timeline import Input

__door__ = True


class Accidents(Messages, Processes, Machines, Stores):
    """The verbs of a cloud by which something in it breaks, ends, comes back or changes: each is a recorded input."""

    def set(self, option: str, value: Any) -> None:
        """Change an option of the running cloud: `cloud.set("filter_scheduler.host_subset_size", 3)`.

        Which filters and weighers there are nova-scheduler reads when it starts; a warning says so.
        """
        checks.check_option(self.conf, option, value)
        at_start = checks.is_read_at_start(option, value)
        self._input("set", option=option, value=value)
        if at_start:
            warnings.warn(
                f"{option} is set, but nova-scheduler reads it when it starts: "
                "cloud.stop('nova-scheduler'), then cloud.start('nova-scheduler')",
                stacklevel=2,
            )

    def heal(self) -> Faults:
        """Nothing lies in wait any more, and what lasts (refusing, slow, cut off, full) ends.

        What is down stays down: `start` a process, `power_on` a machine.
        """
        self._input("heal")
        return self.faults

    def at(self, seconds: float) -> Later:
        """Any of these verbs at a time to come: `cloud.at(30).crash("nova-scheduler")`, at second 30 of the cloud.

        It does not keep `run()` going, which ends as soon as nobody works: `run(40)` gets there. What can no longer be
        done then (a crash of what is down already) is told by the journal, and nothing happens.
        """
        if not checks.is_number(seconds):
            raise UsageError(
                f"at({quoted(seconds)}) is no time: give seconds, as in at({self.clock.now + 30:.0f})"
            )
        if not self.clock.now <= seconds <= checks.MOST:
            raise UsageError(
                f"at({quoted(seconds)}) is in the past or never, it is {self.clock.now:.3f} s: "
                f"for half a minute from now say at({self.clock.now + 30:.0f})"
            )
        return Later(self, float(seconds))

    def _once_more(self, given: Input) -> None:
        """Ask it of a run that may have gone another way; what makes no sense there is left out."""
        with suppress(UsageError, NovaError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if given.verb in VERBS:
                getattr(_Again(self), given.verb)(**given.args)
            else:
                self._input(given.verb, **given.args)

    # --- done, now or in a replay ------------------------------------------------------------------------------

    def _do_set(self, option: str, value: Any) -> None:
        self.conf.set(option, value)

    def _do_heal(self) -> None:
        self.faults.clear()

    def _do_at(self, seconds: float, verb: str, args: dict[str, Any]) -> None:
        planned = Planned(self, seconds, verb, args)
        self.faults.armed.append(planned)
        self.clock.after(seconds - self.clock.now, planned.strike, background=True)


class _Stance(Accidents):
    """The same verbs for the same cloud, but another way of doing them."""

    def __init__(self, cloud: Accidents) -> None:
        self._cloud = cloud
        self.assembly, self.clock, self.conf = cloud.assembly, cloud.clock, cloud.conf
        self.faults, self.journal = cloud.faults, cloud.journal

    def _check_open(self) -> None:
        self._cloud._check_open()


class Later(_Stance):
    """The verbs of a cloud at a time to come: what is asked is arranged, and not looked at before then."""

    def __init__(self, cloud: Accidents, seconds: float) -> None:
        super().__init__(cloud)
        self._seconds = seconds

    def __repr__(self) -> str:
        return f"<at {self._seconds:g} s: {', '.join(VERBS)}>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise unknown("verb", name, VERBS)

    def _input(self, verb: str, /, **args: Any) -> Any:
        return self._cloud._input("at", seconds=self._seconds, verb=verb, args=args)

    def _running(self, name: str) -> str:
        return self._process(name)

    def _ended(self, name: str) -> str:
        return self._process(name)

    def _connected(self, name: str) -> None:
        """It may be so by then; this and the others are asked when the time has come."""

    _disconnected = _refusing = _switched_on = _switched_off = _check_power = _connected


class _Again(_Stance):
    """The verbs of a cloud, looked at as if a learner asked for them, without waiting for what comes of it."""

    def _input(self, verb: str, /, **args: Any) -> Any:
        return self._cloud._input(verb, **args)


class _Now(_Stance):
    """The verbs of a cloud when their time has come: the journal tells it as a fault."""

    def __init__(self, cloud: Accidents, because: int) -> None:
        super().__init__(cloud)
        self._because = because

    def _input(self, verb: str, /, **args: Any) -> Any:
        self.faults.note(verb, self._because, **args)
        return getattr(self._cloud, f"_do_{verb}")(**args)


class Planned:
    """A verb that lies in wait for its time."""

    def __init__(self, cloud: Accidents, seconds: float, verb: str, args: dict[str, Any]) -> None:
        self.cloud = cloud
        self.seconds = seconds
        self.verb = verb
        self.args = args
        self.because = cloud._latest
        self.waits = True

    def __str__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.args.items())
        return f"at {self.seconds:g} s: {self.verb}({given})"

    def disarm(self) -> None:
        """Nothing happens then."""
        self.waits = False

    def strike(self) -> None:
        """Do it, or tell why it cannot be done."""
        if not self.waits:
            return
        self.waits = False
        try:
            getattr(_Now(self.cloud, self.because), self.verb)(**self.args)
        except UsageError as error:
            self.cloud.faults.note(self.verb, self.because, **self.args, moot=str(error))


VERBS = sorted(
    name for name in dir(Accidents) if not name.startswith("_") and name not in ("at", "heal")
)
"""What can be asked at a time to come."""
