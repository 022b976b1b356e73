"""Nova's errors about what flavor, image and request filters ask for (`nova/exception.py`)."""

from __future__ import annotations

from simnova.exceptions import NovaError


class FlavorImageConflict(NovaError):
    """Flavor and image ask for different things."""

    msg_fmt = (
        "Conflicting values for %(setting)s found in the flavor (%(flavor_val)s) and the image "
        "(%(image_val)s)."
    )
    code = 400


class ImageCPUPinningForbidden(NovaError):
    """The image asks for more than the flavor's CPU policy lets it."""

    msg_fmt = (
        "Image property 'hw_cpu_policy' is not permitted to override CPU pinning policy set "
        "against the flavor"
    )
    code = 403


class ImageCPUThreadPolicyForbidden(NovaError):
    """The image asks for another CPU thread policy than the flavor."""

    msg_fmt = (
        "Image property 'hw_cpu_thread_policy' is not permitted to override CPU thread pinning "
        "policy set against the flavor"
    )
    code = 403


class ImagePCINUMAPolicyForbidden(NovaError):
    """The image asks for another PCI NUMA affinity than the flavor."""

    msg_fmt = (
        "Image property 'hw_pci_numa_affinity_policy' is not permitted to override the "
        "'hw:pci_numa_affinity_policy' flavor extra spec."
    )
    code = 403


class InvalidCPUAllocationPolicy(NovaError):
    """No such CPU policy."""

    msg_fmt = (
        "CPU policy requested from '%(source)s' is invalid, given: '%(requested)s', available: "
        "'%(available)s'."
    )
    code = 400


class InvalidCPUThreadAllocationPolicy(NovaError):
    """No such CPU thread policy."""

    msg_fmt = (
        "CPU thread policy requested from '%(source)s' is invalid, given: '%(requested)s', "
        "available: '%(available)s'."
    )
    code = 400


class InvalidEmulatorThreadsPolicy(NovaError):
    """No such policy for the emulator's threads."""

    msg_fmt = (
        "CPU emulator threads option requested is invalid, given: '%(requested)s', available: "
        "'%(available)s'."
    )
    code = 400


class InvalidMixedInstanceDedicatedMask(NovaError):
    """With the policy `mixed` some CPUs must be dedicated, and some not."""

    msg_fmt = (
        "Mixed instance must have at least 1 pinned vCPU and 1 unpinned vCPU. "
        "See 'hw:cpu_dedicated_mask'."
    )
    code = 400


class InvalidPCINUMAAffinity(NovaError):
    """No such PCI NUMA affinity."""

    msg_fmt = "Invalid PCI NUMA affinity configured: %(policy)s"
    code = 400


class RealtimeMaskNotFoundOrInvalid(NovaError):
    """With CPUs in real time some must be left for the rest, or the emulator's threads be elsewhere."""

    msg_fmt = (
        "Use of realtime CPUs requires either one or more non-realtime CPU(s) or offloaded "
        "emulator threads."
    )
    code = 400


class RequestFilterFailed(NovaError):
    """A request filter finds that the request cannot be satisfied."""

    msg_fmt = "Scheduling failed: %(reason)s"
