"""Placement: every answer as the real one's, and nothing is ever oversold."""

import json
import re
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from simnova.placement.app import Placement

from .conftest import Neighbours, host_inventory

DATA = Path(__file__).parent / "data"
RECORDED = [
    json.loads(line) for line in (DATA / "placement_answers.jsonl").read_text().splitlines()
]


def comparable(body):
    """An answer without what may differ: request ids, the order of sets, how jsonschema shows a whole schema."""
    text = re.sub(r"req-[0-9a-f-]*", "req-", json.dumps(body))
    text = re.sub(r"  Failed validating .*?(?=\", \"(code|request_id))", "", text)
    body = json.loads(text)
    if not isinstance(body, dict):
        return body
    for error in body.get("errors", ()):
        error["detail"] = error["detail"].strip()
    for summary in body.get("provider_summaries", {}).values():
        summary["traits"].sort()
    for name in ("allocation_requests", "traits"):
        if name in body:
            body[name] = sorted(body[name], key=json.dumps)
    return body


def test_every_answer_is_that_of_the_real_placement(placement):
    for recorded in RECORDED:
        version = f"placement {recorded['version']}"
        answer = placement.ask(
            "placement",
            recorded["method"],
            recorded["path"],
            recorded["sent"],
            OpenStack_API_Version=version,
        )
        asked = f"{recorded['method']} {recorded['path']} {recorded['version']} {recorded['sent']}"
        assert answer.status == recorded["status"], asked
        assert comparable(answer.body) == comparable(recorded["body"]), asked


def uuid(number: int, kind: int = 0) -> str:
    return f"{kind:08d}-0000-4000-8000-{number:012d}"


def ask(neighbours, method, path, body=None, version="1.36"):
    return neighbours.ask(
        "placement", method, path, body, OpenStack_API_Version=f"placement {version}"
    )


def make_hosts(neighbours, count, **sizes):
    for number in range(1, count + 1):
        rp = uuid(number)
        ask(neighbours, "POST", "/resource_providers", {"uuid": rp, "name": f"host{number}"})
        body = {"resource_provider_generation": 0, "inventories": host_inventory(**sizes)}
        assert ask(neighbours, "PUT", f"/resource_providers/{rp}/inventories", body)


def allocation(generation, *hosts, **amounts):
    return {
        "allocations": {uuid(host): {"resources": amounts} for host in hosts},
        "project_id": "p",
        "user_id": "u",
        "consumer_generation": generation,
    }


def candidates(neighbours, query):
    answer = ask(neighbours, "GET", f"/allocation_candidates?{query}")
    return [next(iter(request["allocations"])) for request in answer.body["allocation_requests"]]


def test_candidates_come_in_the_order_in_which_the_providers_were_made_and_limit_cuts(placement):
    make_hosts(placement, 5)
    assert candidates(placement, "resources=VCPU:1") == [uuid(n) for n in range(1, 6)]
    assert candidates(placement, "resources=VCPU:1&limit=2") == [uuid(1), uuid(2)]
    answer = ask(placement, "GET", "/allocation_candidates?resources=VCPU:1&limit=2")
    assert list(answer.body["provider_summaries"]) == [uuid(1), uuid(2)]


def test_a_full_provider_is_no_candidate(placement):
    make_hosts(placement, 2, memory_mb=2048)
    body = allocation(None, 1, MEMORY_MB=1536)
    assert ask(placement, "PUT", f"/allocations/{uuid(1, 1)}", body).status == 204
    assert candidates(placement, "resources=MEMORY_MB:1") == [uuid(2)]
    assert candidates(placement, "resources=MEMORY_MB:1536") == [uuid(2)]
    assert candidates(placement, "resources=MEMORY_MB:1537") == []


def test_a_refused_request_for_two_hosts_leaves_nothing_behind(placement):
    make_hosts(placement, 2)
    before = placement.usage()
    body = allocation(None, 1, VCPU=1)
    body["allocations"][uuid(2)] = {"resources": {"VCPU": 9}}
    answer = ask(placement, "PUT", f"/allocations/{uuid(1, 1)}", body)
    assert answer.status == 409
    assert "would violate inventory constraints" in answer.body["errors"][0]["detail"]
    assert placement.usage() == before
    assert placement.sql("SELECT * FROM placement.consumers") == []


def test_the_standard_names_are_there_from_the_start_and_not_in_the_journal(placement):
    rows = placement.sql("SELECT name FROM placement.traits WHERE name LIKE 'OWNER%'")
    assert [row["name"] for row in rows] == ["OWNER_CYBORG", "OWNER_NOVA"]
    assert placement.kinds("db.insert") == []


def test_names_survive_a_restart_of_the_service(placement):
    ask(placement, "PUT", "/traits/CUSTOM_GOLD")
    placement.clock.stop(placement.services["placement"])
    placement.services["placement"] = placement.clock.start("placement")
    placement.rest.serve(
        placement.services["placement"],
        Placement(placement.clock, placement.databases["placement"]),
    )
    assert ask(placement, "GET", "/traits/CUSTOM_GOLD").status == 204


def test_the_database_says_what_a_claim_changed(placement):
    make_hosts(placement, 1)
    start = len(placement.clock.journal)
    ask(placement, "PUT", f"/allocations/{uuid(1, 1)}", allocation(None, 1, VCPU=1, MEMORY_MB=512))
    written = [
        (event.kind, event.data["table"])
        for event in list(placement.clock.journal)[start:]
        if event.kind.startswith("db.")
    ]
    assert written == [
        ("db.insert", "projects"),
        ("db.insert", "users"),
        ("db.insert", "consumers"),
        ("db.insert", "allocations"),
        ("db.insert", "allocations"),
        ("db.update", "resource_providers"),
        ("db.update", "consumers"),
    ]


AMOUNTS = st.fixed_dictionaries(
    {"VCPU": st.integers(1, 10)},
    optional={"MEMORY_MB": st.integers(1, 3000), "DISK_GB": st.integers(1, 40)},
)


class PlacementMachine(RuleBasedStateMachine):
    """Claims, moves, removals and changes of inventory, with fresh and with stale generations."""

    consumers = Bundle("consumers")
    hosts = st.integers(1, 3)

    def __init__(self):
        super().__init__()
        self.neighbours = Neighbours().serve("placement")
        make_hosts(self.neighbours, 3, vcpus=8, memory_mb=4096, disk_gb=50)
        self.used: dict[tuple[str, str], int] = {}
        self.generations: dict[str, int] = {}
        self.count = 0
        self.over: set[tuple[str, str]] = set()

    def ask(self, *args):
        return ask(self.neighbours, *args)

    def consumer_generation(self, consumer):
        return self.ask("GET", f"/allocations/{consumer}").body.get("consumer_generation")

    @rule(target=consumers)
    def a_server(self):
        self.count += 1
        return uuid(self.count, 1)

    @rule(consumer=consumers, host=hosts, amounts=AMOUNTS)
    def claim(self, consumer, host, amounts):
        body = allocation(self.consumer_generation(consumer), host, **amounts)
        assert self.ask("PUT", f"/allocations/{consumer}", body).status in (204, 409)

    @rule(consumer=consumers, one=hosts, other=hosts, amounts=AMOUNTS)
    def claim_both_hosts(self, consumer, one, other, amounts):
        body = allocation(self.consumer_generation(consumer), one, other, **amounts)
        assert self.ask("PUT", f"/allocations/{consumer}", body).status in (204, 409)

    @rule(consumer=consumers, host=hosts, amounts=AMOUNTS, stale=st.integers(1, 3))
    def a_stale_generation_changes_nothing(self, consumer, host, amounts, stale):
        before = self.neighbours.usage()
        body = allocation((self.consumer_generation(consumer) or 0) + stale, host, **amounts)
        answer = self.ask("PUT", f"/allocations/{consumer}", body)
        assert answer.status == 409
        assert answer.body["errors"][0]["code"] == "placement.concurrent_update"
        assert self.neighbours.usage() == before

    @rule(host=hosts)
    def the_last_megabyte_can_be_had_and_one_more_cannot(self, host):
        shown = self.ask("GET", f"/resource_providers/{uuid(host)}/usages").body
        free = 4096 - 512 - shown["usages"]["MEMORY_MB"]
        self.count += 1
        server = uuid(self.count, 1)
        too_much = allocation(None, host, MEMORY_MB=free + 1)
        assert self.ask("PUT", f"/allocations/{server}", too_much).status == 409
        assert uuid(host) not in candidates(self.neighbours, f"resources=MEMORY_MB:{free + 1}")
        if free:
            assert uuid(host) in candidates(self.neighbours, f"resources=MEMORY_MB:{free}")
            just_so = allocation(None, host, MEMORY_MB=free)
            assert self.ask("PUT", f"/allocations/{server}", just_so).status == 204
            assert self.ask("DELETE", f"/allocations/{server}").status == 204

    @rule(source=consumers, to=consumers)
    def move(self, source, to):
        held = self.ask("GET", f"/allocations/{source}").body
        if source == to or not held["allocations"]:
            return
        before = {(r["uuid"], r["resource_class_id"]): r["used"] for r in self.neighbours.usage()}
        free = not self.ask("GET", f"/allocations/{to}").body["allocations"]
        who = {"project_id": "p", "user_id": "u"}
        body = {
            source: {"allocations": {}, **who, "consumer_generation": held["consumer_generation"]},
            to: {
                "allocations": held["allocations"],
                **who,
                "consumer_generation": self.consumer_generation(to),
            },
        }
        answer = self.ask("POST", "/allocations", body)
        assert answer.status in (204, 409)
        after = {(r["uuid"], r["resource_class_id"]): r["used"] for r in self.neighbours.usage()}
        if answer.status == 204 and free:
            assert after == before
        if answer.status == 409:
            assert after == before

    @rule(consumer=consumers)
    def delete(self, consumer):
        held = self.ask("GET", f"/allocations/{consumer}").body["allocations"]
        answer = self.ask("DELETE", f"/allocations/{consumer}")
        assert answer.status == (204 if held else 404)

    @rule(host=hosts, vcpus=st.integers(1, 12), fresh=st.booleans())
    def change_inventory(self, host, vcpus, fresh):
        rp = uuid(host)
        shown = self.ask("GET", f"/resource_providers/{rp}/inventories").body
        generation = shown["resource_provider_generation"] + (0 if fresh else 1)
        inventories = host_inventory(vcpus=vcpus, memory_mb=4096, disk_gb=50)
        body = {"resource_provider_generation": generation, "inventories": inventories}
        answer = self.ask("PUT", f"/resource_providers/{rp}/inventories", body)
        assert answer.status == (200 if fresh else 409)
        if not fresh:
            assert self.ask("GET", f"/resource_providers/{rp}/inventories").body == shown

    @rule(vcpus=st.integers(1, 8), memory=st.integers(1, 4096))
    def candidates_are_those_that_a_claim_would_find_room_on(self, vcpus, memory):
        query = f"resources=VCPU:{vcpus},MEMORY_MB:{memory}"
        found = candidates(self.neighbours, query)
        for host in (uuid(1), uuid(2), uuid(3)):
            body = allocation(None, VCPU=vcpus, MEMORY_MB=memory)
            body["allocations"] = {host: {"resources": {"VCPU": vcpus, "MEMORY_MB": memory}}}
            probe = uuid(999, 9)
            fits = self.ask("PUT", f"/allocations/{probe}", body).status == 204
            assert fits == (host in found)
            if fits:
                self.ask("DELETE", f"/allocations/{probe}")

    @invariant()
    def nothing_is_oversold(self):
        """Used only ever grows within (total - reserved) * ratio; what was over may only shrink."""
        rows = self.neighbours.usage()
        for row in rows:
            key = row["uuid"], row["resource_class_id"]
            capacity = (row["total"] - row["reserved"]) * row["allocation_ratio"]
            assert row["used"] <= max(capacity, self.used.get(key, 0))
        self.used = {(row["uuid"], row["resource_class_id"]): row["used"] for row in rows}

    @invariant()
    def generations_only_grow(self):
        for row in self.neighbours.usage():
            assert row["generation"] >= self.generations.get(row["uuid"], 0)
            self.generations[row["uuid"]] = row["generation"]

    @invariant()
    def a_consumer_exists_as_long_as_it_uses_something(self):
        sql = self.neighbours.sql
        known = {row["uuid"] for row in sql("SELECT uuid FROM placement.consumers")}
        using = {
            row["c"] for row in sql("SELECT DISTINCT consumer_id c FROM placement.allocations")
        }
        assert known == using


PlacementMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TestPlacementMachine = PlacementMachine.TestCase
