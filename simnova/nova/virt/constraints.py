"""What flavor and image ask of a host together, and where they contradict each other (`nova/virt/hardware.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simnova.nova import exception
from simnova.nova.virt.cpu_spec import parse_cpu_spec

if TYPE_CHECKING:
    from simnova.nova.objects.flavor import Flavor
    from simnova.nova.objects.image_meta import ImageMeta

SOUND_MODELS = ("sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "virtio")
ENCRYPTION_FORMATS = ("plain", "luks", "luksv2")
TPM_VERSIONS = ("1.2", "2.0")
TPM_MODELS = ("tpm-tis", "tpm-crb")
SECURE_BOOT = ("required", "disabled", "optional")
MAXPHYSADDR_MODES = ("passthrough", "emulate")
CPU_POLICIES = ("dedicated", "shared", "mixed")
THREAD_POLICIES = ("prefer", "isolate", "require")
EMULATOR_POLICIES = ("share", "isolate")
PCI_NUMA_POLICIES = ("required", "legacy", "preferred", "socket")
MEM_ENCRYPTION_TRAITS = {
    "amd-sev": "HW_CPU_X86_AMD_SEV",
    "amd-sev-es": "HW_CPU_X86_AMD_SEV_ES",
    "amd-sev-snp": "HW_CPU_X86_AMD_SEV_SNP",
}
_TRUE = ("1", "t", "true", "on", "y", "yes")


def both(
    key: str, flavor: Flavor, image: ImageMeta, prefix: str = "hw"
) -> tuple[str | None, str | None]:
    """What the flavor says under `hw:key`, and the image under `hw_key`."""
    return flavor.extra_specs.get(f"{prefix}:{key}"), image.get_property(f"{prefix}_{key}")


def unique(key: str, flavor: Flavor, image: ImageMeta, prefix: str = "hw") -> str | None:
    """What one of them says; raises `FlavorImageConflict` where they say different things."""
    asked, has = both(key, flavor, image, prefix)
    if has and asked and has != asked:
        raise exception.FlavorImageConflict(
            f"Flavor {flavor.name} has {prefix}:{key} extra spec explicitly set to {asked}, "
            f"conflicting with image {image.name} which has {prefix}_{key} explicitly set to {has}."
        )
    return asked or has


def switch(key: str, flavor: Flavor, image: ImageMeta) -> bool:
    """A property that is on or off; raises `FlavorImageConflict`."""
    asked, has = (_bool(value) for value in both(key, flavor, image))
    if asked is not None and has is not None and asked != has:
        raise exception.FlavorImageConflict(
            f"Flavor {flavor.name} has hw:{key} extra spec explicitly set to {asked}, conflicting "
            f"with image {image.name} which has hw_{key} explicitly set to {has}."
        )
    return bool(asked or has)


def is_true(value: Any) -> bool:
    """Whether a text means yes."""
    return str(value).strip().lower() in _TRUE


def _bool(value: Any) -> bool | None:
    return None if value is None else is_true(value)


def one_of(value: str | None, allowed: tuple[str, ...], what: str) -> str | None:
    """The value, if it is allowed or absent; raises `Invalid`."""
    if value and value not in allowed:
        raise exception.Invalid(f"Invalid {what} {value!r}. Allowed values: {', '.join(allowed)}.")
    return value


def get_packed_virtqueue_constraint(flavor: Flavor, image: ImageMeta) -> bool:
    """Whether packed virtqueues are wanted."""
    return switch("virtio_packed_ring", flavor, image)


def get_ephemeral_encryption_constraint(flavor: Flavor, image: ImageMeta) -> bool:
    """Whether ephemeral disks are to be encrypted."""
    return switch("ephemeral_encryption", flavor, image)


def get_ephemeral_encryption_format(flavor: Flavor, image: ImageMeta) -> str | None:
    """How they are to be encrypted."""
    found = unique("ephemeral_encryption_format", flavor, image)
    return one_of(found, ENCRYPTION_FORMATS, "ephemeral encryption format")


def get_sound_model(flavor: Flavor, image: ImageMeta) -> str | None:
    """The sound device that is wanted."""
    return one_of(unique("sound_model", flavor, image), SOUND_MODELS, "sound device model")


def get_vtpm_constraint(flavor: Flavor, image: ImageMeta) -> tuple[str, str] | None:
    """The version and model of the TPM that is wanted."""
    version = one_of(unique("tpm_version", flavor, image), TPM_VERSIONS, "TPM version")
    if version is None:
        return None
    model = one_of(unique("tpm_model", flavor, image), TPM_MODELS, "TPM model") or "tpm-tis"
    if model == "tpm-crb" and version != "2.0":
        raise exception.Invalid("TPM model CRB is only valid with TPM version 2.0.")
    return version, model


def get_secure_boot_constraint(flavor: Flavor, image: ImageMeta) -> str | None:
    """Whether UEFI secure boot is required, optional or off."""
    found = unique("secure_boot", flavor, image, "os")
    return one_of(found, SECURE_BOOT, "secure boot policy")


def get_maxphysaddr_mode(flavor: Flavor, image: ImageMeta) -> str | None:
    """How many bits physical addresses have: as the host's, or emulated."""
    return one_of(unique("maxphysaddr_mode", flavor, image), MAXPHYSADDR_MODES, "Maxphyaddr mode")


def get_mem_encryption_model(flavor: Flavor, image: ImageMeta) -> str | None:
    """How the processor is to encrypt the server's memory, if at all: a key of `MEM_ENCRYPTION_TRAITS`."""
    if not switch("mem_encryption", flavor, image):
        return None
    found = unique("mem_encryption_model", flavor, image)
    model = one_of(found, tuple(MEM_ENCRYPTION_TRAITS), "memory encryption model") or "amd-sev"
    if image.get_property("hw_firmware_type") != "uefi":
        raise exception.FlavorImageConflict(
            f"Memory encryption is requested by {_requesters(flavor, image)} but the image metadata doesn't have the "
            "'hw_firmware_type' property set to 'uefi'"
        )
    return model


def _requesters(flavor: Flavor, image: ImageMeta) -> str:
    asked, has = (_bool(value) for value in both("mem_encryption", flavor, image))
    said = [f"hw:mem_encryption extra spec in {flavor.name} flavor"] if asked else []
    said += [f"hw_mem_encryption property of image {image.id or '<no-id>'}"] if has else []
    return " and ".join(said)


def get_pci_numa_policy_constraint(flavor: Flavor, image: ImageMeta) -> str | None:
    """How near PCI devices must be to the server's NUMA nodes."""
    asked, has = both("pci_numa_affinity_policy", flavor, image)
    if asked and has and asked != has:
        raise exception.ImagePCINUMAPolicyForbidden()
    if (asked or has) and (asked or has) not in PCI_NUMA_POLICIES:
        raise exception.InvalidPCINUMAAffinity(policy=asked or has)
    return asked or has


def get_cpu_policy_constraint(flavor: Flavor, image: ImageMeta) -> str | None:
    """Whether CPUs are dedicated, shared, or some of each."""
    asked, has = both("cpu_policy", flavor, image)
    for policy, source in ((asked, "flavor extra specs"), (has, "image properties")):
        if policy and policy not in CPU_POLICIES:
            raise exception.InvalidCPUAllocationPolicy(
                source=source, requested=policy, available=str(CPU_POLICIES)
            )
    forbidden = {"mixed": ("dedicated",), "shared": ("mixed", "dedicated")}
    if has in forbidden.get(asked or "", ()):
        raise exception.ImageCPUPinningForbidden()
    return asked or has


def get_cpu_thread_policy_constraint(flavor: Flavor, image: ImageMeta) -> str | None:
    """Whether a dedicated CPU may, must or must not share its core."""
    asked, has = both("cpu_thread_policy", flavor, image)
    for policy, source in ((asked, "flavor extra specs"), (has, "image properties")):
        if policy and policy not in THREAD_POLICIES:
            raise exception.InvalidCPUThreadAllocationPolicy(
                source=source, requested=policy, available=str(THREAD_POLICIES)
            )
    if asked not in (None, "prefer") and has and has != asked:
        raise exception.ImageCPUThreadPolicyForbidden()
    return asked or has


def get_emulator_thread_policy_constraint(flavor: Flavor) -> str | None:
    """Whether the emulator's threads get a CPU of their own."""
    policy = flavor.extra_specs.get("hw:emulator_threads_policy")
    if policy and policy not in EMULATOR_POLICIES:
        raise exception.InvalidEmulatorThreadsPolicy(
            requested=policy, available=str(EMULATOR_POLICIES)
        )
    return policy or None


def get_dedicated_cpu_constraint(flavor: Flavor) -> set[int]:
    """The CPUs of the server that are dedicated where the policy is `mixed`."""
    mask = flavor.extra_specs.get("hw:cpu_dedicated_mask", "").strip()
    if not mask:
        return set()
    cpus = _masked(mask, flavor)
    if not cpus or not set(range(flavor.vcpus)) - cpus:
        raise exception.InvalidMixedInstanceDedicatedMask()
    if not cpus <= set(range(flavor.vcpus)):
        raise exception.InvalidMixedInstanceDedicatedMask(
            "Mixed instance dedicated vCPU(s) mask is not a subset of vCPUs in the flavor. "
            'See "hw:cpu_dedicated_mask"'
        )
    return cpus


def _masked(mask: str, flavor: Flavor) -> set[int]:
    everything = f"0-{flavor.vcpus - 1}," if mask.startswith("^") else ""
    return set(parse_cpu_spec(everything + mask))


def get_realtime_cpu_constraint(flavor: Flavor, image: ImageMeta) -> set[int]:
    """The CPUs of the server that run in real time; the image's mask comes before the flavor's."""
    if not _bool(flavor.extra_specs.get("hw:cpu_realtime")):
        return set()
    asked, has = both("cpu_realtime_mask", flavor, image)
    every = set(range(flavor.vcpus))
    mask = (has or asked or "").strip()
    cpus = _masked(mask, flavor) if mask else every
    if not cpus or (cpus == every and not get_emulator_thread_policy_constraint(flavor)):
        raise exception.RealtimeMaskNotFoundOrInvalid()
    if not cpus <= every:
        raise exception.RealtimeMaskNotFoundOrInvalid(
            "Realtime policy vCPU(s) mask is configured with RT vCPUs that are not a subset of the "
            "vCPUs in the flavor. See hw:cpu_realtime_mask or hw_cpu_realtime_mask"
        )
    return cpus
