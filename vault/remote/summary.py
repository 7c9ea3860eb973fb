"""What other commands show of a remote without opening the vault: a sealed file in the state folder, as of the last sync (format.md 8).

Sealed with the cache key, because it has names. A file that is not exactly right counts as missing. Imports nothing of vault/sync,
because `list` and `status` read it.
"""

from __future__ import annotations

from vault import errors
from vault.crypto.seal import SealBroken, seal, unseal
from vault.records import NamedTuple
from vault.store import strict_json
from vault.store.strict_json import JsonError
from vault.system.files import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from vault.secret import Secret
    from vault.store.strict_json import Json
    from vault.system.paths import Paths

_LABEL = "sync-summary"
_BLOCK = 1024  # bytes: the size tells little
MOST_BYTES = 4 * 1024 * 1024  # for limits.MAX_MACHINES and MOST_WAITING
MOST_WAITING = (
    1_000  # items that wait for an answer, by name (the note has the number of all), and rotations that wait
)


class MachineInfo(NamedTuple):
    """A machine of the bucket. ``at``: when it last wrote its line. ``behind``: how many edits of others it did not have then."""

    id: str
    name: str
    at: int
    edits: int
    behind: int
    gone: bool
    here: bool


class WaitingItem(NamedTuple):
    """An item that waits for the user's answer. ``kind``: entry, seed or strict."""

    kind: str
    name: str
    why: str


class RotationWait(NamedTuple):
    """A rotation whose old key stays active for machines that may still use it, until ``until`` (Unix seconds) at the latest.

    ``machines``: some of them, by name, and ``more`` others. With none, the old key can be deactivated.
    """

    entry: str
    key_id: str
    old_id: str
    until: int
    machines: tuple[str, ...]
    more: int = 0


class SyncSummary(NamedTuple):
    """The remote, its machines, this one first, what waits for an answer, and which rotations of this machine wait for others."""

    url: str
    machines: tuple[MachineInfo, ...]
    waiting: tuple[WaitingItem, ...]
    rotations: tuple[RotationWait, ...] = ()


def write(paths: Paths, vault_id: bytes, cache_key: Secret, summary: SyncSummary) -> None:
    """Keep the summary; the caller holds the lock of syncs. If that fails, the other commands show less."""
    try:
        raw = strict_json.compact(_json(summary))
        box = seal(cache_key, label=_LABEL, aad=vault_id, plaintext=raw + b" " * (-len(raw) % _BLOCK))
        with Folder.open(paths.state, create=True) as folder:
            folder.sweep(_name(vault_id))
            folder.write_atomic(_name(vault_id), box, durable=False)
    except (JsonError, errors.Error):
        return


def read(paths: Paths, vault_id: bytes, cache_key: Secret) -> SyncSummary | None:
    """The summary, if there is one that this cache key opens. Never an error."""
    try:
        with Folder.open(paths.state) as folder:
            box = folder.read(_name(vault_id), limit=MOST_BYTES)
        raw = unseal(cache_key, label=_LABEL, aad=vault_id, box=box)
        return _summary(strict_json.object_of(strict_json.parse(raw), "the summary"))
    except (OSError, SealBroken, JsonError, errors.Error):
        return None


def forget(paths: Paths, vault_id: bytes) -> None:
    """Remove the summary: the vault has no remote any more."""
    try:
        with Folder.open(paths.state) as folder:
            folder.unlink(_name(vault_id))
    except FileNotFoundError:
        return


def _name(vault_id: bytes) -> str:
    return f"machines-{vault_id.hex()}"


def _json(summary: SyncSummary) -> dict[str, Json]:
    return {
        "url": summary.url,
        "machines": [
            {"id": m.id, "name": m.name, "at": m.at, "n": m.edits, "behind": m.behind, "gone": m.gone, "here": m.here}
            for m in summary.machines
        ],
        "waiting": [list(one) for one in summary.waiting[: MOST_WAITING]],
        "rotations": [
            {"entry": w.entry, "key": w.key_id, "old": w.old_id, "until": w.until, "machines": list(w.machines), "more": w.more}
            for w in summary.rotations[: MOST_WAITING]
        ],
    }  # fmt: skip


def _summary(value: dict[str, Json]) -> SyncSummary:
    strict_json.exact_keys(value, frozenset({"url", "machines", "waiting", "rotations"}), "the summary")
    return SyncSummary(
        strict_json.text_of(value["url"], "url"),
        tuple(map(_machine, strict_json.list_of(value["machines"], "machines"))),
        tuple(map(_item, strict_json.list_of(value["waiting"], "waiting"))),
        tuple(map(_rotation, strict_json.list_of(value["rotations"], "rotations"))),
    )


def _machine(value: Json) -> MachineInfo:
    one = strict_json.object_of(value, "a machine")
    strict_json.exact_keys(one, frozenset({"id", "name", "at", "n", "behind", "gone", "here"}), "a machine")
    return MachineInfo(
        id=strict_json.text_of(one["id"], "id"),
        name=strict_json.text_of(one["name"], "name"),
        at=strict_json.integer_of(one["at"], "at"),
        edits=strict_json.integer_of(one["n"], "n"),
        behind=strict_json.integer_of(one["behind"], "behind"),
        gone=strict_json.boolean_of(one["gone"], "gone"),
        here=strict_json.boolean_of(one["here"], "here"),
    )


def _rotation(value: Json) -> RotationWait:
    one = strict_json.object_of(value, "a rotation")
    strict_json.exact_keys(one, frozenset({"entry", "key", "old", "until", "machines", "more"}), "a rotation")
    names: Iterable[Json] = strict_json.list_of(one["machines"], "machines")
    return RotationWait(
        entry=strict_json.text_of(one["entry"], "entry"),
        key_id=strict_json.text_of(one["key"], "key"),
        old_id=strict_json.text_of(one["old"], "old"),
        until=strict_json.integer_of(one["until"], "until"),
        machines=tuple(strict_json.text_of(name, "machines") for name in names),
        more=strict_json.integer_of(one["more"], "more"),
    )


def _item(value: Json) -> WaitingItem:
    words: Iterable[Json] = strict_json.list_of(value, "an item")
    found = [strict_json.text_of(word, "an item") for word in words]
    if len(found) != len(WaitingItem._fields):
        raise JsonError("an item has another number of words")
    return WaitingItem(*found)
