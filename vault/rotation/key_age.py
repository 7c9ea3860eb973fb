"""How old the vault's keys are and when they were last used, according to AWS if it answers. Prints nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vault import errors, limits
from vault.credentials.mfa_code import Codes
from vault.keys.endpoint_trust import EndpointTrust
from vault.keys.entries import check_account
from vault.keys.iam_signer import IamSigner
from vault.records import NamedTuple
from vault.rotation import progress
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.aws.iam import AccessKey, Use
    from vault.context import Context
    from vault.remote.summary import RotationWait
    from vault.rotation.progress import RotationProgress
    from vault.secret import Secret
    from vault.unlocking.inventory import Listed
    from vault.unlocking.keys import Keys


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAge:
    """One entry's key. ``age`` is in seconds. ``exact``: the age is from AWS; otherwise it is the age of the entry.

    ``kept_until`` is when the old key may be deleted (Unix seconds). ``step`` is the step of a rotation before that, and ``progress``
    says whether it was interrupted.
    """

    name: str
    key_id: str
    age: int
    exact: bool
    used: Use | None = None
    used_known: bool = False
    kept_until: int | None = None
    step: str | None = None
    progress: RotationProgress | None = None
    trouble: str | None = None

    def is_due(self, policy: int, *, now: float) -> bool:
        """Whether the key is older than ``policy`` seconds, or an earlier rotation has to be finished."""
        grace_over = self.kept_until is not None and self.kept_until <= now
        return self.age > policy or grace_over or self.step is not None


class _StoredKey(NamedTuple):
    """What signs IAM's calls (vault/keys/iam_signer.py)."""

    access_key_id: str
    secret: Secret
    mfa_serial: str | None


def key_ages(context: Context, keys: Keys, *, ask_aws: bool = True) -> list[KeyAge]:
    """Each entry's key, sorted by name. What AWS does not tell, or is not asked for, comes from the vault."""
    entries = keys.contents().entries
    waits = progress.waits(context, keys) if any(entry.rotation for entry in entries) else ()
    return [_key_age(context, keys, entry, waits, ask_aws=ask_aws) for entry in entries]


def _key_age(
    context: Context, keys: Keys, entry: Listed, waits: tuple[RotationWait, ...], *, ask_aws: bool
) -> KeyAge:
    found = KeyAge(
        name=entry.name,
        key_id=entry.access_key_id,
        age=max(0, int(context.clock.time() - entry.created)),
        exact=False,
        kept_until=entry.kept_until,
        step=entry.rotation if entry.kept_until is None else None,
        progress=progress.of(entry, waits, now=context.clock.time()),
    )
    if not ask_aws:
        return found
    try:
        key, now = _at_aws(context.with_deadline(limits.ROTATION_MOST), keys, entry)
    except errors.Error as error:
        return replace(found, trouble=error.message)
    if key is None:
        return replace(found, trouble="AWS's list of the user's keys does not have it")
    return replace(found, age=now - key.created, exact=True, used=key.used, used_known=key.asked)


def _at_aws(context: Context, keys: Keys, entry: Listed) -> tuple[AccessKey | None, int]:
    """The entry's key in AWS's list of its user's keys, and the time by AWS's clock."""
    found = keys.entry(entry.name)
    if found is None:
        raise errors.NotFound(f'the entry "{safe(entry.name)}" is no longer in the vault')
    stored = _StoredKey(found.credentials.access_key_id, found.credentials.secret, found.mfa_serial)
    trust = EndpointTrust(context, tell=lambda _: None)
    iam_signer = IamSigner(context, entry.name, stored, codes=Codes(context, keys), trust=trust)
    check_account(found.account, iam_signer.identify())
    listed = iam_signer.iam().keys()
    return next((key for key in listed if key.id == entry.access_key_id), None), iam_signer.now
