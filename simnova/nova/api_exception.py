"""Nova's errors about what an API request names: policy, aggregates, groups, services (`nova/exception.py`)."""

from __future__ import annotations

from simnova.exceptions import NovaError


class NotFound(NovaError):
    """Something that a request names is not there."""

    msg_fmt = "Resource could not be found."
    code = 404


class InvalidAPIVersionString(NovaError):
    """A microversion is not written as one."""

    msg_fmt = (
        "API Version String %(version)s is of invalid format. Must be of format MajorNum.MinorNum."
    )
    code = 400


class InvalidGlobalAPIVersion(NovaError):
    """A microversion is older or newer than those that the API has."""

    msg_fmt = "Version %(req_ver)s is not supported by the API. Minimum is %(min_ver)s and maximum is %(max_ver)s."
    code = 406


class AggregateHostExists(NovaError):
    """The host is in that aggregate already."""

    msg_fmt = "Aggregate %(aggregate_id)s already has host %(host)s."


class AggregateHostNotFound(NotFound):
    """The host is not in that aggregate."""

    msg_fmt = "Aggregate %(aggregate_id)s has no host %(host)s."


class AggregateNameExists(NovaError):
    """An aggregate of that name exists already."""

    msg_fmt = "Aggregate %(aggregate_name)s already exists."


class AggregateNotFound(NotFound):
    """No aggregate of that id."""

    msg_fmt = "Aggregate %(aggregate_id)s could not be found."


class InvalidAggregateAction(NovaError):
    """An aggregate cannot be changed like this."""

    msg_fmt = "Unacceptable parameters."
    code = 400


class InvalidAggregateActionAdd(InvalidAggregateAction):
    """A host cannot join: its zone would clash, or change under its servers."""

    msg_fmt = "Cannot add host to aggregate %(aggregate_id)s. Reason: %(reason)s."


class InvalidAggregateActionDelete(InvalidAggregateAction):
    """A host cannot leave, or an aggregate with hosts cannot go."""

    msg_fmt = "Cannot remove host from aggregate %(aggregate_id)s. Reason: %(reason)s."


class InvalidAggregateActionUpdate(InvalidAggregateAction):
    """Its zone cannot become this one."""

    msg_fmt = "Cannot update aggregate %(aggregate_id)s. Reason: %(reason)s."


class InvalidAggregateActionUpdateMeta(InvalidAggregateAction):
    """Its zone cannot become this one, through its metadata."""

    msg_fmt = "Cannot update metadata of aggregate %(aggregate_id)s. Reason: %(reason)s."


class FlavorExtraSpecsNotFound(NotFound):
    """The flavor has no extra spec of that key."""

    msg_fmt = "Flavor %(flavor_id)s has no extra specs with key %(extra_specs_key)s."


class GroupAffinityViolation(NovaError):
    """On the host a server is not where its group has to be."""

    msg_fmt = "%(policy)s instance group policy was violated"


class HostBinaryNotFound(NotFound):
    """No such service on that host."""

    msg_fmt = "Could not find binary %(binary)s on host %(host)s."


class InstanceGroupNotFound(NotFound):
    """No server group of that id (in the project)."""

    msg_fmt = "Instance group %(group_uuid)s could not be found."


class OverQuota(NovaError):
    """A quota would be exceeded; the API answers 403."""

    msg_fmt = "Quota exceeded for resources: %(overs)s"
    code = 413


class TooManyInstances(OverQuota):
    """Servers, their cores or their RAM would be more than there may be."""

    msg_fmt = "Quota exceeded for %(overs)s: Requested %(req)s, but already used %(used)s of %(allowed)s %(overs)s"


class MetadataLimitExceeded(OverQuota):
    """A server or an image would have too many metadata items."""

    msg_fmt = "Maximum number of metadata items exceeds %(allowed)d"


class InvalidKeypair(NovaError):
    """A public key or certificate cannot be read."""

    msg_fmt = "Keypair data is invalid: %(reason)s"
    code = 400


class KeyPairExists(NovaError):
    """The user has a key pair of that name."""

    msg_fmt = "Key pair '%(key_name)s' already exists."
    code = 409


class KeypairNotFound(NotFound):
    """The user has no key pair of that name."""

    msg_fmt = "Keypair %(name)s not found for user %(user_id)s"


class MarkerNotFound(NotFound):
    """What a page was to begin after is not there."""

    msg_fmt = "Marker %(marker)s could not be found."


class KeypairLimitExceeded(OverQuota):
    """A user has all the key pairs that they may have."""

    msg_fmt = "Quota exceeded, too many key pairs."


class GroupMemberLimitExceeded(OverQuota):
    """The group has all the servers that a user may have in it."""

    msg_fmt = "Quota exceeded, too many servers in group"


class ServerGroupLimitExceeded(OverQuota):
    """The project has all the server groups that it may have."""

    msg_fmt = "Quota exceeded, too many server groups."


class PolicyNotAuthorized(NovaError):
    """A rule does not let this user do it."""

    msg_fmt = "Policy doesn't allow %(action)s to be performed."
    code = 403


class ServiceNotUnique(NovaError):
    """A number that services of several cells have."""

    msg_fmt = "More than one possible service found."


class ServiceNotFound(NotFound):
    """No service of that id."""

    msg_fmt = "Service %(service_id)s could not be found."


class UnsupportedPolicyException(NovaError):
    """The scheduler has not the filter or weigher that a group's policy needs."""

    msg_fmt = "ServerGroup policy is not supported: %(reason)s"
    code = 400
