"""What Nova's request filters and extra specs make of a request before Placement is asked."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest

from simnova import Cloud
from simnova.nova import exception
from simnova.nova.context import RequestContext, target_cell
from simnova.nova.objects.cell_mapping import CellMapping
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.scheduler import request_filter
from simnova.nova.scheduler.resource_request import ResourceRequest

MINE, OTHERS = "a9900000-0000-4000-8000-000000000001", "a9900000-0000-4000-8000-000000000002"


def spec(extra: dict[str, str] | None = None, image: dict[str, Any] | None = None) -> RequestSpec:
    flavor = Flavor(name="f", vcpus=4, memory_mb=2048, root_gb=10, extra_specs=extra or {})
    return RequestSpec(
        instance_uuid="first",
        project_id="demo",
        flavor=flavor,
        image=ImageMeta(name="i", properties=image or {}),
    )


class Asked:
    """A cloud of one host, whose request filters work on a request."""

    def __init__(self, **options: Any) -> None:
        self.cloud = Cloud(hosts=1, config={"scheduler": options})

    def aggregate(self, uuid: str, **metadata: str) -> None:
        def work(tx: Any) -> None:
            row = tx.insert("aggregates", uuid=uuid, name=uuid)
            for key, value in metadata.items():
                tx.insert(
                    "aggregate_metadata",
                    aggregate_id=row["id"],
                    key=key.replace("__", ":"),
                    value=value,
                )

        self.cloud.assembly.databases["nova_api"].run(work)

    def do(self, work: Any) -> Any:
        clock = self.cloud.clock
        task = clock.spawn(work, service=clock.start("nova-scheduler"))
        while task.is_alive:
            clock.step()
        return task.outcome

    def process(self, request: RequestSpec) -> RequestSpec:
        assert self.refusal(request) is None
        return request

    def refusal(self, request: RequestSpec) -> exception.RequestFilterFailed | None:
        place = self.cloud.assembly.onlooker()
        context = RequestContext(user_id="u", project_id="demo", place=place)

        async def work() -> exception.RequestFilterFailed | None:
            try:
                conf = self.cloud.assembly.conf
                await request_filter.process_reqspec(context, request, conf)
            except exception.RequestFilterFailed as error:
                return error
            return None

        refusal: exception.RequestFilterFailed | None = self.do(work())
        return refusal

    def logs(self, level: str) -> list[str]:
        events = [event.data for event in self.cloud.journal if event.kind == "log"]
        return [event["message"] for event in events if event["level"] == level]


ALWAYS = ["OWNER_NOVA"]


def test_what_every_request_gets() -> None:
    found = Asked().process(spec())
    assert found.root_required == ALWAYS
    assert found.root_forbidden == ["COMPUTE_STATUS_DISABLED"]
    assert found.requested_destination is None


def test_the_filters_run_in_novas_order() -> None:
    assert [each.__name__ for each in request_filter.ALL_REQUEST_FILTERS] == [
        "require_tenant_aggregate",
        "map_az_to_placement_aggregate",
        "require_image_type_support",
        "compute_status_filter",
        "isolate_aggregates",
        "transform_image_metadata",
        "accelerators_filter",
        "packed_virtqueue_filter",
        "ephemeral_encryption_filter",
        "virtio_sound_filter",
        "tpm_secret_security_filter",
        "owner_nova_filter",
    ]


@pytest.mark.parametrize(
    ("extra", "image", "traits"),
    [
        ({"accel:device_profile": "gpu"}, {}, ["COMPUTE_ACCELERATORS"]),
        ({"hw:virtio_packed_ring": "true"}, {}, ["COMPUTE_NET_VIRTIO_PACKED"]),
        ({}, {"hw_virtio_packed_ring": "yes"}, ["COMPUTE_NET_VIRTIO_PACKED"]),
        ({"hw:ephemeral_encryption": "1"}, {}, ["COMPUTE_EPHEMERAL_ENCRYPTION"]),
        (
            {"hw:ephemeral_encryption": "1"},
            {"hw_ephemeral_encryption_format": "luks"},
            ["COMPUTE_EPHEMERAL_ENCRYPTION", "COMPUTE_EPHEMERAL_ENCRYPTION_LUKS"],
        ),
        ({"hw:sound_model": "virtio"}, {}, ["COMPUTE_SOUND_MODEL_VIRTIO"]),
        ({"hw:sound_model": "ich9"}, {}, []),
        ({"hw:tpm_version": "2.0"}, {}, ["COMPUTE_SECURITY_TPM_SECRET_SECURITY_USER"]),
        (
            {"hw:tpm_version": "2.0", "hw:tpm_secret_security": "host"},
            {},
            ["COMPUTE_SECURITY_TPM_SECRET_SECURITY_HOST"],
        ),
    ],
)
def test_what_flavor_and_image_ask_for_becomes_a_trait_of_the_host(
    extra: dict[str, str], image: dict[str, str], traits: list[str]
) -> None:
    assert Asked().process(spec(extra, image)).root_required == [*traits, *ALWAYS]


def test_the_images_format_is_asked_for_if_the_operator_wants_it() -> None:
    asked = Asked(query_placement_for_image_type_support=True)
    assert "COMPUTE_IMAGE_TYPE_QCOW2" in asked.process(spec()).root_required
    strange = spec()
    strange.image.disk_format = "floppy"
    assert asked.process(strange).root_required == ALWAYS
    assert asked.logs("ERROR") == [
        "Computed trait name 'COMPUTE_IMAGE_TYPE_FLOPPY' is not valid; is os-traits up to date?"
    ]


def test_devices_of_the_image_are_asked_for_if_the_operator_wants_it() -> None:
    image = {"hw_disk_bus": "scsi", "hw_vif_model": "spapr-vlan", "architecture": "x86_64"}
    assert Asked().process(spec(image=image)).root_required == ALWAYS
    asked = Asked(image_metadata_prefilter=True)
    assert asked.process(spec(image=image)).root_required == [
        "COMPUTE_STORAGE_BUS_SCSI",
        "COMPUTE_NET_VIF_MODEL_SPAPR_VLAN",
        "HW_ARCH_X86_64",
        *ALWAYS,
    ]


def test_one_device_that_no_trait_stands_for_takes_all_of_them_out() -> None:
    """As in Nova: its prefix for IOMMUs makes names that os-traits does not have."""
    asked = Asked(image_metadata_prefilter=True)
    image = {"hw_disk_bus": "scsi", "hw_viommu_model": "intel"}
    assert asked.process(spec(image=image)).root_required == ALWAYS


def test_a_project_is_kept_on_its_aggregates() -> None:
    asked = Asked(limit_tenants_to_placement_aggregate=True)
    asked.aggregate(MINE, filter_tenant_id2="demo")
    asked.aggregate(OTHERS, filter_tenant_id="others", owner="demo")
    destination = asked.process(spec()).requested_destination
    assert destination is not None
    assert destination.aggregates == [MINE]


def test_a_project_without_an_aggregate_is_refused_if_one_is_required() -> None:
    asked = Asked(
        limit_tenants_to_placement_aggregate=True, placement_aggregate_required_for_tenants=True
    )
    assert str(asked.refusal(spec())) == "Scheduling failed: No hosts available for tenant"
    assert asked.logs("WARNING") == ["Tenant demo has no available aggregates"]


def test_aggregates_that_require_a_trait_are_kept_from_who_does_not_ask_for_it() -> None:
    asked = Asked(enable_isolated_aggregate_filtering=True)
    asked.aggregate(MINE, trait__HW_CPU_X86_VMX="required")
    asked.aggregate(OTHERS, trait__HW_CPU_X86_SGX="required")
    found = asked.process(spec({"trait:HW_CPU_X86_VMX": "required"})).requested_destination
    assert found is not None
    assert found.forbidden_aggregates == [OTHERS]


def test_a_zone_becomes_its_aggregates() -> None:
    asked = Asked()
    asked.aggregate(MINE, availability_zone="east")
    asked.aggregate(OTHERS, availability_zone="west")
    request = spec()
    request.availability_zone = "east"
    found = asked.process(request).requested_destination
    assert found is not None
    assert found.aggregates == [MINE]


def test_old_computes_do_not_mark_their_providers() -> None:
    asked = Asked()
    asked.cloud.run(until=60)

    async def age() -> None:
        place = asked.cloud.assembly.onlooker()
        context = RequestContext(user_id="u", project_id="p", place=place)
        for cell in await CellMapping.get_all(context):
            database = target_cell(context, cell).cell_db
            await database.update("services", {"binary": "nova-compute"}, {"version": 70})

    asked.do(age())
    assert asked.process(spec()).root_required == []
    assert asked.logs("WARNING")[-1] == (
        "OWNER_NOVA trait not added to scheduling request: not all nova-compute services are "
        "upgraded (min_version=70, need 73)."
    )


def query(extra: dict[str, str], image: dict[str, Any] | None = None) -> dict[str, str]:
    found = ResourceRequest.from_request_spec(spec(extra, image), None).to_querystring()
    return {key: " & ".join(values) for key, values in parse_qs(found).items()}


SIZES = "DISK_GB:10,MEMORY_MB:2048,VCPU:4"


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({}, {"resources": SIZES}),
        ({"resources:VCPU": "0"}, {"resources": "DISK_GB:10,MEMORY_MB:2048"}),
        ({"resources:DISK_GB": "5"}, {"resources": "DISK_GB:5,MEMORY_MB:2048,VCPU:4"}),
        ({"resources:VGPU": "1"}, {"resources": f"{SIZES},VGPU:1"}),
        ({"resources1:VGPU": "1"}, {"resources": SIZES, "resources1": "VGPU:1"}),
        (
            {"resources_A:VCPU": "4", "trait_A:CUSTOM_X": "required", "group_policy": "isolate"},
            {
                "resources": "DISK_GB:10,MEMORY_MB:2048",
                "resources_A": "VCPU:4",
                "required_A": "CUSTOM_X",
                "group_policy": "isolate",
            },
        ),
        (
            {"trait:HW_CPU_X86_VMX": "required", "trait:CUSTOM_X": "forbidden"},
            {"resources": SIZES, "required": "HW_CPU_X86_VMX,!CUSTOM_X"},
        ),
        ({"hw:cpu_policy": "dedicated"}, {"resources": "DISK_GB:10,MEMORY_MB:2048,PCPU:4"}),
        (
            {"hw:cpu_policy": "dedicated", "hw:emulator_threads_policy": "isolate"},
            {"resources": "DISK_GB:10,MEMORY_MB:2048,PCPU:5"},
        ),
        (
            {"hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "2-3"},
            {"resources": "DISK_GB:10,MEMORY_MB:2048,PCPU:2,VCPU:2"},
        ),
        (
            {
                "hw:cpu_policy": "mixed",
                "hw:cpu_realtime": "yes",
                "hw:cpu_realtime_mask": "^0",
            },
            {"resources": "DISK_GB:10,MEMORY_MB:2048,PCPU:3,VCPU:1"},
        ),
        (
            {"hw:cpu_policy": "dedicated", "hw:cpu_thread_policy": "isolate"},
            {
                "resources": "DISK_GB:10,MEMORY_MB:2048,PCPU:4",
                "required": "!HW_CPU_HYPERTHREADING",
            },
        ),
        (
            {"hw:tpm_version": "2.0", "hw:tpm_model": "tpm-crb"},
            {
                "resources": SIZES,
                "required": "COMPUTE_SECURITY_TPM_2_0,COMPUTE_SECURITY_TPM_CRB",
            },
        ),
        (
            {"os:secure_boot": "required"},
            {"resources": SIZES, "required": "COMPUTE_SECURITY_UEFI_SECURE_BOOT"},
        ),
        ({"hw:pmem": "6GB,6GB"}, {"resources": f"CUSTOM_PMEM_NAMESPACE_6GB:2,{SIZES}"}),
        ({"hw:pmem": "1.5GB"}, {"resources": f"CUSTOM_PMEM_NAMESPACE_1_5GB:1,{SIZES}"}),
    ],
)
def test_extra_specs_become_the_query(extra: dict[str, str], expected: dict[str, str]) -> None:
    assert query(extra) == expected


def test_memory_is_encrypted_under_uefi_only() -> None:
    encrypted = query({"hw:mem_encryption": "true"}, {"hw_firmware_type": "uefi"})
    assert encrypted == {
        "resources": "DISK_GB:10,MEMORY_MB:2048,MEM_ENCRYPTION_CONTEXT:1,VCPU:4",
        "required": "HW_CPU_X86_AMD_SEV",
    }
    with pytest.raises(exception.FlavorImageConflict, match="extra spec in f flavor but the image"):
        query({"hw:mem_encryption": "true"})


def test_a_trait_that_the_image_requires_joins_the_others() -> None:
    found = query({}, {"trait:CUSTOM_GOLD": "required", "trait:CUSTOM_TIN": "forbidden"})
    assert found == {"resources": SIZES, "required": "CUSTOM_GOLD"}


@pytest.mark.parametrize(
    ("extra", "image", "error"),
    [
        ({"hw:cpu_policy": "shared"}, {"hw_cpu_policy": "dedicated"}, "ImageCPUPinningForbidden"),
        ({"hw:cpu_policy": "some"}, {}, "InvalidCPUAllocationPolicy"),
        ({"hw:tpm_version": "3"}, {}, "Invalid"),
        ({"hw:mem_encryption": "1", "hw:mem_encryption_model": "rot13"}, {}, "Invalid"),
        (
            {"hw:cpu_policy": "mixed", "hw:cpu_realtime": "1"},
            {"hw_cpu_realtime_mask": "0-3"},
            "RealtimeMaskNotFoundOrInvalid",
        ),
        ({"hw:tpm_version": "2.0"}, {"hw_tpm_version": "1.2"}, "FlavorImageConflict"),
        ({"hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "0-9"}, {}, "InvalidMixed"),
    ],
)
def test_contradictions_are_refused_in_novas_words(
    extra: dict[str, str], image: dict[str, str], error: str
) -> None:
    with pytest.raises(exception.NovaError) as raised:
        query(extra, image)
    assert type(raised.value).__name__.startswith(error)


@pytest.mark.parametrize(
    ("extra", "warning"),
    [
        ({"resources:NOPE": "1"}, "Received an invalid ResourceClass 'NOPE' in extra_specs."),
        (
            {"resources:VGPU": "one"},
            "Resource amounts must be nonnegative integers. Received 'one'",
        ),
        (
            {"trait:CUSTOM_X": "wanted"},
            "Only (required, forbidden) traits are supported. Received 'wanted'.",
        ),
        (
            {"group_policy": "both"},
            "Invalid group_policy 'both'. Valid values are 'none' and 'isolate'.",
        ),
    ],
)
def test_broken_extra_specs_are_left_out_with_a_warning(
    extra: dict[str, str], warning: str
) -> None:
    asked = Asked()

    async def work() -> str:
        return ResourceRequest.from_request_spec(spec(extra), None).to_querystring()

    assert parse_qs(asked.do(work())) == {"resources": [SIZES]}
    assert asked.logs("WARNING") == [warning]
