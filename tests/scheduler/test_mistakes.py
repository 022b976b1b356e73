"""A filter or weigher with a mistake in it: told with its own line and what Nova would do, and the cloud goes on."""

import abc
import decimal

import pytest

from simnova import Cloud
from simnova.exceptions import UsageError
from simnova.nova.log import getLogger
from simnova.nova.scheduler.filters import BaseHostFilter, Rejected
from simnova.nova.scheduler.filters.ram_filter import RamFilter
from simnova.nova.scheduler.weights import BaseHostWeigher

LOG = getLogger(__name__)


def a_filter(host_passes, **more):
    """A class as a cell would make it."""
    return type(
        "Mine", (BaseHostFilter,), {"host_passes": host_passes, **more, "__module__": __name__}
    )


def sees_all(filter_all):
    return type("Mine", (BaseHostFilter,), {"filter_all": filter_all, "__module__": __name__})


def a_weigher(answer, multiplier=1.0):
    methods = {
        "_weigh_object": lambda self, host_state, weight_properties: answer,
        "weight_multiplier": lambda self, host_state: multiplier,
    }
    return type("Heavy", (BaseHostWeigher,), {**methods, "__module__": __name__})


def weighs_all(answer):
    methods = {"weigh_objects": lambda self, weighed_obj_list, weight_properties: answer}
    return type("Heavy", (BaseHostWeigher,), {**methods, "__module__": __name__})


def booted(**plug_ins):
    """A cloud in which one server has been asked for, and is not at work any more."""
    cloud = Cloud(hosts=2, **plug_ins)
    cloud.boot("web")
    cloud.run()
    return cloud


def verdicts(cloud):
    """What the last filter said."""
    return [e.data["verdicts"] for e in cloud.journal if e.kind == "scheduler.filter"][-1]


def logged(cloud, level):
    return [
        e.data["message"] for e in cloud.journal if e.kind == "log" and e.data["level"] == level
    ]


# --- what is refused before there is a cloud --------------------------------------------------------------------


async def awaited(self, host_state, spec_obj):
    return True


def yielding(self, host_state, spec_obj):
    yield True


class Abstract(BaseHostFilter, abc.ABC):
    """Leaves the matter open."""

    @abc.abstractmethod
    def host_passes(self, host_state, spec_obj):
        raise NotImplementedError


class Misspelt(BaseHostFilter):
    """Has a method that nobody calls."""

    def host_pases(self, host_state, spec_obj):
        return True


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (a_filter(awaited), "is async, in line .*async def awaited.*: write def"),
        (a_filter(yielding), "yields, in line .*A generator counts as True.*: write return"),
        (
            a_filter(lambda self, host_state: True),
            r"Nova calls host_passes\(self, host_state, spec_obj",
        ),
        (a_filter(True), "Mine.host_passes is True, not a method"),
        (Abstract, "filter Abstract is abstract: write its host_passes"),
        (Misspelt, "write host_passes.*; host_pases is called by nobody"),
        (BaseHostFilter, "BaseHostFilter is no filter yet: derive a class"),
        (3, "3 is no filter: derive its class from BaseHostFilter"),
        (BaseHostWeigher, "is no filter: derive its class"),
    ],
)
def test_a_filter_that_nova_could_not_ask_is_refused_with_its_line(wrong, told):
    with pytest.raises(UsageError, match=told):
        Cloud(hosts=1, filters=[wrong])


def test_a_multiplier_that_is_no_method_is_refused():
    kind = type("Heavy", (a_weigher(1.0),), {"weight_multiplier": 2.0, "__module__": __name__})
    with pytest.raises(UsageError, match=r"weight_multiplier is 2.0, not a method: Nova calls"):
        Cloud(hosts=1, weighers=[kind])


def test_a_filter_with_the_name_of_novas_takes_its_place():
    mine = type(
        "RamFilter", (RamFilter,), {"host_passes": lambda *_: False, "__module__": __name__}
    )
    options = {"filter_scheduler": {"enabled_filters": ["RamFilter", "ComputeFilter"]}}
    with booted(config=options, filters=[mine]) as cloud:
        asked = [e.data["filter"] for e in cloud.journal if e.kind == "scheduler.filter"]
        assert (asked, cloud.servers["web"].status) == (["RamFilter"], "ERROR")


def test_two_of_your_own_need_two_names():
    two = [a_filter(lambda *_: True), a_filter(lambda *_: False)]
    with pytest.raises(
        UsageError, match="two filters are called Mine: Nova would know only the last"
    ):
        Cloud(hosts=1, filters=two)


# --- what a filter answers --------------------------------------------------------------------------------------


def forgotten(self, host_state, spec_obj):
    host_state.host == "compute1"  # noqa: B015


def test_a_forgotten_return_is_a_no_that_says_so():
    with booted(filters=[a_filter(forgotten)]) as cloud:
        assert cloud.servers["web"].status == "ERROR"
        told = (
            "None, which Nova takes as no: host_passes came to its end without a return, in line "
        )
        assert verdicts(cloud)["compute1"].startswith(told)
        assert "def forgotten(self, host_state, spec_obj)" in verdicts(cloud)["compute1"]


@pytest.mark.parametrize("answer", ["no", 7, [0], object()])
def test_what_is_true_passes_as_in_nova_with_a_warning(answer):
    with booted(filters=[a_filter(lambda *_: answer)]) as cloud:
        assert cloud.servers["web"].status == "ACTIVE"
        (warning,) = logged(cloud, "WARNING")
        assert "which Nova takes as True: answer True or False, in line " in warning


@pytest.mark.parametrize("answer", ["", 0, [], 0.0])
def test_what_is_false_does_not_pass_as_in_nova(answer):
    with booted(filters=[a_filter(lambda *_: answer)]) as cloud:
        assert verdicts(cloud) == {"compute1": repr(answer), "compute2": repr(answer)}


def test_a_coroutine_from_a_plain_function_passes_as_in_nova_and_nothing_else_complains():
    with booted(filters=[a_filter(lambda *args: awaited(*args))]) as cloud:
        assert cloud.servers["web"].status == "ACTIVE"
        assert (
            "something of type coroutine, which Nova takes as True" in logged(cloud, "WARNING")[0]
        )


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda self, hosts, spec: 3, "filter_all answered 3 of type int, not the hosts that pass"),
        (
            lambda self, hosts, spec: [h.host for h in hosts],
            "'compute1' of type str, none of the hosts",
        ),
        (lambda self, hosts, spec: "compute1", "'c' of type str, none of the hosts"),
        (lambda self, hosts, spec: (h.nope for h in hosts), "has no attribute 'nope', in line"),
    ],
)
def test_filter_all_answers_with_hosts_or_the_request_fails(answer, told):
    with booted(filters=[sees_all(answer)]) as cloud:
        assert cloud.servers["web"].status == "ERROR"
        assert told in logged(cloud, "ERROR")[0]
        assert " raised " in str(cloud.decision())


def test_filter_all_that_answers_none_ends_the_filtering_as_in_nova():
    with booted(filters=[sees_all(lambda self, hosts, spec: None)]) as cloud:
        assert cloud.servers["web"].status == "ERROR"
        assert "Nova stops here, without a host. Is a return missing" in verdicts(cloud)["compute2"]


def test_a_filter_that_would_end_the_process_fails_its_request():
    with booted(filters=[a_filter(lambda *_: exit(3))]) as cloud:
        assert cloud.servers["web"].status == "ERROR"
        assert "sys.exit(3): it would end the scheduler" in logged(cloud, "ERROR")[0]


# --- what a weigher answers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weigher", "told"),
    [
        (a_weigher("heavy"), "'heavy' of type str, which is text"),
        (a_weigher(None), "None of type NoneType, which is no number"),
        (a_weigher(1j), "1j of type complex, which is no number"),
        (a_weigher([1]), "[1] of type list, which is no number"),
        (a_weigher(float("nan")), "nan of type float: no host can be put in order by it"),
        (a_weigher(float("-inf")), "-inf of type float: no host can be put in order by it"),
        (a_weigher(10**400), "something of type int: no host can be put in order by it"),
        (a_weigher(1.0, "2"), "weight_multiplier answered '2' of type str"),
        (a_weigher(1.0, None), "weight_multiplier answered None of type NoneType"),
        (weighs_all([1.0]), "1 weights for 2 hosts"),
        (weighs_all([1.0, 2.0, 3.0]), "3 weights for 2 hosts"),
        (weighs_all("12"), "'12' of type str, not a list of weights"),
        (weighs_all(7), "7 of type int, not a list of weights"),
        (weighs_all([1.0, "a"]), "'a' of type str, which is text"),
    ],
)
def test_a_weight_by_which_nothing_can_be_put_in_order_fails_the_request(weigher, told):
    with booted(weighers=[weigher]) as cloud:
        assert cloud.servers["web"].status == "ERROR"
        (line, *_) = logged(cloud, "ERROR")
        assert line.startswith("Heavy raised ")
        assert told in line.splitlines()[0]
        assert ", in line " in line.splitlines()[0]


@pytest.mark.parametrize("weight", [True, 3, decimal.Decimal("1.5"), -2.5])
def test_any_real_number_is_a_weight(weight):
    with booted(weighers=[a_weigher(weight)]) as cloud:
        assert cloud.servers["web"].status == "ACTIVE"


# --- its __init__ -----------------------------------------------------------------------------------------------


class Unmade(BaseHostFilter):
    """Cannot be made."""

    def __init__(self):
        raise KeyError("threshold")

    def host_passes(self, host_state, spec_obj):
        return True


class Talkative(BaseHostFilter):
    """Says that it is there."""

    def __init__(self):
        LOG.warning("%s hosts are enough", 2)

    def host_passes(self, host_state, spec_obj):
        return True


def test_where_init_raises_nova_scheduler_does_not_start_and_the_others_do():
    told = r"nova-scheduler did not start: Unmade.__init__ raised KeyError: 'threshold', in line \d+: raise"
    with pytest.warns(UserWarning, match=told):
        cloud = Cloud(hosts=1, filters=[Unmade])
    with cloud:
        assert [name for name, life in cloud.assembly.running.items() if not life.alive] == [
            "nova-scheduler"
        ]


def test_what_init_logs_is_in_the_log_of_the_scheduler():
    with Cloud(hosts=1, filters=[Talkative]) as cloud:
        (line,) = cloud.log(service="nova-scheduler", level="WARNING", background=True)
        assert line.message == "2 hosts are enough"


class Locked(Talkative):
    """Holds what cannot be copied."""

    def __init__(self):
        self.lines = (line for line in ())


def test_an_object_that_cannot_be_copied_is_refused():
    with pytest.raises(UsageError, match=r"Locked cannot be copied .*: give the class"):
        Cloud(hosts=1, filters=[Locked()])


@pytest.mark.parametrize(
    "wrong", [{"filters": [a_filter(lambda *_: 1 / 0)]}, {"weighers": [a_weigher("x")]}]
)
def test_a_fork_repeats_a_mistake(wrong):
    with booted(**wrong) as cloud, cloud.fork() as twin:
        assert [e.digest() for e in twin.journal] == [e.digest() for e in cloud.journal]


def test_rejected_without_a_reason_is_a_no_that_tells_how_to_give_one():
    cloud = booted(filters=[a_filter(lambda self, host_state, spec_obj: Rejected)])
    assert cloud.servers["web"].status == "ERROR"
    assert {*verdicts(cloud).values()} == {
        'Rejected, the class, without a reason: return Rejected("why")'
    }


def test_a_decision_tells_of_an_answer_that_only_looks_like_a_no():
    cloud = booted(filters=[a_filter(lambda self, host_state, spec_obj: "no")])
    assert cloud.servers["web"].status == "ACTIVE"
    told = " ".join(str(cloud.decision("web")).split())
    assert "Mine.host_passes answered 'no' of type str, which Nova takes as True" in told
