"""An interpreter that ends in the middle of a run."""

import subprocess
import sys

SCRIPT = """
from simnova import Cloud
cloud = Cloud(hosts=1)
cloud.crash("nova-conductor")
cloud.start("nova-conductor")
cloud.submit("web")
"""


def test_it_says_nothing_of_work_that_was_not_begun():
    ended = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
