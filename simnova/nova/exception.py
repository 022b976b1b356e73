"""Nova's own errors, by its names and in its words (`nova/exception.py`), in alphabetical order."""

from __future__ import annotations

from simnova.exceptions import NovaError
from simnova.nova.api_exception import *  # noqa: F403
from simnova.nova.instance_exception import *  # noqa: F403
from simnova.nova.move_exception import *  # noqa: F403
from simnova.nova.neighbour_exception import *  # noqa: F403 (Nova has all its errors in one module)
from simnova.nova.request_exception import *  # noqa: F403


class BuildAbortException(NovaError):
    """A build that another host would not save: no reschedule."""

    msg_fmt = "Build of instance %(instance_uuid)s aborted: %(reason)s"


class BuildRequestNotFound(NovaError):
    """The build request is gone: the user deleted the server while it was being scheduled."""

    msg_fmt = "BuildRequest not found for instance %(uuid)s"
    code = 404


class CellMappingNotFound(NovaError):
    """No cell of that name or UUID."""

    msg_fmt = "Cell %(uuid)s has no mapping."
    code = 404


class ComputeHostMetricNotFound(NovaError):
    """A metric that is to be weighed is not reported."""

    msg_fmt = "Metric %(name)s could not be found on the compute host node %(host)s.%(node)s."
    code = 404


class ComputeHostNotFound(NovaError):
    """No compute node of that host."""

    msg_fmt = "Compute host %(host)s could not be found."
    code = 404


class ComputeResourcesUnavailable(NovaError):
    """The claim on a host failed; the build is tried elsewhere."""

    msg_fmt = "Insufficient compute resources: %(reason)s."


class FlavorDiskSmallerThanMinDisk(NovaError):
    """The flavor's disk is below what the image asks for."""

    msg_fmt = (
        "Flavor's disk is smaller than the minimum size specified in image metadata. "
        "Flavor disk is %(flavor_size)i bytes, minimum size is %(image_min_disk)i bytes."
    )
    code = 400


class FlavorDiskSmallerThanImage(NovaError):
    """The flavor's disk is smaller than the image."""

    msg_fmt = (
        "Flavor's disk is too small for requested image. Flavor disk is %(flavor_size)i bytes, "
        "image is %(image_size)i bytes."
    )
    code = 400


class FlavorExists(NovaError):
    """A flavor of that name exists already."""

    msg_fmt = "Flavor with name %(name)s already exists."
    code = 409


class FlavorIdExists(NovaError):
    """A flavor of that id exists already."""

    msg_fmt = "Flavor with ID %(flavor_id)s already exists."
    code = 409


class FlavorMemoryTooSmall(NovaError):
    """The flavor's memory is below what the image asks for."""

    msg_fmt = "Flavor's memory is too small for requested image."
    code = 400


class FlavorNotFound(NovaError):
    """No flavor of that id."""

    msg_fmt = "Flavor %(flavor_id)s could not be found."
    code = 404


class HostMappingExists(NovaError):
    """The host has been mapped meanwhile."""

    msg_fmt = "Host '%(name)s' mapping already exists"
    code = 400


class HostMappingNotFound(NovaError):
    """The host belongs to no cell yet (`nova-manage cell_v2 discover_hosts` was not run)."""

    msg_fmt = "Host '%(name)s' is not mapped to any cell"
    code = 404


class NovaException(NovaError):
    """A failure that has no class of its own; the text is all there is."""

    def __init__(self, message: str) -> None:
        super().__init__(message=message)


class HypervisorUnavailable(NovaError):
    """The hypervisor cannot be reached, or does not answer."""

    msg_fmt = "Connection to the hypervisor is broken on host"


class ImageNotActive(NovaError):
    """The image has no data yet, or no more."""

    msg_fmt = "Image %(image_id)s is not active."
    code = 400


class InstanceExists(NovaError):
    """The hypervisor has a guest of that name or UUID already."""

    msg_fmt = "Instance %(name)s already exists."


class InstanceInvalidState(NovaError):
    """The operation is not allowed in the server's present state."""

    msg_fmt = "Instance %(instance_uuid)s in %(attr)s %(state)s. Cannot %(method)s while the instance is in this state."
    code = 409


class InstanceMappingNotFound(NovaError):
    """The API knows no such server."""

    msg_fmt = "Instance %(uuid)s has no mapping to a cell."
    code = 404


class InstanceNotFound(NovaError):
    """No server of that id (here)."""

    msg_fmt = "Instance %(instance_id)s could not be found."
    code = 404


class InternalError(NovaError):
    """Something the hypervisor says went wrong, in its own words."""

    msg_fmt = "%(err)s"


class Invalid(NovaError):
    """The request is not acceptable."""

    msg_fmt = "Bad Request - Invalid Parameters"
    code = 400


class InvalidArchitectureName(Invalid):
    """No processor architecture of that name."""

    msg_fmt = "Architecture name '%(arch)s' is not recognised"


class InvalidHypervisorVirtType(Invalid):
    """No virtualization type of that name."""

    msg_fmt = "Hypervisor virtualization type '%(hv_type)s' is not recognised"


class InvalidNUMANodesNumber(Invalid):
    """Not a number of NUMA nodes."""

    msg_fmt = "The property 'numa_nodes' cannot be '%(nodes)s'. It must be a number greater than 0"


class ImageNUMATopologyAsymmetric(Invalid):
    """CPUs or memory cannot be shared out evenly."""

    msg_fmt = (
        "Instance CPUs and/or memory cannot be evenly distributed across instance NUMA nodes. "
        "Explicit assignment of CPUs and memory to nodes is required"
    )


class ImageNUMATopologyCPUDuplicates(Invalid):
    """Two nodes have the same CPU."""

    msg_fmt = "CPU number %(cpunum)d is assigned to two nodes"


class ImageNUMATopologyCPUOutOfRange(Invalid):
    """A node has a CPU that the flavor has not."""

    msg_fmt = "CPU number %(cpunum)d is larger than max %(cpumax)d"


class ImageNUMATopologyCPUsUnassigned(Invalid):
    """The flavor has CPUs that no node has."""

    msg_fmt = "CPU number %(cpuset)s is not assigned to any node"


class ImageNUMATopologyForbidden(NovaError):
    """Flavor and image both say how many nodes."""

    msg_fmt = "Image property '%(name)s' is not permitted to override NUMA configuration set against the flavor"
    code = 403


class ImageNUMATopologyIncomplete(Invalid):
    """Some nodes are given CPUs and memory, others not."""

    msg_fmt = "CPU and memory allocation must be provided for all NUMA nodes"


class ImageNUMATopologyMemoryOutOfRange(Invalid):
    """The nodes' memory is not the flavor's."""

    msg_fmt = "%(memsize)d MB of memory assigned, but expected %(memtotal)d MB"


class InvalidVirtualMachineMode(Invalid):
    """No way to run a guest of that name."""

    msg_fmt = "Virtual machine mode '%(vmmode)s' is not recognised"


class MaxRetriesExceeded(NovaError):
    """All hosts that were allowed to try have failed to build the server."""

    msg_fmt = "Exceeded maximum number of retries. %(reason)s"


class NoValidHost(NovaError):
    """No host can take the server."""

    msg_fmt = "No valid host was found. %(reason)s"


class ObjectActionError(NovaError):
    """An object was asked for something that its state does not allow."""

    msg_fmt = "Object action %(action)s failed because: %(reason)s"


class PciDeviceRequestFailed(NovaError):
    """The host has not the devices that are asked for."""

    msg_fmt = "PCI device request %(requests)s failed"


class PciInvalidAlias(NovaError):
    """An alias in `[pci]` is not as it has to be."""

    msg_fmt = "Invalid PCI alias definition: %(reason)s"
    code = 400


class PciRequestAliasNotDefined(NovaError):
    """A flavor names an alias that the configuration has not."""

    msg_fmt = "PCI alias %(alias)s is not defined"
    code = 400


class RescheduledException(NovaError):
    """The build failed on this host; another one may try."""

    msg_fmt = "Build of instance %(instance_uuid)s was re-scheduled: %(reason)s"


class RescheduledByPolicyException(RescheduledException):
    """The same because of the server's group, for which the host can do nothing."""


class SchedulerHostFilterNotFound(NovaError):
    """`enabled_filters` names a filter that there is not: the scheduler does not start."""

    msg_fmt = "Scheduler Host Filter %(filter_name)s could not be found."


class ServiceUnavailable(NovaError):
    """A service that is needed does not answer."""

    msg_fmt = "Service is unavailable at this time."
    code = 503


class UnexpectedTaskStateError(NovaError):
    """Somebody else changed the server's task in the meantime: the compare-and-swap found another state."""

    msg_fmt = (
        "Conflict updating instance %(instance_uuid)s. Expected: %(expected)s. Actual: %(actual)s"
    )


class UnexpectedDeletingTaskStateError(UnexpectedTaskStateError):
    """The same, where the server is being deleted: whoever works on it stops."""


class ValidationError(Invalid):
    """A request body does not fit its schema."""

    msg_fmt = "%(detail)s"
