"""The emergency: every key of the vault made inactive at AWS, every session here forgotten, the vault locked.

Goes on past each failure and reports it. A key that signs for the others of its user goes last. Prints nothing.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from vault import errors, limits
from vault.credentials import forget_sessions
from vault.credentials.mfa_code import Codes
from vault.keys.iam_signer import IamSigner, credentials, reached
from vault.profiles import aws_files
from vault.system.files import Folder
from vault.text import safe
from vault.unlocking import lock_unlock
from vault.unlocking.keys import OpenedKeys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.aws.credentials import Identity
    from vault.context import Context
    from vault.keys.foreign_hosts import ForeignHosts
    from vault.store.vault import Entry, KeyPair, Opened


_NOTED = "panic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of one key: inactive now, or why not. ``user``: whose it is by what the vault says, empty where it does not.

    ``known`` is False where AWS does not take it and no panic here made it so: it may have been replaced by a key that this
    copy of the vault has not seen. ``at`` is the host that said so, where that is not AWS's own.
    """

    entry: str
    key_id: str
    inactive: bool
    said: str
    error: errors.Error | None = None
    known: bool = True
    user: str = ""
    at: str | None = None

    @property
    def mark(self) -> str:
        """What is noted of a key that is inactive now; what a stranger said holds at that host alone."""
        return self.key_id if self.at is None else f"{self.key_id}@{self.at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Each key's fate, the users whose sessions outlive their keys, what was wiped here, and when it was done.

    ``at`` is Unix seconds by AWS's clock where an answer showed it: it decides which sessions the policy ends.
    ``unlocked`` is why the vault could not be locked, None where it is.
    """

    fates: tuple[Fate, ...]
    users: tuple[str, ...]
    sessions: int
    at: int
    unlocked: errors.Error | None = None


def policy(now: float) -> dict[str, Any]:
    """The policy that refuses every session issued up to ``now`` (Unix seconds). To attach to users and roles."""
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


def announce(context: Context, opened: Opened, foreign: ForeignHosts) -> None:
    """Name the hosts that are not AWS's own and would be believed, before anything is done."""
    for name in opened.payload.entries:
        with suppress(errors.Error):  # the key's fate tells it
            reached(context, name, foreign)


def run(context: Context, opened: Opened, *, foreign: ForeignHosts, tell: Callable[[str], None]) -> Report:
    """Do it all. Raises nothing of AWS's and nothing of the disk's: each failure is in the report."""
    context = context.lasting(limits.PANIC_MOST)
    _lock(context)  # first: it takes a moment, and nothing at AWS depends on it
    sessions = _wipe(context, tell)
    context = _readable(context, tell)
    before = _made_inactive(context)
    fates: list[Fate] = []
    users: list[str] = []
    times: list[int] = []
    for identity, (iam_signer, name, pairs) in _by_user(context, opened, fates, foreign).items():
        users.append(identity.arn)
        for pair in pairs:
            fate = _inactivate(iam_signer, name, pair)
            tell(f"{safe(name)}: {fate.key_id}: {fate.said}")
            fates.append(fate)
        times.append(iam_signer.now)
    _note(context, before | {fate.mark for fate in fates if fate.inactive})
    fates = [_by_a_panic(fate) if fate.mark in before else fate for fate in fates]
    at = max(times, default=int(context.clock.time()))
    return Report(fates=tuple(fates), users=tuple(users), sessions=sessions, at=at, unlocked=_lock(context))


def _by_a_panic(fate: Fate) -> Fate:
    """``fate`` of a key that an earlier panic made inactive: that AWS does not take it is what was wanted."""
    if fate.known:
        return fate
    return replace(fate, inactive=True, said="inactive since an earlier panic", error=None, known=True)


def _made_inactive(context: Context) -> set[str]:
    """The marks of the keys that a panic of this machine made inactive."""
    try:
        with Folder.open(context.paths.state) as state:
            return set(state.read(_NOTED, limit=limits.MAX_NOTED).decode("ascii", "replace").split())
    except (OSError, errors.Error):
        return set()


def _note(context: Context, marks: set[str]) -> None:
    with suppress(OSError, errors.Error), Folder.open(context.paths.state, create=True) as state:
        state.write_atomic(_NOTED, "\n".join(sorted(marks)).encode("ascii", "replace"), durable=True)


def _readable(context: Context, tell: Callable[[str], None]) -> Context:
    """``context``, without AWS's files where they cannot be read: a mistake in them must keep no key active."""
    try:
        aws_files.load(context.env, home=context.paths.home)
    except errors.Error as error:
        tell(f"{error.message}; AWS's standard endpoints are asked")
        return context.without_aws_files()
    return context


def _wipe(context: Context, tell: Callable[[str], None]) -> int:
    try:
        return forget_sessions.forget_files(context)
    except errors.Error as error:
        tell(f"the sessions here could not all be wiped: {error.message}")
        return 0


def _lock(context: Context) -> errors.Error | None:
    """Lock the vault by hand; why that could not be done."""
    try:
        lock_unlock.close_by_hand(context)
    except errors.Error as error:
        return error
    return None


def _by_user(
    context: Context, opened: Opened, fates: list[Fate], foreign: ForeignHosts
) -> dict[Identity, tuple[IamSigner, str, list[Entry | KeyPair]]]:
    """For each user with a key at hand: who signs, in which entry's name, and the keys in the order in which they go."""
    keys = OpenedKeys(opened, paths=context.paths, clock=context.clock)
    codes = Codes(context, keys)
    seen: set[str] = set()
    by_user: dict[Identity, tuple[IamSigner, str, list[Entry | KeyPair]]] = {}
    for name, entry in sorted(opened.payload.entries.items()):
        if entry.access_key_id in seen:
            continue
        journal = entry.journal
        pairs = (
            [pair for pair in (journal.new, journal.old) if pair is not None] if journal is not None else []
        )
        mine: list[Entry | KeyPair] = [*pairs, entry]
        seen |= {one.access_key_id for one in mine}
        iam_signer = None
        try:
            iam_signer = IamSigner(context, name, entry, codes=codes, foreign=foreign)
            iam_signer.signers = [credentials(entry), *map(credentials, pairs)]
            identity = iam_signer.look()
        except errors.Refused as error:
            at = iam_signer.foreign_host if iam_signer is not None else None
            fates.append(_not_known(name, entry.access_key_id, error, entry=entry, at=at))
            continue
        except errors.Error as error:
            fates.append(
                Fate(entry=name, key_id=entry.access_key_id, inactive=False, said=error.message, error=error)
            )
            continue
        mine.sort(key=lambda one: one.access_key_id == iam_signer.known)  # who signs for the others goes last
        if identity in by_user:  # another key of a user who has a signer: it goes before that one
            by_user[identity][2][:0] = mine
        else:
            by_user[identity] = (iam_signer, name, mine)
    return by_user


def _not_known(
    name: str, key_id: str, error: errors.Refused, *, entry: Entry | KeyPair, at: str | None
) -> Fate:
    if error.code == "InvalidClientTokenId":
        return Fate(
            entry=name, key_id=key_id, inactive=False, said="AWS does not take it any more", error=error,
            known=False, user=getattr(entry, "user", None) or "", at=at,
        )  # fmt: skip
    return Fate(entry=name, key_id=key_id, inactive=False, said=error.message, error=error)


def _inactivate(iam_signer: IamSigner, name: str, pair: Entry | KeyPair) -> Fate:
    key_id, at = pair.access_key_id, iam_signer.foreign_host
    try:
        iam_signer.iam().set_active(key_id, active=False)
    except errors.Refused as error:
        if error.code == "NoSuchEntity" and at is not None:  # it may be active at AWS, which was not asked
            said = f"{safe(at)}, which is not AWS's own, has no such key"
            return Fate(entry=name, key_id=key_id, inactive=False, said=said, error=error)
        if error.code == "NoSuchEntity":
            return Fate(entry=name, key_id=key_id, inactive=True, said="deleted already")
        if key_id in {
            signer.access_key_id for signer in iam_signer.signers
        }:  # nobody signs: this one neither
            return _not_known(name, key_id, error, entry=pair, at=at)
        return Fate(entry=name, key_id=key_id, inactive=False, said=error.message, error=error)
    except errors.Error as error:
        return Fate(entry=name, key_id=key_id, inactive=False, said=error.message, error=error)
    return Fate(entry=name, key_id=key_id, inactive=True, said="inactive", at=at)
