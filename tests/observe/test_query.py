"""The query language: what it reads, what it says of mistakes, and which events of a run it picks."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simnova import Cloud, UsageError
from simnova.observe import story
from simnova.observe.query import KEYS, Query, Term, choices, matching


@pytest.fixture(scope="module")
def cloud():
    """Two servers on two hosts; one is stopped, and renamed."""
    made = Cloud(hosts=2)
    web, db = made.boot("web"), made.boot("db 1")
    made.run()
    web.stop()
    made.run()
    made.request("PUT", f"/v2.1/servers/{db.id}", {"server": {"name": "store"}})
    made.run()
    return made


def picked(cloud, text):
    return [cloud.journal[seq] for seq in matching(cloud.journal, Query.parse(text))]


class TestReading:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "service:nova-conductor kind:rpc.cast to:compute web",
            '-server:"db 1" -"kind:rpc" "two words"',
            r'"a \"quoted\" word" back\slash',
            "time:>1.5 time:0..2 time:..3 10:30",
        ],
    )
    def test_its_text_gives_it_back(self, text):
        assert str(Query.parse(text)) == text

    def test_keys_are_read_however_they_are_spelled_and_blanks_are_free(self):
        assert Query.parse("  Kind:rpc   -WEB ") == Query(
            (Term("kind", "rpc"), Term("", "WEB", negated=True))
        )

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("web kind:rpc.kast", r"'kind:rpc.kast': .*did you mean 'rpc.cast'\?"),
            (
                "srvice:web",
                r"'srvice:web': unknown key 'srvice': did you mean 'service'\? known: host, ",
            ),
            ("http://x", r'in quotes: "http://x"'),
            ("state:activ", "did you mean 'active'"),
            ("time:12", "'12' is no span of seconds: time:>1.5"),
            ("time:..", "is no span"),
            ("server:", "server: needs a value, as in server:web"),
            ('service:""', "needs a value"),
            ("-", "an empty word"),
            ('web "db', "cannot read '\"db'"),
            ('a"b', "quotes go around a whole value"),
            (3, "a query is a text"),
        ],
    )
    def test_a_mistake_is_named_with_its_remedy(self, text, says):
        with pytest.raises(UsageError, match=says):
            Query.parse(text)

    def test_each_keys_example_is_read(self):
        for name, key in KEYS.items():
            assert [term.key for term in Query.parse(key.example).terms] == [name]


FREE = ["", "service", "request", "server", "method", "to", "host", "table"]
values = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
terms = st.one_of(
    st.builds(Term, st.sampled_from(FREE), values, st.booleans()),
    st.builds(
        Term, st.just("kind"), st.sampled_from(["rpc", "rpc.cast", "db", "log"]), st.booleans()
    ),
    st.builds(Term, st.just("state"), st.sampled_from(["active", "spawning"]), st.booleans()),
    st.builds(
        Term, st.just("time"), st.sampled_from([">1", "<=0.5", "0..1", ".1.."]), st.booleans()
    ),
)


@given(st.lists(terms).map(tuple).map(Query))
@example(Query((Term("", '-a "b\\'), Term("server", "\\"), Term("", "kind:rpc"))))
def test_text_and_query_are_two_forms_of_one_thing(query):
    assert Query.parse(str(query)) == query


asked = st.one_of(
    terms,
    st.builds(Term, st.just("server"), st.sampled_from(["web", "db 1", "store"])),
    st.builds(Term, st.just("to"), st.sampled_from(["compute", "conductor", "nova-scheduler"])),
    st.builds(Term, st.just(""), st.sampled_from(["web", "asks", "compute1"])),
)


@given(term=asked)
def test_a_part_and_its_opposite_share_out_all_events(cloud, term):
    opposite = Term(term.key, term.value, not term.negated)
    found, others = (set(matching(cloud.journal, Query((one,)))) for one in (term, opposite))
    assert found | others == set(range(len(cloud.journal)))
    assert not found & others


@given(first=asked, second=asked)
def test_all_parts_have_to_hold(cloud, first, second):
    each = [set(matching(cloud.journal, Query((one,)))) for one in (first, second)]
    assert set(matching(cloud.journal, Query((first, second)))) == each[0] & each[1]


class TestPicking:
    def test_the_conductors_cast_to_compute(self, cloud):
        found = picked(cloud, "service:nova-conductor kind:rpc.cast to:compute")
        assert [event.data["method"] for event in found] == ["build_and_run_instance"] * 2

    @pytest.mark.parametrize(
        "to", ["compute", "compute1", "compute.compute1", "nova-compute", "nova-compute@compute1"]
    )
    def test_a_message_goes_to_a_topic_a_host_and_a_service(self, cloud, to):
        found = picked(cloud, f"kind:rpc.cast to:{to}")
        assert found
        assert {event.data["topic"] for event in found} == {"compute"}

    def test_a_reply_goes_to_who_asked(self, cloud):
        found = picked(cloud, "kind:rpc.reply method:select_destinations to:nova-conductor")
        assert len(found) == 2

    def test_a_service_goes_by_its_kind_its_name_and_its_host(self, cloud):
        every = {event.actor for event in picked(cloud, "service:nova-compute")}
        assert every == {"nova-compute@compute1", "nova-compute@compute2"}
        for text in ("service:@compute1", "service:nova-compute@compute1"):
            assert {event.actor for event in picked(cloud, text)} == {"nova-compute@compute1"}

    def test_a_kind_ends_at_a_dot(self, cloud):
        assert {event.kind for event in picked(cloud, "kind:rpc")} == {
            "rpc.call",
            "rpc.cast",
            "rpc.reply",
        }
        assert {event.kind for event in picked(cloud, "kind:input")} == {"input"}

    def test_what_the_broker_does_with_a_message_has_its_method(self, cloud):
        found = picked(cloud, "kind:amqp method:select_destinations to:scheduler")
        assert {event.kind for event in found} >= {"amqp.publish", "amqp.deliver", "amqp.ack"}

    def test_a_server_is_in_its_rows_its_messages_and_its_requests(self, cloud):
        web = cloud.servers["web"]
        found = picked(cloud, "server:web")
        assert {event.kind for event in found} >= {
            "http.request",
            "rpc.cast",
            "db.insert",
            "virt.call",
        }
        assert found == picked(cloud, f"server:{web.id[:8]}") == picked(cloud, f"server:{web.id}")
        guests = {event.data["instance"] for event in found if event.kind == "virt.step"}
        assert guests == {web.id}

    def test_a_server_keeps_the_name_that_it_had(self, cloud):
        assert picked(cloud, 'server:"db 1"') == picked(cloud, "server:store") != []

    def test_states_are_those_written(self, cloud):
        assert [event.data["after"]["vm_state"] for event in picked(cloud, "state:stopped")] == [
            "stopped"
        ]
        assert len(picked(cloud, "state:spawning")) == 2

    def test_a_table_with_and_without_its_database(self, cloud):
        rows = picked(cloud, "table:nova_cell1.instances")
        assert rows == [event for event in cloud.journal if event.data.get("table") == "instances"]
        assert picked(cloud, "table:instances") == rows
        assert picked(cloud, "table:nova_api.instances") == []

    def test_times_are_in_seconds_and_ends_belong(self, cloud):
        moment = next(event.time for event in cloud.journal if event.time > 0.2)
        assert picked(cloud, f"time:{moment!r}..{moment!r}")[0].time == moment
        assert all(event.time > moment for event in picked(cloud, f"time:>{moment!r}"))

    def test_a_word_is_looked_for_in_the_sentence(self, cloud):
        found = picked(cloud, '"SCHEDULER ASKS placement"')
        assert found
        for event in found:
            assert "The scheduler asks Placement" in story.sentence(cloud.journal, event.seq)

    def test_after_a_renaming_sentences_are_looked_through_anew(self):
        cloud = Cloud(hosts=1)
        server = cloud.boot("old-name")
        cloud.run()
        boot = '"active" state:active new-name'
        assert picked(cloud, boot) == []
        cloud.request("PUT", f"/v2.1/servers/{server.id}", {"server": {"name": "new-name"}})
        cloud.run()
        assert len(picked(cloud, boot)) == 1

    def test_only_the_given_steps_are_looked_at(self, cloud):
        steps = cloud.steps()
        found = matching(cloud.journal, Query.parse("kind:rpc"), steps)
        assert found == [seq for seq in steps if cloud.journal[seq].kind.startswith("rpc.")]

    def test_a_matcher_goes_on_with_the_run(self):
        cloud = Cloud(hosts=1)
        meant = Query.parse("server:web state:active").matcher(cloud.journal)
        assert not any(map(meant, cloud.journal))
        cloud.boot("web")
        cloud.run()
        assert sum(map(meant, cloud.journal)) == 1


class TestMenus:
    def test_what_there_is_to_choose(self, cloud):
        offered = choices(cloud.journal)
        assert offered["server"] == ["store", "web"]
        assert offered["request"][0].endswith("boot server web, flavor m1.small, image cirros.")
        assert "nova-compute" in offered["service"]
        assert "build_and_run_instance" in offered["method"]

    def test_each_choice_picks_events(self, cloud):
        for key, offered in choices(cloud.journal).items():
            for one in offered:
                value = one.split()[0] if key == "request" else one
                assert matching(cloud.journal, Query((Term(key, value),))), f"{key}:{value}"

    def test_they_are_the_same_in_the_same_run(self, cloud):
        assert choices(cloud.fork().journal) == choices(cloud.journal)

    def test_a_menu_is_bounded(self, hand):
        for number in range(500):
            hand(f"service{number}", "service.start")
        assert len(choices(hand.journal)["service"]) == 200

    @pytest.mark.parametrize(
        ("text", "doubt"),
        [
            (
                "service:nova-condutor",
                "unknown service 'nova-condutor': did you mean 'nova-conductor'?",
            ),
            ("-server:wbe", "unknown server 'wbe': did you mean 'web'?"),
            ("table:instanc", "unknown table 'instanc': did you mean 'instances'?"),
            ("host:compute9", "unknown host 'compute9': did you mean 'compute2'?"),
        ],
    )
    def test_a_value_that_nothing_has_is_doubted(self, cloud, text, doubt):
        assert Query.parse(text).doubts(cloud.journal) == [doubt]

    def test_of_what_there_is_nothing_is_doubted(self, cloud):
        text = 'server:"db 1" service:@compute1 table:nova_cell1.instances method:build_ request:req- word'
        assert Query.parse(text).doubts(cloud.journal) == []
