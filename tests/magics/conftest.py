"""A real IPython shell with the magics."""

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from simnova import Cloud


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """One shell with the magics, which keeps no history: IPython has one shell in a process."""
    quiet = Config()
    quiet.HistoryManager.enabled = False
    place = str(tmp_path_factory.mktemp("ipython"))
    shell = InteractiveShell.instance(config=quiet, ipython_dir=place)
    shell.run_line_magic("load_ext", "simnova")
    yield shell
    InteractiveShell.clear_instance()


@pytest.fixture
def shell(loaded):
    """The shell with no variables of an earlier test, and no cloud chosen."""
    loaded.reset(new_session=False)
    loaded.user_ns["Cloud"] = Cloud
    loaded.run_line_magic("reload_ext", "simnova")
    return loaded


@pytest.fixture
def run(shell):
    """What a cell's last expression is; raises what the cell raises."""

    def result(cell):
        done = shell.run_cell(cell, store_history=False)
        if done.error_in_exec or done.error_before_exec:
            raise done.error_in_exec or done.error_before_exec
        return done.result

    return result
