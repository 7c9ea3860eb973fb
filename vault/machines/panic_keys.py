"""What a panic must know of other machines: their newest keys, and every key that a conflict or a rotation keeps. Prints nothing.

It may sync with the thief of another machine. So it takes what comes, and loses no key that it had before.
"""

from __future__ import annotations

from vault import errors, limits
from vault.frozen import replace
from vault.keys.entries import journal_pairs
from vault.machines import bucket_access
from vault.remote import local_state, steps
from vault.store import payload_codec, vault
from vault.store.strict_json import JsonError
from vault.sync import shown
from vault.sync.versions import ENTRY, JOURNAL, kind, name
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vault.context import Context
    from vault.secret import Secret
    from vault.store.format import VaultFile
    from vault.store.opened import Opened
    from vault.store.payload import Entry, KeyPair
    from vault.sync.local import LocalSync


_NOT_KNOWN = " Keys that another machine has stored since are not known here."


def pull(context: Context, opened: Opened, *, tell: Callable[[str], None]) -> Opened:
    """The vault with what the bucket has, as far as that can be had in seconds and without a question. ``tell`` gets why not.

    If the sync fails after it has written the vault, what came is there.
    """
    url = "the remote"
    try:
        local = local_state.find(opened.payload)
        if local is None or not local.remote.place.url:
            return opened
        url = safe(local.remote.place.url)
        return _pulled(context.unattended().with_deadline(limits.PANIC_SYNC), opened, local)
    except errors.Error as error:
        now = _as_it_is(context, opened)
        lacks = "" if now.payload.gen > opened.payload.gen else _NOT_KNOWN
        tell(f"Could not sync with {url}: {error.message}.{lacks}")
        return now


def _as_it_is(context: Context, opened: Opened) -> Opened:
    try:
        return vault.open_with_main_key(context.paths, opened.k_main)
    except errors.Error:
        return opened


def _pulled(context: Context, opened: Opened, local: LocalSync) -> Opened:
    place = local.remote.place
    credentials = bucket_access.credentials_for(context, place, opened)
    steps.sync(
        bucket_access.bucket(context, place, credentials, deadline=context.deadline),
        paths=context.paths,
        clock=context.clock,
        deadline=context.deadline,
        open_vault=lambda: opened,
        ask=_nobody,
    )
    return vault.open_with_main_key(context.paths, opened.k_main)


def _nobody(_: VaultFile) -> Secret:
    raise errors.Locked("another machine has replaced the key of the bucket's file")


def elsewhere(opened: Opened) -> tuple[tuple[str, Entry], ...]:
    """Keys that no entry of this vault shows, with the names of their entries: those of versions that wait for an answer, and of
    rotations that other machines have in progress, or that this one had when another removed the entry.
    """
    known = {entry.access_key_id for entry in opened.payload.entries.values()}
    found: dict[str, tuple[str, Entry]] = {}
    for entry_name, entry in _hidden(opened):
        if entry.access_key_id not in known:
            found.setdefault(entry.access_key_id, (entry_name, entry))
    return tuple(found.values())


def former(before: Opened, now: Opened) -> tuple[tuple[str, Entry], ...]:
    """Keys of ``before`` that ``now`` lacks or has with another secret, with the names of their entries: a sync took them away.

    Another machine may have rotated such a key. Or its thief removed it, so that a panic does not know it.
    """
    kept: dict[str, list[Secret]] = {}
    for _, one in _all(now):
        kept.setdefault(one.access_key_id, []).append(one.secret)
    return tuple(
        (entry_name, one)
        for entry_name, one in _all(before)
        if one.secret not in kept.get(one.access_key_id, ())
    )


def _all(opened: Opened) -> Iterator[tuple[str, Entry]]:
    """Every key of the vault by itself, with the name of its entry."""
    for entry_name, entry in sorted(opened.payload.entries.items()):
        yield entry_name, replace(entry, journal=None)
        for pair in journal_pairs(entry):
            yield entry_name, _entry(entry, pair)
    yield from _hidden(opened)


def _hidden(opened: Opened) -> Iterator[tuple[str, Entry]]:
    """Those that no entry shows. A panic goes on with the keys that can be read."""
    try:
        local = local_state.find(opened.payload)
        if local is not None:
            yield from _hidden_by(opened, local)
    except (errors.Damaged, JsonError):
        return


def _hidden_by(opened: Opened, local: LocalSync) -> Iterator[tuple[str, Entry]]:
    entries = opened.payload.entries
    for key in sorted(shown.conflicts(local.shown)):
        if kind(key) == ENTRY:
            for one in local.state.items[key]:
                if one.content is not None:
                    yield name(key), payload_codec.entry_of(dict(one.content))
    for key, versions in sorted(local.state.items.items()):
        machine, _, entry_name = name(key).partition("/")
        for one in (
            versions if kind(key) == JOURNAL and (machine != local.me or entry_name not in entries) else ()
        ):
            if one.content is not None:
                journal = payload_codec.journal_of(dict(one.content))
                for pair in (journal.new, journal.old):
                    if pair is not None:
                        yield entry_name, _entry(entries.get(entry_name), pair)


def _entry(like: Entry | None, pair: KeyPair) -> Entry:
    """The key of another machine's rotation, with the MFA device of its entry."""
    if like is None:
        return vault.Entry(access_key_id=pair.access_key_id, secret=pair.secret, created=0)
    return replace(like, access_key_id=pair.access_key_id, secret=pair.secret, journal=None)
