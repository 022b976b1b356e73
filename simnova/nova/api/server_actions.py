"""`POST /servers/{id}/action`: which action, whether it may be, and how a refusal is worded."""

from __future__ import annotations

from simnova.messaging.rest import Fault, Request, Response, route
from simnova.nova import exception
from simnova.nova.api.actions import ACTIONS, Action, Asked
from simnova.nova.api.auth import Auth
from simnova.nova.api.controller import Controller, the_action
from simnova.nova.api.policy import require_admin
from simnova.nova.api.validation import validate
from simnova.nova.api.versions import only
from simnova.nova.compute.api import API

NOT_SUPPORTED = "The requested functionality is not supported."


class ServerActionsController(Controller):
    """`/servers/{id}/action`."""

    def __init__(self, auth: Auth, compute_api: API) -> None:
        super().__init__(auth)
        self.compute_api = compute_api

    @route("POST", "/v2.1/servers/{server_id}/action")
    async def action(self, request: Request, server_id: str) -> Response:
        """202 where the action has nothing else to say."""
        context = await self.context(request)
        wanted = ACTIONS[the_action(request.body, ACTIONS)]
        version = only(request, wanted.since, wanted.until)
        schema = wanted.schema(version)
        if schema is not None:
            validate(request.body, schema)
        instance = await self.compute_api.get(context, server_id)
        if wanted.admin:
            require_admin(context, wanted.rule)
        context = instance.context or context
        asked = Asked(self.compute_api, context, instance, request.body[wanted.name], version)
        return await _answer(wanted, asked)


async def _answer(wanted: Action, asked: Asked) -> Response:
    try:
        return await wanted.handler(asked) or Response(202)
    except exception.InstanceInvalidState as error:
        raise Fault(409, invalid_state(error, wanted.word)) from None
    except exception.OverQuota as error:
        raise Fault(403, str(error)) from None
    except wanted.conflicts as error:
        raise Fault(409, str(error)) from None
    except NotImplementedError:
        raise Fault(501, NOT_SUPPORTED) from None


def invalid_state(error: exception.InstanceInvalidState, word: str) -> str:
    """How the API words a state that does not allow an action (`common.raise_http_conflict_for_…`)."""
    attr, state, uuid = (error.kwargs.get(name) for name in ("attr", "state", "instance_uuid"))
    if state is None:
        return f"Instance {uuid} is in an invalid state for '{word}'"
    return f"Cannot '{word}' instance {uuid} while it is in {attr} {state}"
