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


class BadRequirementEmulatorThreadsPolicy(NovaError):
    """The emulator's threads are to be isolated, but no CPU is dedicated."""

    msg_fmt = "An isolated CPU emulator threads option requires a dedicated CPU policy option."
    code = 400


class CPUThreadPolicyConfigurationInvalid(NovaError):
    """A thread policy needs CPUs that are dedicated."""

    msg_fmt = "Cannot set cpu thread pinning policy in a non dedicated cpu pinning policy"
    code = 400


class FlavorImageLockedMemoryConflict(NovaError):
    """Flavor and image do not agree on whether memory is locked."""

    msg_fmt = (
        "locked_memory value in image (%(image)s) and flavor (%(flavor)s) conflict. A consistent value is expected "
        "if both specified."
    )
    code = 400


class LockMemoryForbidden(NovaError):
    """Memory is locked in pages of a size only."""

    msg_fmt = "locked_memory value in image or flavor is forbidden when mem_page_size is not set."
    code = 400


class MemoryPageSizeForbidden(NovaError):
    """The image asks for pages that the flavor does not allow."""

    msg_fmt = "Page size %(pagesize)s forbidden against '%(against)s'"
    code = 400


class MemoryPageSizeInvalid(NovaError):
    """No size of a page."""

    msg_fmt = "Invalid memory page size '%(pagesize)s'"
    code = 400


class RealtimeConfigurationInvalid(NovaError):
    """CPUs in real time must be dedicated."""

    msg_fmt = "Cannot set realtime policy in a non dedicated cpu pinning policy"
    code = 400


class RequiredMixedInstancePolicy(NovaError):
    """A mask of dedicated CPUs needs the policy `mixed`."""

    msg_fmt = "Cannot specify 'hw:cpu_dedicated_mask' without the 'mixed' policy."
    code = 400


class RequiredMixedOrRealtimeCPUMask(NovaError):
    """The policy `mixed` needs one mask of CPUs."""

    msg_fmt = (
        "Dedicated CPU set can be specified from either 'hw:cpu_dedicated_mask' or 'hw:cpu_realtime_mask' when "
        "using 'mixed' CPU policy. 'hw:cpu_dedicated_mask' and 'hw:cpu_realtime_mask' can not be specified at the "
        "same time, or be specified with none of them."
    )
    code = 400
