"""A filter or weigher that never comes back is stopped: by hand, or when its time is up, and the cloud goes on."""

import os
import re
import signal
import subprocess
import sys
import threading

import pytest

from simnova import Cloud
from simnova.exceptions import UsageError
from simnova.kernel.patience import Interrupted
from simnova.nova.log import getLogger
from simnova.nova.scheduler.filters import BaseHostFilter
from simnova.nova.scheduler.weights import BaseHostWeigher

pytestmark = pytest.mark.thorough

LOG = getLogger(__name__)


class Endless(BaseHostFilter):
    """Does not come back from compute2, for a server of 4096 MB."""

    def host_passes(self, host_state, spec_obj):
        while host_state.host == "compute2" and spec_obj.memory_mb == 4096:
            pass
        return True


class Chatty(BaseHostFilter):
    """Is in the journal's door most of the time."""

    def host_passes(self, host_state, spec_obj):
        while spec_obj.memory_mb == 4096:
            LOG.info("still here: %d", sum(range(500)))
        return True


class Heavy(BaseHostWeigher):
    """Counts for ever."""

    def _weigh_object(self, host_state, weight_properties):
        count = 0
        while weight_properties.memory_mb == 4096:
            count += 1
        return count


class Stubborn(BaseHostFilter):
    """Goes on after every Exception."""

    def host_passes(self, host_state, spec_obj):
        while spec_obj.memory_mb == 4096:
            try:
                host_state.not_there()
            except Exception:
                continue
        return True


def digests(cloud):
    return [event.digest() for event in cloud.journal]


def interrupt_soon(cloud):
    """What Jupyter's stop button does, a moment after the filters are asked."""

    def press(event):
        if event.kind == "log" and event.data["message"].startswith("Starting with"):
            cloud.journal.after.remove(press)
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()

    cloud.journal.after.append(press)


def after_it(cloud):
    """The request fails as if the filter had raised; the cloud serves the next one, and a fork repeats it all."""
    cloud.run()
    assert cloud.servers["big"].status == "ERROR"
    assert cloud.boot("small", flavor="m1.small").wait("ACTIVE").status == "ACTIVE"
    with cloud.fork() as twin:
        assert digests(twin) == digests(cloud)
        twin.boot("next")
        twin.run()
        assert twin.servers["next"].status == "ACTIVE"


@pytest.mark.parametrize("kind", [Endless, Stubborn, Chatty])
def test_an_interrupt_ends_the_cell_with_the_filter_its_host_and_its_line(kind):
    with Cloud(hosts=2, filters=[kind]) as cloud:
        cloud.boot("big", flavor="m1.medium")
        interrupt_soon(cloud)
        with pytest.raises(
            Interrupted, match=rf"{kind.__name__} was interrupted about compute\d, in line \d+: "
        ):
            cloud.run()
        after_it(cloud)


@pytest.mark.parametrize(
    "what", [{"filters": [Endless]}, {"filters": [Chatty]}, {"weighers": [Heavy]}]
)
def test_a_plug_in_that_takes_more_than_its_time_is_stopped(what):
    with Cloud(hosts=2, plug_in_seconds=0.05, **what) as cloud:
        cloud.boot("big", flavor="m1.medium")
        with pytest.raises(
            UsageError, match=r"took more than 0.05 s of CPU time about compute\d, in line \d+: "
        ):
            cloud.run()
        after_it(cloud)


def test_the_log_and_the_decision_tell_who_was_stopped_where():
    with Cloud(hosts=2, filters=[Endless], plug_in_seconds=0.1) as cloud:
        server = cloud.boot("big", flavor="m1.medium")
        with pytest.raises(UsageError, match="the limit is Cloud"):
            cloud.run()
        cloud.run()
        assert "Endless took more than 0.1 s of CPU time about compute2" in server.fault
        assert "Endless raised Stopped about compute2" in str(cloud.log(level="ERROR"))
        assert "Endless" in str(cloud.decision())


def test_in_another_thread_it_is_stopped_as_well():
    raised = []

    def work():
        with Cloud(hosts=2, filters=[Endless], plug_in_seconds=0.2) as cloud:
            cloud.boot("big", flavor="m1.medium")
            try:
                cloud.run()
            except UsageError as error:
                raised.append(str(error))
            cloud.run()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert raised[0].startswith("Endless took more than 0.2 s of CPU time about compute2, in line ")


def test_an_interrupt_elsewhere_waits_for_the_end_of_the_step():
    """Whatever service it strikes, the journal is whole and the same as ever."""
    with Cloud(hosts=2) as calm, Cloud(hosts=2) as cloud:
        for one in (calm, cloud):
            one.submit("servers", count=3)
        calm.run()

        def press(event):
            if event.kind == "db.insert":
                cloud.journal.after.remove(press)
                os.kill(os.getpid(), signal.SIGINT)

        cloud.journal.after.append(press)
        with pytest.raises(Interrupted, match="between two events: the cloud can go on"):
            cloud.run()
        assert 0 < len(cloud.journal) < len(calm.journal)
        cloud.run()
        assert digests(cloud) == digests(calm)


def test_what_handled_interrupts_before_does_so_again_and_no_timer_is_left():
    before = signal.getsignal(signal.SIGINT)
    with Cloud(hosts=1, filters=[Endless]) as cloud:
        cloud.boot("web")
        cloud.run()
    assert signal.getsignal(signal.SIGINT) is before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


@pytest.mark.parametrize("seconds", [0, -1, "10", float("inf"), True])
def test_a_limit_that_is_none_is_refused(seconds):
    with pytest.raises(UsageError, match="give seconds, more than 0, or None"):
        Cloud(plug_in_seconds=seconds)


SCRIPT = """
from simnova import Cloud
from simnova.nova.scheduler.filters import BaseHostFilter

class Loop(BaseHostFilter):
    def host_passes(self, host_state, spec_obj):
        print("waiting", flush=True)
        while True:
            pass

cloud = Cloud(hosts=1, filters=[Loop], plug_in_seconds={seconds})
server = cloud.boot("web")
try:
    cloud.run()
except BaseException as error:
    print(type(error).__name__, error)
cloud.run()
print(server.status)
"""


def test_a_script_with_an_endless_filter_ends_by_itself():
    run = [sys.executable, "-c", SCRIPT.format(seconds=0.3)]
    done = subprocess.run(run, capture_output=True, text=True, timeout=30)
    told = r"UsageError Loop took more than 0\.3 s of CPU time about compute1, in line [89]"
    assert re.search(told, done.stdout)
    assert done.stdout.endswith("ERROR\n")


def test_a_script_with_an_endless_filter_ends_by_control_c():
    run = [sys.executable, "-c", SCRIPT.format(seconds=None)]
    with subprocess.Popen(run, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    told = r"Interrupted Loop was interrupted about compute1, in line [789]"  # it may still be printing
    assert re.search(told, out)
    assert out.endswith("ERROR\n")
