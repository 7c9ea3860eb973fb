"""Rotations as a command asks for them: which entries, what a person should know first, and what is dropped after.

Joins vault/rotation/run with the configuration and the cache. Prints and asks nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from vault import errors, limits
from vault.credentials.cached import open_cache
from vault.credentials.mfa_code import Codes
from vault.keys.iam_signer import NeedsMfa
from vault.profiles import aws_files
from vault.profiles.chain import VaultKey
from vault.profiles.digest import digest
from vault.profiles.plan import plan
from vault.profiles.resolve import resolve
from vault.rotation import state_machine
from vault.rotation.run import ASK_FOR_POLICY, LOCK, Run
from vault.store import vault
from vault.system import locks
from vault.system.files import Folder
from vault.text import nearest, safe
from vault.unlocking.keys import OpenedKeys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vault.context import Context
    from vault.keys.foreign_hosts import ForeignHosts
    from vault.rotation.run import Outcome
    from vault.rotation.state_machine import RotationRequest, View
    from vault.store.vault import Entry, Opened, Payload
    from vault.system.locks import Lock

# What rotation needs, for the key's own user and nothing else (IAM user guide, "Managing access keys").
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "RotateOwnAccessKeys",
            "Effect": "Allow",
            "Action": [
                "iam:ListAccessKeys",
                "iam:GetAccessKeyLastUsed",
                "iam:CreateAccessKey",
                "iam:UpdateAccessKey",
                "iam:DeleteAccessKey",
            ],
            "Resource": "arn:aws:iam::*:user/${aws:username}",
        }
    ],
}
_OURS = frozenset({"sts", "iam"})  # services that awsvault-py itself calls with the key


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """A rotation that can begin: what AWS has, and what a person should know first, one line each."""

    name: str
    run: Run
    view: View
    notes: tuple[str, ...] = field(default=())

    @property
    def entry(self) -> Entry:
        """The entry as it stands."""
        return self.run.entry

    @property
    def age(self) -> int | None:
        """How old the entry's key is at AWS, in seconds."""
        key = self.view.key(self.entry.access_key_id)
        return self.view.now - key.created if key is not None else None

    @property
    def waiting(self) -> int | None:
        """Until when an earlier old key is kept (Unix seconds), or None."""
        journal = self.entry.journal
        return state_machine.grace_ends(journal) if journal is not None and journal.step == "grace" else None


def chosen(payload: Payload, names: Sequence[str], *, everything: bool) -> list[str]:
    """The entries to rotate, one for each key: of several that hold it the one whose rotation is under way or in grace.

    Usage where none is named and there are several; NotFound.
    """
    if everything:
        names = sorted(payload.entries)
    elif not names:
        if len(payload.entries) != 1:
            listed = ", ".join(safe(name) for name in sorted(payload.entries)) or "none"
            raise errors.Usage(f"name the entry to rotate, or say --all; the vault has {listed}")
        names = list(payload.entries)
    for name in names:
        if name not in payload.entries:
            near = nearest(name, list(payload.entries))
            raise errors.NotFound(
                f'there is no entry "{safe(name)}" in the vault',
                hint=f'did you mean "{safe(near)}"?' if near is not None else "run: awsvault-py list",
            )
    under_way = {
        entry.access_key_id: name for name, entry in payload.entries.items() if entry.journal is not None
    }
    seen: dict[str, str] = {}
    for name in names:
        key_id = payload.entries[name].access_key_id
        seen.setdefault(key_id, under_way.get(key_id, name))
    return list(seen.values())


def alone(context: Context) -> Lock:
    """The lock that makes this the only rotation of the vault here. Declined where another one runs."""
    with Folder.open(context.paths.state, create=True) as folder:
        held = locks.try_lock(folder, LOCK)
    if held is None:
        raise errors.Declined(
            "another awsvault-py is rotating keys", hint="wait for it to end, then run the command again"
        )
    return held


def prepare(
    context: Context,
    opened: Opened,
    name: str,
    *,
    foreign: ForeignHosts,
    tell: Callable[[str], None],
    proving: Callable[[int], None] | None = None,
    mfa_code: str | None = None,
) -> Prospect:
    """Look at AWS and at what else uses the key. Changes nothing. Errors: Refused, Unreachable, Usage, Untrusted.

    ``tell`` hears what is being done, ``proving`` how many times in a row the new key has answered.
    """
    context = context.lasting(limits.ROTATION_MOST)
    # Anew, under the lock: another rotation may have ended since the vault was opened.
    opened = vault.open_with_main_key(context.paths, opened.k_main)
    if name not in opened.payload.entries:
        raise errors.NotFound(f'there is no entry "{safe(name)}" in the vault any more')
    keys = OpenedKeys(opened, paths=context.paths, clock=context.clock)
    codes = Codes(context, keys, given=mfa_code)
    run = Run(context, opened, name, codes=codes, foreign=foreign, tell=tell, proving=proving)
    try:
        view = run.look()
    except errors.Refused as error:
        if error.code == "InvalidClientTokenId":
            error.hint = (
                "it was made inactive, rotated or deleted elsewhere: make it active in the IAM console, or store the "
                f"key that replaced it: awsvault-py add --replace {safe(name)}"
            )
        elif error.code == "AccessDenied" and not isinstance(error, NeedsMfa):
            error.hint = ASK_FOR_POLICY
        raise
    notes = tuple(_notes(context, opened.payload, name, view))
    return Prospect(name=name, run=run, view=view, notes=notes)


def carry_out(context: Context, opened: Opened, prospect: Prospect, request: RotationRequest) -> Outcome:
    """Rotate, then drop the cached sessions of the key that was replaced. Errors: those of ``Run.steps``."""
    if request.delete_other is not None:
        _not_ours(opened.payload, prospect, request.delete_other)
    outcome = prospect.run.steps(request)
    if outcome.replaced is not None:
        drop_sessions(context, opened, outcome.replaced)
    return outcome


def _not_ours(payload: Payload, prospect: Prospect, key_id: str) -> None:
    for name, entry in payload.entries.items():
        if entry.access_key_id == key_id:
            what = (
                "is the key to rotate" if name == prospect.name else f'is the key of the entry "{safe(name)}"'
            )
            raise errors.Declined(f"{safe(key_id)} {what}", hint="--delete-other names the user's other key")
        journal = entry.journal
        if journal is not None and key_id in {
            pair.access_key_id for pair in (journal.old, journal.new) if pair is not None
        }:
            raise errors.Declined(
                f'{safe(key_id)} is the vault\'s own, in the rotation of the entry "{safe(name)}"',
                hint=f"to bring that to its end: awsvault-py rotate --finish {safe(name)}",
            )


def _notes(context: Context, payload: Payload, name: str, view: View) -> Iterator[str]:
    entry = payload.entries[name]
    key = view.key(entry.access_key_id)
    if key is not None and key.used is not None and key.used.service not in _OURS:
        yield (
            f"{key.id} was last used {state_machine.days(view.now - key.used.at)} ago for {safe(key.used.service)} in "
            f"{safe(key.used.region)}: something other than awsvault-py may use it, and will stop working"
        )
    for path, line, profile in plain_copies(context, entry.access_key_id):
        yield (
            f"{safe(path)}:{line}: profile {safe(profile)} holds {entry.access_key_id} as plain text, and will stop "
            "working; remove it there, or run: awsvault-py import"
        )
    for other, shared in sorted(payload.entries.items()):
        if other != name and shared.access_key_id == entry.access_key_id:
            yield f'the entry "{safe(other)}" holds the same key and gets the new one too'


def plain_copies(context: Context, key_id: str) -> list[tuple[str, int, str]]:
    """Where AWS's own files hold the key as plain text: path, line and profile. Files that cannot be read have none."""
    try:
        config = aws_files.load(context.env, home=context.paths.home)
    except errors.Error:
        return []
    found = []
    for name in config.profiles:
        profile = config.profile(name)
        setting = profile.get("aws_access_key_id") if profile is not None else None
        if setting is not None and setting.value == key_id:
            found.append((setting.origin.path, setting.origin.line, name))
    return found


def drop_sessions(context: Context, opened: Opened, key_id: str) -> int:
    """Forget the cached sessions that the old key began. Their names hold its id, so nothing serves them any more."""
    try:
        config = aws_files.load(context.env, home=context.paths.home)
    except errors.Error:
        return 0
    entries = opened.payload.entries
    keys = OpenedKeys(opened, paths=context.paths, clock=context.clock)
    cache = open_cache(context, keys)
    dropped = 0
    for name in config.profiles:
        try:
            chain = resolve(config, name, env=context.env, has_entry=keys.has_entry)
            if not isinstance(chain.source, VaultKey) or chain.source.entry not in entries:
                continue
            serial = entries[chain.source.entry].mfa_serial
            planned = plan(chain, context.settings, entry_mfa_serial=serial)
        except errors.Error:
            continue
        for links in (planned.links, planned.fallback or ()):
            for at in range(len(links)):
                named = digest(chain.source, links[: at + 1], vault_id=opened.vault_id, access_key_id=key_id)
                dropped += cache.forget(named)
    return dropped
