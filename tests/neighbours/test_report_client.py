"""The report client: the requests that real Nova sends to Placement, and what it does when they fail."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from simnova.nova import exception
from simnova.nova.scheduler.claims import Claims
from simnova.nova.scheduler.resource_request import ResourceRequest

from .conftest import host_inventory

RECORDED = {
    recorded["operation"]: recorded["placement"]
    for line in (Path(__file__).parent / "data" / "placement_requests.jsonl")
    .read_text()
    .splitlines()
    for recorded in [json.loads(line)]
}
SERVER, MIGRATION = "5e7e0000-0000-4000-8000-000000000001", "a1900000-0000-4000-8000-000000000002"
TRAITS = ["COMPUTE_NODE", "OWNER_NOVA"]
TINY = {"DISK_GB": 1, "MEMORY_MB": 512, "VCPU": 1}
SMALL = {"DISK_GB": 20, "MEMORY_MB": 2048, "VCPU": 1}


@pytest.fixture
def hosts(placement, client, context):
    """Three hosts that have reported to Placement; their provider UUIDs."""
    uuids = [f"40570000-0000-4000-8000-{number:012d}" for number in (1, 2, 3)]
    for number, rp in enumerate(uuids, 1):
        placement.do(
            client.update_compute_node(context, rp, f"host{number}", host_inventory(), TRAITS)
        )
    return uuids


def asked(resources):
    request = ResourceRequest(1000, ["OWNER_NOVA"], ["COMPUTE_STATUS_DISABLED"])
    request.get_request_group().resources = dict(resources)
    return request


class Steps:
    """What Nova's services do with Placement in an operation, by the methods that they call."""

    def __init__(self, client, context, hosts):
        self.client, self.context, self.hosts = client, context, hosts

    async def schedule(self, host, resources=TINY):
        found = await self.client.get_allocation_candidates(self.context, asked(resources))
        request = next(r for r in found.allocation_requests if self.hosts[host] in r["allocations"])
        return await self.claim(request, found.version)

    async def claim(self, request, version):
        who = self.context.project_id, self.context.user_id
        return await self.client.claim_resources(self.context, SERVER, request, *who, version)

    async def look(self, consumer=SERVER):
        return await self.client.get_allocations_for_consumer(self.context, consumer)

    async def audit(self, host):
        rp = self.hosts[host]
        return await self.client.get_allocations_for_resource_provider(self.context, rp)

    async def delete(self, consumer=SERVER, **how):
        return await self.client.delete_allocation_for_instance(self.context, consumer, **how)

    async def move(self):
        return await self.client.move_allocations(self.context, SERVER, MIGRATION)


async def create(do):
    await do.schedule(2)
    await do.look()
    await do.audit(2)
    await do.look()


async def no_valid_host(do):
    found = await do.client.get_allocation_candidates(
        do.context, asked({**TINY, "MEMORY_MB": 100000000})
    )
    assert found.allocation_requests == []


async def first_host_fails(do):
    await create(do)
    await do.audit(2)
    await do.look()
    await do.delete(force=True)
    alternate = {"allocations": {do.hosts[1]: {"resources": TINY}}, "mappings": {"": [do.hosts[1]]}}
    assert await do.claim(alternate, "1.36")
    await do.look()
    await do.audit(1)
    await do.look()


async def resize(do):
    await do.look()
    assert await do.move()
    await do.schedule(1, SMALL)
    await do.look()
    await do.audit(1)
    await do.look()
    await do.look()


async def confirm_resize(do):
    await do.audit(2)
    await do.look(MIGRATION)
    assert await do.delete(MIGRATION, consumer_type="migration")


async def evacuate(do):
    await do.schedule(1, SMALL)
    await do.look()
    await do.audit(1)
    await do.look()


async def shelve_offload(do):
    assert await do.delete(force=True)
    await do.audit(2)


async def delete(do):
    assert await do.delete(force=True)


async def on_host3(do):
    await do.schedule(2)


async def on_host3_small(do):
    await do.schedule(2, SMALL)


async def resized(do):
    await do.schedule(2)
    await do.move()


OPERATIONS = {
    "create": (None, create),
    "create: no valid host": (None, no_valid_host),
    "create: first host fails, rescheduled to an alternate": (None, first_host_fails),
    "resize": (on_host3, resize),
    "confirmResize": (resized, confirm_resize),
    "evacuate (host forced down)": (on_host3_small, evacuate),
    "shelveOffload": (on_host3, shelve_offload),
    "delete": (on_host3, delete),
}


def alike(requests):
    """Requests with ids by the order in which they first occur, without the generations of providers."""
    names: dict[str, str] = {}

    def name(text):
        return names.setdefault(text, f"id{len(names)}")

    def body(value, key=""):
        if isinstance(value, dict):
            return {
                name(k) if k.count("-") == 4 else k: body(v, k)
                for k, v in value.items()
                if k != "generation"
            }
        if isinstance(value, list):
            return [body(item) for item in value]
        if key in ("project_id", "user_id"):
            return key
        return name(value) if isinstance(value, str) and value.count("-") == 4 else value

    def path(text):
        return "/".join(name(part) if part.count("-") == 4 else part for part in text.split("/"))

    return [
        (r["method"], path(r["path"]), r["query"], r["status"], body(r["body"])) for r in requests
    ]


def sent(neighbours, start):
    events = [e for e in list(neighbours.clock.journal)[start:] if e.kind.startswith("http.")]
    answers = {e.data["id"]: e.data["status"] for e in events if e.kind == "http.response"}
    return [
        {
            **e.data,
            "body": json.loads(e.data["body"]) if e.data["body"] else None,
            "status": answers[e.data["id"]],
        }
        for e in events
        if e.kind == "http.request"
    ]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_requests_of_an_operation_are_those_that_real_nova_sent(
    operation, placement, client, context, hosts
):
    before, work = OPERATIONS[operation]
    steps = Steps(client, context, hosts)
    if before:
        placement.do(before(steps))
    start = len(placement.clock.journal)
    placement.do(work(steps))
    recorded = [
        {
            "method": r["m"],
            "path": r["url"],
            "query": r["q"],
            "status": r["status"],
            "body": r["body"],
        }
        for r in RECORDED[operation]
    ]
    assert alike(sent(placement, start)) == alike(recorded)


def test_every_request_of_a_recording_has_an_operation_here():
    assert set(RECORDED) == set(OPERATIONS)


def test_a_new_host_is_made_known_in_as_many_requests_as_it_takes(placement, client, context):
    rp = "40570000-0000-4000-8000-000000000001"
    placement.do(client.update_compute_node(context, rp, "host1", host_inventory(), TRAITS))
    assert [
        (r["method"], r["path"].replace(rp, "RP"), r["status"]) for r in sent(placement, 0)
    ] == [
        ("GET", "/resource_providers", 200),
        ("POST", "/resource_providers", 200),
        ("PUT", "/resource_providers/RP/inventories", 200),
        ("GET", "/traits", 200),
        ("PUT", "/resource_providers/RP/traits", 200),
    ]


def test_a_host_that_has_not_changed_sends_nothing_until_its_cache_is_old(
    placement, client, context, hosts
):
    start = len(placement.clock.journal)
    update = client.update_compute_node
    placement.do(update(context, hosts[0], "host1", host_inventory(), TRAITS))
    assert sent(placement, start) == []
    placement.clock.advance(301)
    placement.do(update(context, hosts[0], "host1", host_inventory(), TRAITS))
    assert [r["path"].rsplit("/", 1)[-1] for r in sent(placement, start)] == [
        "resource_providers",
        "inventories",
        "aggregates",
        "traits",
    ]


def test_a_stale_view_of_the_own_provider_is_read_again(placement, client, context, hosts):
    """Somebody else (the API, disabling the service) has changed the traits: 409, refresh, success."""
    rp = hosts[0]
    other = type(client)(placement.rest)

    async def disable():
        traits, generation = await other.get_provider_traits(context, rp)
        await other.get_provider_tree_and_ensure_root(context, rp)
        wanted = traits | {"COMPUTE_STATUS_DISABLED"}
        await other.set_traits_for_provider(context, rp, wanted, generation)

    placement.do(disable())
    start = len(placement.clock.journal)
    bigger = host_inventory(vcpus=16)
    placement.do(client.update_compute_node(context, rp, "host1", bigger, TRAITS))
    statuses = [r["status"] for r in sent(placement, start) if r["method"] == "PUT"]
    assert statuses == [409, 200]
    shown = placement.do(other.get_provider_traits(context, rp))
    assert shown.traits == {*TRAITS, "COMPUTE_STATUS_DISABLED"}


def test_candidates_stay_packed_and_are_what_the_text_says(placement, client, context, hosts):
    found = placement.do(client.get_allocation_candidates(context, asked(TINY)))
    [answer] = [e for e in placement.kinds("http.response") if "candidates" in e["path"]]
    body = json.loads(answer["body"])
    assert list(found.allocation_requests) == body["allocation_requests"]
    assert dict(found.provider_summaries) == body["provider_summaries"]
    packed = Claims(found.allocation_requests)
    parsed = Claims(body["allocation_requests"])
    assert list(packed.counts) == list(parsed.counts) == hosts
    assert [packed.of(rp) for rp in hosts] == [parsed.of(rp) for rp in hosts]
    assert packed.of("elsewhere") == parsed.of("elsewhere") == []


def test_what_a_filter_does_to_a_hosts_candidates_stays_there(placement, client, context, hosts):
    claims = Claims(
        placement.do(client.get_allocation_candidates(context, asked(TINY))).allocation_requests
    )
    claims.of(hosts[0])[0]["mappings"].clear()
    claims.of(hosts[0]).clear()
    assert [len(each["mappings"]) for each in claims.of(hosts[0])] == [1]


def test_a_claim_that_does_not_fit_is_false_and_logged(placement, client, context, hosts):
    request = {"allocations": {hosts[0]: {"resources": {"VCPU": 9}}}}
    steps = Steps(client, context, hosts)
    assert placement.do(steps.claim(request, "1.36")) is False
    [warning] = [e for e in placement.kinds("log") if e["level"] == "WARNING"]
    assert warning["message"].startswith(f"Failed to save allocation for {SERVER}. Got HTTP 409:")


def test_two_schedulers_race_for_the_last_place_and_one_loses(placement, client, context, hosts):
    request = {"allocations": {hosts[0]: {"resources": {"MEMORY_MB": 15000}}}}
    rivals = [f"5e7e0000-0000-4000-8000-00000000001{n}" for n in (1, 2)]
    tasks = [
        placement.clock.spawn(
            client.claim_resources(context, rival, request, "p", "u", "1.36"),
            service=placement.clock.start(f"nova-scheduler{number}"),
        )
        for number, rival in enumerate(rivals)
    ]
    placement.clock.advance(1)
    assert sorted(task.outcome for task in tasks) == [False, True]


class Refusing:
    """Placement's app, but the first PUTs of allocations are refused as if somebody had been faster."""

    def __init__(self, app, times, detail):
        self.app, self.times, self.detail = app, times, detail

    async def answer(self, request):
        from simnova.placement.errors import CONCURRENT_UPDATE, conflict

        if request.method in ("PUT", "POST") and "allocations" in request.path and self.times:
            self.times -= 1
            return self.app.fault(request, conflict(self.detail, CONCURRENT_UPDATE))
        return await self.app.answer(request)


PROVIDERS_CHANGED = (
    "Inventory and/or allocations changed while attempting to allocate: Another thread concurrently "
    "updated the resource provider data. Please retry your update"
)


def refuse(placement, times, detail=PROVIDERS_CHANGED):
    service = placement.services["placement"]
    placement.rest.serve(service, Refusing(placement.apps["placement"], times, detail))


@pytest.mark.parametrize(("times", "claimed"), [(1, True), (3, True), (4, False)])
def test_a_claim_is_tried_four_times_while_providers_change(
    times, claimed, placement, client, context, hosts
):
    refuse(placement, times)
    request = {"allocations": {hosts[0]: {"resources": TINY}}}
    steps = Steps(client, context, hosts)
    assert placement.do(steps.claim(request, "1.36")) is claimed
    errors = [e["message"] for e in placement.kinds("log") if e["level"] == "ERROR"]
    given_up = ["Failed scheduler client operation claim_resources: out of retries"]
    assert errors == ([] if claimed else given_up)


def test_a_claim_is_not_tried_again_when_the_consumer_has_changed(
    placement, client, context, hosts
):
    refuse(placement, 1, "consumer generation conflict - expected 2 but got 1")
    request = {"allocations": {hosts[0]: {"resources": TINY}}}
    with pytest.raises(
        exception.AllocationUpdateFailed, match="another process changed the consumer"
    ):
        placement.do(Steps(client, context, hosts).claim(request, "1.36"))


def test_a_move_fails_when_a_consumer_has_changed(placement, client, context, hosts):
    steps = Steps(client, context, hosts)
    placement.do(steps.schedule(0))
    refuse(placement, 1, "consumer generation conflict - expected 2 but got 1")
    with pytest.raises(exception.AllocationMoveFailed, match="Failed to move allocations"):
        placement.do(steps.move())


def test_placement_is_down(placement, client, context, hosts):
    placement.clock.stop(placement.services["placement"])
    steps = Steps(client, context, hosts)
    found = placement.do(client.get_allocation_candidates(context, asked(TINY)))
    assert found == (None, None, None)
    request = {"allocations": {hosts[0]: {"resources": TINY}}}
    assert placement.do(steps.claim(request, "1.36")) is False
    assert placement.do(steps.look()) is None
    assert placement.do(steps.delete(force=True)) is None
    messages = [e["message"] for e in placement.kinds("log") if e["level"] == "WARNING"]
    assert messages[0] == "Placement API service is not responding."
    with pytest.raises(exception.PlacementAPIConnectFailure):
        placement.do(client.put_allocations(context, SERVER, {}))


def test_what_a_delete_of_nothing_says(placement, client, context, hosts):
    steps = Steps(client, context, hosts)
    assert placement.do(steps.delete(force=True)) is False
    assert placement.do(steps.delete()) is False


def test_a_host_joins_and_leaves_an_aggregate(placement, client, context, hosts):
    aggregate = "a9900000-0000-4000-8000-000000000001"

    async def aggregates():
        return (await client.get_provider_aggregates(context, hosts[1])).aggregates

    placement.do(client.aggregate_add_host(context, aggregate, "host2"))
    assert placement.do(aggregates()) == {aggregate}
    placement.do(client.aggregate_remove_host(context, aggregate, "host2"))
    assert placement.do(aggregates()) == set()
    with pytest.raises(
        exception.ResourceProviderNotFound, match="No such resource provider nohost"
    ):
        placement.do(client.aggregate_add_host(context, aggregate, "nohost"))


def test_inventory_in_use_cannot_be_taken_away(placement, client, context, hosts):
    placement.do(Steps(client, context, hosts).schedule(0))
    fresh = type(client)(placement.rest)
    placement.do(fresh.get_provider_tree_and_ensure_root(context, hosts[0]))
    with pytest.raises(exception.InventoryInUse, match="Inventory for 'VCPU, MEMORY_MB, DISK_GB'"):
        placement.do(fresh.set_inventory_for_provider(context, hosts[0], {}))


def test_the_usages_that_quotas_count(placement, client, context, hosts):
    placement.do(Steps(client, context, hosts).schedule(0))
    count = client.get_usages_counts_for_quota(context, context.project_id, context.user_id)
    used = {"cores": 1, "ram": 512}
    assert placement.do(count) == {"project": used, "user": used}


def test_a_custom_class_and_trait_are_made_when_a_host_first_has_them(placement, client, context):
    rp = "40570000-0000-4000-8000-000000000009"
    inventory = {**host_inventory(), "CUSTOM_GPU": {"total": 2}}
    placement.do(
        client.update_compute_node(context, rp, "gpu", inventory, [*TRAITS, "CUSTOM_FAST"])
    )
    request = SimpleNamespace(to_querystring=lambda: "resources=CUSTOM_GPU:1&required=CUSTOM_FAST")
    found = placement.do(client.get_allocation_candidates(context, request))
    assert [list(r["allocations"]) for r in found.allocation_requests] == [[rp]]
