"""Key pairs of users (`KeypairAPI` of `nova/compute/api.py`)."""

from __future__ import annotations

from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.crypto import generate_fingerprint, generate_x509_fingerprint
from simnova.nova.objects.keypair import KeyPair
from simnova.nova.quota import DbQuotaDriver

_FINGERPRINT = {"ssh": generate_fingerprint, "x509": generate_x509_fingerprint}


class KeypairAPI:
    """What the API service does with key pairs."""

    def __init__(self, quotas: DbQuotaDriver) -> None:
        self.quotas = quotas

    async def import_key_pair(
        self, context: RequestContext, user_id: str, name: str, public_key: str, kind: str
    ) -> KeyPair:
        """Note a user's public key; raises KeypairLimitExceeded, InvalidKeypair, KeyPairExists."""
        try:
            await self.quotas.check_deltas(context, {"key_pairs": 1}, user_id)
        except exception.OverQuota:
            raise exception.KeypairLimitExceeded() from None
        made = KeyPair(
            name=name,
            user_id=user_id,
            fingerprint=_FINGERPRINT[kind](public_key),
            public_key=public_key,
            type=kind,
            context=context,
        )
        await made.create()
        return made
