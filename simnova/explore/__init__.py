"""What is found by trying: every way in which a run can break, played one after the other."""

from simnova.explore.endings import Endings as Endings
from simnova.explore.endings import endings as endings
from simnova.explore.hangs import HANGS as HANGS
from simnova.explore.hangs import hang_of as hang_of
from simnova.explore.scenarios import Scenario as Scenario
from simnova.explore.scenarios import boot as boot
from simnova.explore.scenarios import delete as delete
from simnova.explore.scenarios import stop as stop
