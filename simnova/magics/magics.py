"""What `%load_ext simnova` gives to IPython; each magic returns something that shows itself, and prints nothing."""

from __future__ import annotations

from keyword import iskeyword
from typing import Any, Final

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_cell_magic, line_magic, magics_class

from simnova import Cloud
from simnova.exceptions import UsageError, shown
from simnova.magics.cell import played
from simnova.magics.current import USUAL, chosen, clouds
from simnova.magics.played import Run
from simnova.magics.sentence import in_a_sentence
from simnova.magics.status import Status, status
from simnova.magics.stepping import on, until
from simnova.observe import logs
from simnova.observe.cursor import cursor
from simnova.observe.index import last
from simnova.observe.logged import meant
from simnova.observe.logs import Log
from simnova.observe.story import Story
from simnova.observe.table import Table
from simnova.scenario.telling import Told

UNTIL: Final = "until "


@magics_class
class CloudMagics(Magics):
    """The magics, about the cloud that was chosen."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._names = shell.user_ns
        self._choice = ""

    def _current(self) -> Cloud:
        return chosen(self._names, self._choice)[1]

    @line_magic
    @in_a_sentence
    def cloud(self, line: str) -> Status:
        """`%cloud` shows how the cloud is; `%cloud NAME` has all magics be about the cloud of that variable."""
        name, found = chosen(self._names, line.strip() or self._choice)
        self._choice = line.strip() or self._choice
        return status(name, found)

    @line_magic
    @in_a_sentence
    def step(self, line: str) -> Story:
        """`%step` runs to the next event, `%step 5` to the fifth, `%step until kind:rpc.cast to:compute` to the first
        that a query means (see `simnova.observe.query`); what happened comes back as a story.
        """
        asked = line.strip()
        if asked.startswith(UNTIL):
            return until(self._current(), asked.removeprefix(UNTIL).strip())
        if asked and not (asked.isdecimal() and int(asked)):
            raise UsageError(
                f"%step {asked}: give how many, as in %step 5, or %step until kind:rpc.cast"
            )
        return on(self._current(), int(asked or 1))

    @line_cell_magic
    @in_a_sentence
    def sql(self, line: str, cell: str = "") -> Table:
        """`%sql SELECT host, vm_state FROM nova_cell1.instances`, or `%%sql` over several lines: the databases as they
        were at the step to which the cloud's player was moved, else as they are.
        """
        found, text = self._current(), f"{line}\n{cell}".strip()
        seq = cursor(found.journal)
        if seq is None and not found.closed:
            return found.sql(text)
        seq = last(found.journal, seq)
        answer = found.sql(text, seq)
        title = f"as of event {seq}, at {found.journal[seq].time:.3f} s"
        return Table(answer.columns, answer.rows, title)

    @line_magic
    @in_a_sentence
    def log(self, line: str) -> Log:
        """`%log` shows what Nova's services wrote, up to the step to which the cloud's player was moved, else all;
        `%log service:nova-compute error` the lines that a query means.
        """
        journal = self._current().journal
        return meant(journal, line, logs.lines(journal, cursor(journal)))

    @cell_magic
    @in_a_sentence
    def scenario(self, line: str, cell: str) -> Run | Told:
        """`%%scenario` plays what the cell says (`docs/reference/magics.md`) and puts its cloud into the variable
        `cloud`, `%%scenario mine` into `mine`; it is the current cloud from then on.
        """
        name = line.strip() or USUAL
        if not name.isidentifier() or iskeyword(name) or name.startswith("_"):
            raise UsageError(
                f"%%scenario {shown(name)}: that is no name for a cloud; a word of letters is, as in %%scenario mine"
            )
        run = played(cell, self._names, name)
        if isinstance(run, Run):
            held = {
                held: cloud for held, cloud in clouds(self._names).items() if cloud is run.cloud
            }
            self._choice = next(iter(held), "")
        return run


def load(shell: Any) -> None:
    """Have a shell know the magics."""
    shell.register_magics(CloudMagics)
