"""Nova's errors about its neighbours, in its words; `simnova.nova.exception` has them too (`nova/exception.py`)."""

from __future__ import annotations

from simnova.exceptions import NovaError


class AllocationDeleteFailed(NovaError):
    """A consumer's allocations could not be taken away."""

    msg_fmt = "Failed to delete allocations for consumer %(consumer_uuid)s. Error: %(error)s"


class AllocationMoveFailed(NovaError):
    """Somebody changed a consumer while its allocations were being moved."""

    msg_fmt = (
        "Failed to move allocations from consumer %(source_consumer)s to consumer "
        "%(target_consumer)s. Error: %(error)s"
    )


class AllocationUpdateFailed(NovaError):
    """Somebody changed the consumer in the meantime."""

    msg_fmt = "Failed to update allocations for consumer %(consumer_uuid)s. Error: %(error)s"


class ConsumerAllocationRetrievalFailed(NovaError):
    """Placement did not say what a consumer uses."""

    msg_fmt = "Failed to retrieve allocations for consumer %(consumer_uuid)s: %(error)s"


class ExternalNetworkAttachForbidden(NovaError):
    """A user who is no administrator asked for an external network."""

    msg_fmt = "It is not allowed to create an interface on external network %(network_uuid)s"
    code = 403


class FixedIpAlreadyInUse(NovaError):
    """The address that was asked for belongs to another server."""

    msg_fmt = "Fixed IP address %(address)s is already in use on instance %(instance_uuid)s."


class FixedIpAssociatedWithMultipleInstances(NovaError):
    """Servers on networks that overlap have the same address."""

    msg_fmt = "More than one instance is associated with fixed IP address '%(address)s'."


class FixedIpNotFoundForAddress(NovaError):
    """No server has that address."""

    msg_fmt = "Fixed IP not found for address %(address)s."
    code = 404


class GlanceConnectionFailed(NovaError):
    """Glance does not answer."""

    msg_fmt = "Connection to glance host %(server)s failed: %(reason)s"


class ImageQuotaExceeded(NovaError):
    """Glance takes no more: its store is full, or a quota is reached."""

    msg_fmt = "Quota exceeded or out of space for image %(image_id)s in the image service."


class ImageBadRequest(NovaError):
    """Glance did not understand the request."""

    msg_fmt = "Request of image %(image_id)s got BadRequest response: %(response)s"
    code = 400


class ImageDeleteConflict(NovaError):
    """The image cannot be deleted now."""

    msg_fmt = "Conflict deleting image. Reason: %(reason)s."


class ImageNotAuthorized(NovaError):
    """The image is not for this user."""

    msg_fmt = "Not authorized for image %(image_id)s."


class ImageNotFound(NovaError):
    """No image of that id."""

    msg_fmt = "Image %(image_id)s could not be found."
    code = 404


class ImageUnacceptable(NovaError):
    """The image cannot be used for this."""

    msg_fmt = "Image %(image_id)s is unacceptable: %(reason)s"
    code = 400


class InterfaceAttachFailedNoNetwork(NovaError):
    """There is no network to attach to."""

    msg_fmt = (
        "No specific network was requested and none are available for project '%(project_id)s'."
    )
    code = 400


class InvalidInput(NovaError):
    """A value that makes no sense."""

    msg_fmt = "Invalid input received: %(reason)s"
    code = 400


class InvalidResourceClass(NovaError):
    """Placement does not take that resource class."""

    msg_fmt = "Resource class '%(resource_class)s' invalid."
    code = 400


class InventoryInUse(NovaError):
    """Inventory that is to go is in use."""

    msg_fmt = (
        "Inventory for '%(resource_class)s' on resource provider '%(resource_provider)s' invalid."
    )
    code = 400


class NetworkAmbiguous(NovaError):
    """Several networks fit and none was named."""

    msg_fmt = (
        "More than one possible network found. Specify network ID(s) to select which one(s)"
        " to connect to."
    )
    code = 400


class NetworkNotFound(NovaError):
    """No network of that id."""

    msg_fmt = "Network %(network_id)s could not be found."
    code = 404


class NetworkRequiresSubnet(NovaError):
    """A network without a subnet has no address to give."""

    msg_fmt = "Network %(network_uuid)s requires a subnet in order to boot instances on."
    code = 400


class NoMoreFixedIps(NovaError):
    """All addresses of a network are taken."""

    msg_fmt = "No fixed IP addresses available for network: %(net)s"


class PlacementAPIConnectFailure(NovaError):
    """Placement does not answer."""

    msg_fmt = "Unable to communicate with the Placement API."


class PortBindingFailed(NovaError):
    """Neutron could not bind the port on that host."""

    msg_fmt = "Binding failed for port %(port_id)s, please check neutron logs for more information."
    code = 400


class PortInUse(NovaError):
    """The port belongs to a server already."""

    msg_fmt = "Port %(port_id)s is still in use."
    code = 400


class PortLimitExceeded(NovaError):
    """The project's quota of ports is used up."""

    msg_fmt = "Maximum number of ports exceeded"
    code = 413


class PortNotFound(NovaError):
    """No port of that id."""

    msg_fmt = "Port id %(port_id)s could not be found."
    code = 404


class PortNotUsable(NovaError):
    """The port belongs to another project."""

    msg_fmt = "Port %(port_id)s not usable for instance %(instance)s."
    code = 400


class PortRequiresFixedIP(NovaError):
    """A port without an address cannot be used."""

    msg_fmt = "Port %(port_id)s requires a FixedIP in order to be used."
    code = 400


class ResourceProviderAggregateRetrievalFailed(NovaError):
    """Placement did not say in which aggregates a provider is."""

    msg_fmt = "Failed to get aggregates for resource provider with UUID %(uuid)s"


class ResourceProviderAllocationRetrievalFailed(NovaError):
    """Placement did not say who uses a provider."""

    msg_fmt = "Failed to retrieve allocations for resource provider %(rp_uuid)s: %(error)s"


class ResourceProviderCreationFailed(NovaError):
    """Placement did not make the provider."""

    msg_fmt = "Failed to create resource provider %(name)s"


class ResourceProviderDeletionFailed(NovaError):
    """Placement did not delete the provider."""

    msg_fmt = "Failed to delete resource provider %(uuid)s"


class ResourceProviderInUse(NovaError):
    """A provider with allocations cannot be deleted."""

    msg_fmt = "Resource provider has allocations."


class ResourceProviderNotFound(NovaError):
    """No provider of that name or UUID."""

    msg_fmt = "No such resource provider %(name_or_uuid)s."
    code = 404


class ResourceProviderRetrievalFailed(NovaError):
    """Placement did not show the provider."""

    msg_fmt = "Failed to get resource provider with UUID %(uuid)s"


class ResourceProviderSyncFailed(NovaError):
    """Placement refused what the compute service told it of its host."""

    msg_fmt = (
        "Failed to synchronize the placement service with resource provider information "
        "supplied by the compute host."
    )


class ResourceProviderTraitRetrievalFailed(NovaError):
    """Placement did not say what a provider is like."""

    msg_fmt = "Failed to get traits for resource provider with UUID %(uuid)s"


class ResourceProviderUpdateConflict(NovaError):
    """Somebody changed the provider in the meantime."""

    msg_fmt = (
        "A conflict was encountered attempting to update resource provider %(uuid)s "
        "(generation %(generation)d): %(error)s"
    )


class ResourceProviderUpdateFailed(NovaError):
    """Placement refused a change to a provider."""

    msg_fmt = "Failed to update resource provider via URL %(url)s: %(error)s"


class SecurityGroupNotFound(NovaError):
    """No security group of that name or id."""

    msg_fmt = "Security group %(security_group_id)s not found."
    code = 404


class TraitCreationFailed(NovaError):
    """Placement did not make the trait."""

    msg_fmt = "Failed to create trait %(name)s: %(error)s"


class TraitRetrievalFailed(NovaError):
    """Placement did not list its traits."""

    msg_fmt = "Failed to retrieve traits from the placement API: %(error)s"


class UsagesRetrievalFailed(NovaError):
    """Placement did not say what a project uses."""

    msg_fmt = "Failed to retrieve usages for project '%(project_id)s' and user '%(user_id)s'."
