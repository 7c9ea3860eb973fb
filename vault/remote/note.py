"""What this machine notes of the bucket: one small file in the state folder, outside the vault that a restore replaces (format.md 8).

It is not authenticated: what it says can raise an alarm or cost one more request, and deleting it would be as easy.
"""

from __future__ import annotations

from vault import errors, limits
from vault.records import NamedTuple
from vault.store import strict_json
from vault.store.strict_json import JsonError
from vault.system.files import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.system.paths import Paths

LOCK = "sync.lock"
_NOTED_EVERY = 60  # seconds: a sync with nothing to do notes its time no more often


class SyncNote(NamedTuple):
    """After the last whole sync: the object's entity tag, the digests of the vault file and of the bucket's file, its generation and
    that of its key, and the edits seen there. ``asks``: how many items wait for an answer. ``at``: when it was, in Unix seconds.
    """

    etag: str
    vault: str
    bucket: str
    gen: int
    key_gen: int
    seen: Mapping[str, int]
    asks: int = 0
    at: int = 0


def read(paths: Paths, vault_id: bytes) -> SyncNote | None:
    """The note for this vault, if there is one that can be read. UnsafeFile, StorageError."""
    try:
        with Folder.open(paths.state) as folder:
            value = strict_json.parse(folder.read(_name(vault_id), limit=limits.MAX_SYNC_NOTE))
        note = strict_json.object_of(value, "the note")
        strict_json.exact_keys(
            note, frozenset({"etag", "vault", "bucket", "gen", "kgen", "seen", "asks", "at"}), "the note"
        )
        seen = strict_json.object_of(note["seen"], "seen")
        return SyncNote(
            etag=strict_json.text_of(note["etag"], "etag"),
            vault=strict_json.text_of(note["vault"], "vault"),
            bucket=strict_json.text_of(note["bucket"], "bucket"),
            gen=strict_json.integer_of(note["gen"], "gen"),
            key_gen=strict_json.integer_of(note["kgen"], "kgen"),
            seen={machine: strict_json.integer_of(number, "seen") for machine, number in seen.items()},
            asks=strict_json.integer_of(note["asks"], "asks"),
            at=strict_json.integer_of(note["at"], "at"),
        )
    except (FileNotFoundError, JsonError):
        return None


def write(paths: Paths, vault_id: bytes, note: SyncNote) -> None:
    """Keep the note; the caller holds the lock of syncs. A disk that is full costs one more request next time."""
    raw = strict_json.canonical(
        {
            "etag": note.etag,
            "vault": note.vault,
            "bucket": note.bucket,
            "gen": note.gen,
            "kgen": note.key_gen,
            "seen": dict(note.seen),
            "asks": note.asks,
            "at": note.at,
        }
    )
    try:
        with Folder.open(paths.state, create=True) as folder:
            folder.sweep(_name(vault_id))
            folder.write_atomic(_name(vault_id), raw, durable=True)
    except errors.StorageError:
        return


def touch(paths: Paths, vault_id: bytes, note: SyncNote, *, at: int) -> None:
    """Note that a sync had nothing to do at ``at``, unless one had a moment ago."""
    if not 0 <= at - note.at < _NOTED_EVERY:
        write(paths, vault_id, note._replace(at=at))


def forget(paths: Paths, vault_id: bytes) -> None:
    """Remove the note: the vault has no remote any more. Context.has_synced looks for it by this name."""
    try:
        with Folder.open(paths.state) as folder:
            folder.unlink(_name(vault_id))
    except FileNotFoundError:
        return


def _name(vault_id: bytes) -> str:
    return f"sync-{vault_id.hex()}"
