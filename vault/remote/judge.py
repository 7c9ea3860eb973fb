"""Whether what the bucket shows can be merged: a bucket may withhold, but not alter, roll back or fork what machines share.

Each case has its own error (9) and its way out. The pin is a vector: how far each machine's edits had come there.
"""

from __future__ import annotations

from vault import errors, limits
from vault.remote import bucket_file
from vault.remote.machine_names import all_called
from vault.store.format import FormatError, parse_file
from vault.sync import versions
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vault.remote.bucket_file import BucketFile
    from vault.remote.note import SyncNote
    from vault.secret import Secret
    from vault.store.format import VaultFile
    from vault.sync.local import Remote
    from vault.sync.versions import SharedState

    Ask = Callable[[VaultFile], Secret]  # K_remote by what the user types. Locked, WrongPassphrase, NoAnswer

_ACCEPT = "if you put an older copy there yourself, run: awsvault-py sync --accept"
_EARLIER = "end the access of removed machines to the bucket; then put back what this machine has: awsvault-py sync --accept"
_REPLACE = "restore the previous version of the object; to replace it by what this machine has: awsvault-py sync --accept"


def parse(data: bytes, *, vault_id: bytes, url: str) -> VaultFile:
    """The parts of the object, not authenticated. Damaged: cut, no vault, or another vault."""
    try:
        found = parse_file(data)
    except FormatError as error:
        raise errors.Damaged(f"{safe(url)}: {error}", hint=_REPLACE) from None
    if found.header.vault_id != vault_id:
        raise OtherVault(f"{safe(url)} is another vault than the one on this machine")
    return found


class OtherVault(errors.Damaged):
    """The object is a vault of another ID (9). It is never replaced."""

    hint = (
        "check bucket and key, because another vault needs another key; to use the bucket's vault on this machine, move the one here "
        "and its backups away, then run: awsvault-py init --from s3://BUCKET/KEY"
    )


def opened(
    found: VaultFile, remote: Remote, ask: Ask, *, noted: SyncNote | None, accept: bool = False
) -> BucketFile:
    """The bucket's file, by the key that is known or by what the user types. Damaged, RolledBack, and what ``ask`` raises.

    ``noted``: what this machine has seen, even if an older copy of its vault came back.
    """
    last = last_gen(remote, noted)
    if noted is not None and noted.bucket == found.digest.hex():
        last = remote.gen  # not an older file: the vault is an older copy, which lacks the file's key
    read = _opened(found, remote, ask, seen_gen=0 if accept else last)
    ahead = found.header.gen - last_gen(remote, noted)
    if ahead > limits.GENERATIONS_AHEAD:
        raise errors.Damaged(
            f"{safe(remote.place.url)} has generation {found.header.gen}, {ahead} after the last one that this machine has seen",
            hint=_REPLACE,
        )
    earlier = read.key != remote.key and read.key_gen <= remote.key_gen
    if (earlier or (noted is not None and read.key_gen < noted.key_gen)) and not accept:
        raise _earlier_key(remote)
    return read


def _earlier_key(remote: Remote) -> errors.RolledBack:
    return errors.RolledBack(
        f"{safe(remote.place.url)} was sealed with an earlier key than the one that this machine has seen: this is an "
        "older copy, or a machine that was removed wrote it",
        hint=_EARLIER,
    )


def last_gen(remote: Remote, noted: SyncNote | None) -> int:
    """The newest generation of the bucket's file that this machine has seen."""
    return max(remote.gen, noted.gen if noted is not None else 0)


def gen_to_pass(found: VaultFile | None, remote: Remote) -> int:
    """The generation of a file that is replaced: others may have seen it. It is not authenticated, so it must not use up all numbers."""
    gen = 0 if found is None else found.header.gen
    return gen if gen <= remote.gen + limits.GENERATIONS_AHEAD else 0


def _opened(found: VaultFile, remote: Remote, ask: Ask, *, seen_gen: int) -> BucketFile:
    url = safe(remote.place.url)
    try:
        return bucket_file.read(found, remote.key, path=url)
    except errors.Damaged as error:
        known = {slot.sid for slot in remote.slots}
        if known & {slot.sid for slot in found.header.slots}:  # a new key would come with new slots
            raise errors.Damaged(error.message, hint=_REPLACE) from None
    if any(
        _opens(found, key) for key in remote.old
    ):  # also if the user accepts it: then this machine's state replaces it
        raise _earlier_key(remote)
    if found.header.gen <= seen_gen:
        raise errors.RolledBack(
            f"{url} was sealed with another key, and has generation {found.header.gen}; this machine has seen generation "
            f"{seen_gen}: this is an older copy",
            hint=_ACCEPT,
        )
    key = ask(found)
    try:
        return bucket_file.read(found, key, path=url)
    except errors.Damaged as error:
        raise errors.Damaged(error.message, hint=_REPLACE) from None


def _opens(found: VaultFile, key: Secret) -> bool:
    try:
        bucket_file.read(found, key, path="")
    except errors.Damaged:
        return False
    return True


def check_seen(seen: Mapping[str, int], state: SharedState, known: SharedState, *, url: str) -> None:
    """RolledBack if the state lacks edits that this machine has seen there."""
    lacking = versions.missing(seen, state)
    if lacking:
        listed = ", ".join(map(safe, all_called(known.machines, lacking)))
        raise errors.RolledBack(
            f"{safe(url)} lacks edits of {listed} that this machine has seen: it is an older copy, or two copies have diverged",
            hint=_ACCEPT,
        )


def missing_object(url: str) -> errors.RolledBack:
    """The error if the object is gone."""
    return errors.RolledBack(
        f"{safe(url)} does not exist any more, and this machine has seen it",
        hint="restore the object's last version; to create it again from this machine: awsvault-py sync --accept",
    )


def was_removed(url: str) -> errors.Declined:
    """The error for a machine that another one removed."""
    return errors.Declined(
        f"this machine was removed from the vault in {safe(url)}",
        hint=f"to join again, with what only this machine has: awsvault-py init --from {safe(url)}",
    )
