"""How old the vault's keys are and when they were last used, by AWS's own word where it gives it. Prints nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from vault import errors, limits
from vault.credentials.mfa_code import Codes
from vault.keys.foreign_hosts import ForeignHosts
from vault.keys.iam_signer import IamSigner
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.aws.iam import AccessKey, Use
    from vault.context import Context
    from vault.secret import Secret
    from vault.unlocking.inventory import Listed
    from vault.unlocking.keys import Keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One entry's key. ``age`` is seconds; ``exact`` says that AWS told it, else it is the time in the vault.

    ``kept_until`` is when the grace of an old key ends (Unix seconds); ``step`` an interrupted rotation's.
    """

    name: str
    key_id: str
    age: int
    exact: bool
    used: Use | None = None
    used_known: bool = False
    kept_until: int | None = None
    step: str | None = None
    trouble: str | None = None

    def is_due(self, policy: int, *, now: float) -> bool:
        """Whether the key is older than ``policy`` seconds, or an earlier rotation waits to be finished."""
        over = self.kept_until is not None and self.kept_until <= now
        return self.age > policy or over or self.step is not None


class _Signer(NamedTuple):
    """A key of the vault as what signs."""

    access_key_id: str
    secret: Secret
    mfa_serial: str | None


def look(context: Context, keys: Keys, *, ask: bool = True) -> list[Health]:
    """Each entry's key, in order of names. ``ask``: AWS is asked; what it does not tell is the vault's own word."""
    return [_one(context, keys, entry, ask=ask) for entry in keys.contents().entries]


def _one(context: Context, keys: Keys, entry: Listed, *, ask: bool) -> Health:
    health = Health(
        name=entry.name,
        key_id=entry.access_key_id,
        age=max(0, int(context.clock.time() - entry.created)),
        exact=False,
        kept_until=entry.kept_until,
        step=entry.rotation if entry.kept_until is None else None,
    )
    if not ask:
        return health
    try:
        key, now = _at_aws(context.lasting(limits.ROTATION_MOST), keys, entry)
    except errors.Error as error:
        return replace(health, trouble=error.message)
    if key is None:
        return replace(health, trouble="AWS's list does not have it")
    return replace(health, age=now - key.created, exact=True, used=key.used, used_known=key.asked)


def _at_aws(context: Context, keys: Keys, entry: Listed) -> tuple[AccessKey | None, int]:
    """The entry's key as its user's list at AWS has it, and the time there."""
    found = keys.entry(entry.name)
    if found is None:
        raise errors.NotFound(f'there is no entry "{safe(entry.name)}" in the vault any more')
    signer = _Signer(found.credentials.access_key_id, found.credentials.secret, found.mfa_serial)
    foreign = ForeignHosts(context, tell=lambda _: None)
    iam_signer = IamSigner(context, entry.name, signer, codes=Codes(context, keys), foreign=foreign)
    identity = iam_signer.look()
    if found.account not in (None, identity.account):
        raise errors.Refused(f"the key is of account {identity.account}, the entry of {found.account}")
    listed = iam_signer.iam().keys()
    return next((key for key in listed if key.id == entry.access_key_id), None), iam_signer.now
