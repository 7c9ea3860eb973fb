"""The emergency: every key of the vault deactivated at AWS, every session on this machine deleted, the vault locked.

Continues after each failure and reports it. A key that signs for the user's other keys goes last. Prints nothing.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace

from vault import errors, limits
from vault.credentials import audit, forget_sessions
from vault.credentials.mfa_code import Codes
from vault.keys.entries import journal_pairs
from vault.keys.iam_signer import IamSigner, credentials_of, trusted_endpoints
from vault.profiles import aws_files
from vault.secret import CacheKey
from vault.signin import sealed as signins
from vault.signin.end import sign_out_all
from vault.system.files import Folder
from vault.text import safe
from vault.unlocking import lock_unlock
from vault.unlocking.keys import OpenedKeys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from vault.aws.credentials import Identity
    from vault.context import Context
    from vault.keys.endpoint_trust import EndpointTrust
    from vault.secret import Secret
    from vault.store.vault import Entry, KeyPair, Opened


_RECORD = "panic"  # the file with the keys that a panic of this machine deactivated


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOutcome:
    """What happened to one key. ``result`` says it in words; ``user`` is its user according to the vault, or empty.

    ``known`` is False if AWS does not accept the key and no panic on this machine deactivated it: a newer key may have
    replaced it that this copy of the vault does not have. If a sync took the key away, that is so, and the key counts as
    inactive. ``at`` is the host that answered, if it is not AWS's own.
    """

    entry: str
    key_id: str
    inactive: bool
    result: str
    error: errors.Error | None = None
    known: bool = True
    user: str = ""
    at: str | None = None

    @property
    def mark(self) -> str:
        """What is recorded of a deactivated key. An answer of another host than AWS's own counts for that host only."""
        return self.key_id if self.at is None else f"{self.key_id}@{self.at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PanicReport:
    """What happened to each key, the users whose sessions outlive their keys, and what was deleted on this machine.

    ``at`` is Unix seconds by AWS's clock, if an answer showed it: the policy ends the sessions issued before.
    ``unlocked`` is why the vault could not be locked, None if it is locked.
    """

    outcomes: tuple[KeyOutcome, ...]
    users: tuple[str, ...]
    sessions: int
    sign_ins: int
    at: int
    unlocked: errors.Error | None = None


def policy(now: float) -> dict[str, Any]:
    """The policy that denies everything to sessions issued up to ``now`` (Unix seconds), for users and roles."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(now) + 1))  # AWS's times are whole seconds
    condition = {"DateLessThan": {"aws:TokenIssueTime": moment}}
    statement = {
        "Sid": "RevokeOlderSessions",
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": condition,
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def name_foreign_hosts(context: Context, opened: Opened, trust: EndpointTrust) -> None:
    """Name the hosts that are not AWS's own and would be trusted, before anything is done."""
    for name in opened.payload.entries:
        with suppress(errors.Error):  # the key's outcome reports it
            trusted_endpoints(context, name, trust)


def run(
    context: Context,
    opened: Opened,
    *,
    more: Sequence[tuple[str, Entry]] = (),
    former: Sequence[tuple[str, Entry]] = (),
    trust: EndpointTrust,
    tell: Callable[[str], None],
) -> PanicReport:
    """Do everything. ``more``: keys that no entry shows, with the names of their entries; ``former``: those that a sync took away.

    Raises no error of AWS or of the disk: each failure is in the report.
    """
    context = context.with_deadline(limits.PANIC_MOST)
    _lock(context)  # first: it takes a moment, and nothing at AWS depends on it
    sessions = _delete_sessions(context, tell)
    context = _without_broken_files(context, tell)
    before = _deactivated_before(context)
    outcomes: list[KeyOutcome] = []
    users: list[str] = []
    times: list[int] = []
    found = _by_user(context, opened, [*more, *former], outcomes, trust)
    for identity, (iam_signer, name, keys) in found.items():
        users.append(identity.arn)
        for key in keys:
            outcome = _deactivate(iam_signer, name, key)
            tell(f"{safe(name)}: {outcome.key_id}: {outcome.result}")
            outcomes.append(outcome)
        times.append(iam_signer.now)
    gone = {entry.access_key_id for _, entry in former}
    gone -= {entry.access_key_id for entry in opened.payload.entries.values()}
    outcomes = [_replaced(outcome) if outcome.key_id in gone else outcome for outcome in outcomes]
    _record(context, before | {outcome.mark for outcome in outcomes if outcome.inactive and outcome.known})
    sign_ins = _end_sign_ins(
        context, opened, tell
    )  # after the keys, which last longer: the portal may not answer
    outcomes = [_by_earlier_panic(outcome) if outcome.mark in before else outcome for outcome in outcomes]
    at = max(times, default=int(context.clock.time()))
    return PanicReport(
        outcomes=tuple(outcomes),
        users=tuple(users),
        sessions=sessions,
        sign_ins=sign_ins,
        at=at,
        unlocked=_lock(context),
    )


def _by_earlier_panic(outcome: KeyOutcome) -> KeyOutcome:
    """The outcome of a key that an earlier panic deactivated: it is intended that AWS does not accept it."""
    if outcome.known:
        return outcome
    return replace(outcome, inactive=True, result="inactive since an earlier panic", error=None, known=True)


def _replaced(outcome: KeyOutcome) -> KeyOutcome:
    """The outcome of a key that a sync took away: if AWS itself does not accept it, another machine has replaced it."""
    if outcome.known or outcome.at is not None:
        return outcome
    return replace(outcome, inactive=True, error=None)


def _deactivated_before(context: Context) -> set[str]:
    """The marks of the keys that a panic of this machine deactivated."""
    try:
        with Folder.open(context.paths.state) as state:
            return set(state.read(_RECORD, limit=limits.MAX_NOTED).decode("ascii", "replace").split())
    except (OSError, errors.Error):
        return set()


def _record(context: Context, marks: set[str]) -> None:
    with suppress(OSError, errors.Error), Folder.open(context.paths.state, create=True) as state:
        state.write_atomic(_RECORD, "\n".join(sorted(marks)).encode("ascii", "replace"), durable=True)


def _without_broken_files(context: Context, tell: Callable[[str], None]) -> Context:
    """``context``, without AWS's files if they cannot be read: a mistake in them must not keep a key active."""
    try:
        aws_files.load(context.env, home=context.paths.home)
    except errors.Error as error:
        tell(f"{error.message}. Using AWS's standard endpoints.")
        return context.without_aws_files()
    return context


def _delete_sessions(context: Context, tell: Callable[[str], None]) -> int:
    try:
        return forget_sessions.forget_files(context)
    except errors.Error as error:
        tell(f"could not delete all cached sessions: {error.message}")
        return 0


def _end_sign_ins(context: Context, opened: Opened, tell: Callable[[str], None]) -> int:
    """Log out of each sign-in at AWS, then delete all of them, those too that no key opens."""
    gone, key = 0, opened.payload.sso_key
    try:
        if key is not None:
            with signins.SignIns.open(context.paths, key=key, vault_id=opened.vault_id) as found:
                for ended in sign_out_all(context, found):
                    gone += 1
                    log = CacheKey(opened.cache_key, opened.vault_id)
                    audit.log_sign_in(context, log, ended.place, use="sign-out")
                    if ended.trouble is not None:
                        tell(f"{safe(ended.place.name)}: AWS could not be notified: {ended.trouble.message}")
    except errors.Error as error:
        tell(f"could not log out of all sign-ins to IAM Identity Center: {error.message}")
    try:
        return gone + signins.remove_all(context.paths)
    except errors.Error as error:
        tell(f"could not delete all sign-ins to IAM Identity Center: {error.message}")
        return gone


def _lock(context: Context) -> errors.Error | None:
    """Lock the vault until the next `unlock`; why that failed, or None."""
    try:
        lock_unlock.lock_vault(context)
    except errors.Error as error:
        return error
    return None


def _by_user(
    context: Context,
    opened: Opened,
    more: Sequence[tuple[str, Entry]],
    outcomes: list[KeyOutcome],
    trust: EndpointTrust,
) -> dict[Identity, tuple[IamSigner, str, list[Entry | KeyPair]]]:
    """For each user: who signs, the entry's name, and the keys in the order in which they are deactivated.

    A key that AWS does not identify goes straight to ``outcomes``, unless it is there with another secret that AWS takes.
    """
    codes = Codes(context, OpenedKeys(opened, paths=context.paths, clock=context.clock))
    seen: set[str] = set()
    secrets: dict[str, list[Secret]] = {}  # that were tried, by the key's ID
    by_user: dict[Identity, tuple[IamSigner, str, list[Entry | KeyPair]]] = {}
    for name, entry in [*sorted(opened.payload.entries.items()), *more]:
        tried = secrets.setdefault(entry.access_key_id, [])
        if entry.access_key_id in seen or entry.secret in tried:
            continue
        tried.append(entry.secret)
        pairs = journal_pairs(entry)
        keys: list[Entry | KeyPair] = [*pairs, entry]
        outcomes[:] = [one for one in outcomes if one.key_id != entry.access_key_id]
        iam_signer = None
        try:
            iam_signer = IamSigner(context, name, entry, codes=codes, trust=trust)
            iam_signer.signers = [credentials_of(entry), *map(credentials_of, pairs)]
            identity = iam_signer.identify()
        except errors.Refused as error:
            at = iam_signer.foreign_host if iam_signer is not None else None
            outcomes.append(_refused(name, entry, error, at=at))
            continue
        except errors.Error as error:
            outcomes.append(_failed(name, entry.access_key_id, error))
            continue
        seen |= {key.access_key_id for key in keys}
        keys.sort(key=lambda key: key.access_key_id == iam_signer.identified_by)  # the signer goes last
        if identity in by_user:  # another key of a user who has a signer: it goes before that one
            by_user[identity][2][:0] = keys
        else:
            by_user[identity] = (iam_signer, name, keys)
    return by_user


def _failed(name: str, key_id: str, error: errors.Error) -> KeyOutcome:
    return KeyOutcome(entry=name, key_id=key_id, inactive=False, result=error.message, error=error)


def _refused(name: str, key: Entry | KeyPair, error: errors.Refused, *, at: str | None) -> KeyOutcome:
    """The outcome of a key that could not sign."""
    outcome = _failed(name, key.access_key_id, error)
    if error.code != "InvalidClientTokenId":
        return outcome
    user = getattr(key, "user", None) or ""
    return replace(outcome, result="AWS no longer accepts it", known=False, user=user, at=at)


def _deactivate(iam_signer: IamSigner, name: str, key: Entry | KeyPair) -> KeyOutcome:
    key_id, at = key.access_key_id, iam_signer.foreign_host
    try:
        iam_signer.iam().set_active(key_id, active=False)
    except errors.Refused as error:
        if error.code == "NoSuchEntity" and at is None:
            return KeyOutcome(entry=name, key_id=key_id, inactive=True, result="already deleted")
        if error.code == "NoSuchEntity":  # it may be active at AWS, which was not asked
            result = f"{safe(str(at))}, which is not AWS's own host, has no such key"
            return replace(_failed(name, key_id, error), result=result)
        if key_id in {
            signer.access_key_id for signer in iam_signer.signers
        }:  # no key signs, not even this one
            return _refused(name, key, error, at=at)
        return _failed(name, key_id, error)
    except errors.Error as error:
        return _failed(name, key_id, error)
    return KeyOutcome(entry=name, key_id=key_id, inactive=True, result="inactive", at=at)
