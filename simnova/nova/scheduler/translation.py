"""Extra specs and image properties that become resources and traits (`ResourceRequest._translate_*` of Nova)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from simnova.nova.log import getLogger
from simnova.nova.virt import constraints

if TYPE_CHECKING:
    from simnova.nova.objects.flavor import Flavor
    from simnova.nova.objects.image_meta import ImageMeta

LOG = getLogger("nova.scheduler.utils")


class Group(Protocol):
    """A request group, the one without a suffix."""

    def add_resource(self, name: str, amount: str | int) -> None:
        """Ask for an amount of a class."""
        ...

    def add_trait(self, name: str, value: str) -> None:
        """Ask for or against a trait."""
        ...


def translate_pinning_policies(group: Group, flavor: Flavor, image: ImageMeta) -> str | None:
    """Dedicated CPUs are PCPUs; one more for the emulator's threads where they are isolated. Returns the policy."""
    policy = constraints.get_cpu_policy_constraint(flavor, image)
    threads = constraints.get_cpu_thread_policy_constraint(flavor, image)
    emulator = constraints.get_emulator_thread_policy_constraint(flavor)
    if policy in ("dedicated", "mixed"):
        group.add_resource("PCPU", _pcpus(group, policy, flavor, image) + (emulator == "isolate"))
        if emulator == "isolate":
            LOG.debug("Adding additional %s to account for emulator threads", "PCPU")
    value = {"isolate": "forbidden", "require": "required"}.get(threads or "")
    if value:
        LOG.debug(
            "Adding %(trait)s=%(value)s trait", {"trait": "HW_CPU_HYPERTHREADING", "value": value}
        )
        group.add_trait("HW_CPU_HYPERTHREADING", value)
    return policy


def _pcpus(group: Group, policy: str, flavor: Flavor, image: ImageMeta) -> int:
    if policy == "mixed":
        dedicated = constraints.get_dedicated_cpu_constraint(flavor)
        pcpus = len(dedicated or constraints.get_realtime_cpu_constraint(flavor, image))
        group.add_resource("VCPU", flavor.vcpus - pcpus)
        return pcpus
    LOG.debug(
        "Translating request for %(vcpu)s=%(pcpus)d to %(vcpu)s=0,%(pcpu)s=%(pcpus)d",
        {"vcpu": "VCPU", "pcpu": "PCPU", "pcpus": flavor.vcpus},
    )
    return flavor.vcpus


def translate_devices(group: Group, flavor: Flavor, image: ImageMeta) -> None:
    """Memory encryption, persistent memory, TPM, PCI affinity, secure boot, address bits and firmware."""
    _mem_encryption(group, flavor, image)
    _vpmems(group, flavor)
    _vtpm(group, flavor, image)
    if constraints.get_pci_numa_policy_constraint(flavor, image) == "socket":
        _require(
            group,
            "COMPUTE_SOCKET_PCI_NUMA_AFFINITY",
            "Requiring 'socket' PCI NUMA affinity support via trait %s.",
        )
    if constraints.get_secure_boot_constraint(flavor, image) == "required":
        _require(
            group,
            "COMPUTE_SECURITY_UEFI_SECURE_BOOT",
            "Requiring secure boot support via trait %s.",
        )
    mode = constraints.get_maxphysaddr_mode(flavor, image)
    if mode:
        trait = "PASSTHROUGH" if mode == "passthrough" else "EMULATED"
        text = "Requiring maxphysaddr support via trait %s."
        _require(group, f"COMPUTE_ADDRESS_SPACE_{trait}", text)
    _stateless_firmware(group, image)


def _require(group: Group, trait: str, text: str) -> None:
    group.add_trait(trait, "required")
    LOG.debug(text, trait)


def _mem_encryption(group: Group, flavor: Flavor, image: ImageMeta) -> None:
    model = constraints.get_mem_encryption_model(flavor, image)
    if model is None:
        return
    group.add_resource("MEM_ENCRYPTION_CONTEXT", 1)
    LOG.debug("Added %s=1 to requested resources", "MEM_ENCRYPTION_CONTEXT")
    trait = constraints.MEM_ENCRYPTION_TRAITS[model]
    group.add_trait(trait, "required")
    LOG.debug("Requiring memory encryption model %s via trait %s", model, trait)


def _vpmems(group: Group, flavor: Flavor) -> None:
    amounts: dict[str, int] = {}
    for label in flavor.extra_specs.get("hw:pmem", "").split(","):
        if label:
            name = "CUSTOM_PMEM_NAMESPACE_" + re.sub("[^0-9A-Z]+", "_", label.upper())
            amounts[name] = amounts.get(name, 0) + 1
    for name, amount in amounts.items():
        group.add_resource(name, amount)
        LOG.debug("Added resource %s=%d to requested resources", name, amount)


def _vtpm(group: Group, flavor: Flavor, image: ImageMeta) -> None:
    wanted = constraints.get_vtpm_constraint(flavor, image)
    if wanted is None:
        return
    version = "2_0" if wanted[0] == "2.0" else "1_2"
    model = "CRB" if wanted[1] == "tpm-crb" else "TIS"
    for trait in (model, version):
        group.add_trait(f"COMPUTE_SECURITY_TPM_{trait}", "required")
    LOG.debug(
        "Requiring emulated TPM support via trait %s and %s.",
        f"COMPUTE_SECURITY_TPM_{version}",
        f"COMPUTE_SECURITY_TPM_{model}",
    )


def _stateless_firmware(group: Group, image: ImageMeta) -> None:
    properties = image.known_properties()
    if properties.get("hw_firmware_stateless") is None:
        return
    if properties.get("hw_firmware_type") != "uefi":
        LOG.warning(
            "The image property 'hw_firmware_stateless' is set for non UEFI firmware type. This "
            "property is ignored."
        )
    elif properties["hw_firmware_stateless"]:
        group.add_trait("COMPUTE_SECURITY_STATELESS_FIRMWARE", "required")
