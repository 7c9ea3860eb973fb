"""Applies changes of files, and undoes them: each `setup` and `import` leaves a record in the state folder. An undo takes
back the newest change of its own kind.

A record has only the lines that change, and is written before the files. The record of an import has secrets, so it is sealed
under a key of the vault. After `passwd` or `rekey`, the new keys cannot open it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from dataclasses import dataclass

from vault import errors, limits
from vault.credentials import audit
from vault.crypto.seal import SealBroken, hkdf, seal, unseal
from vault.profiles.edit import Document, Hunk
from vault.profiles.revert import revert
from vault.records import NamedTuple
from vault.system import locks, replace_file
from vault.system.files import Folder
from vault.system.user_files import read_users_file
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from vault.context import Context
    from vault.store.vault import Opened

LOCK = "moving.lock"
_FOLDER = "undo"
_LABEL = "undo"
_KEY_ID = re.compile(rb"\b(?:AKIA|ASIA)[A-Z0-9]{12,124}\b")
_PLAIN, _SEALED = b"awsvault undo 1 plain\n", b"awsvault undo 1 sealed\n"


class UndoKind(NamedTuple):
    """A kind of change: how the names of its records begin, what users call it, and whether the records are sealed."""

    records: str
    name: str
    sealed: bool = False


SETUP = UndoKind("setup", "setup")
IMPORT = UndoKind("import", "import", sealed=True)


def of_sign_in(name: str) -> UndoKind:
    """The profiles of the sign-in with this name."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
    return UndoKind(f"sso-{digest[:16]}", f"setup --sso {safe(name)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file to change. ``before`` is None if it does not exist yet, ``after`` is None if it is to be removed.

    ``kind`` says how to read it: "config", "credentials", or "" for a file that is not AWS's.
    """

    path: str
    kind: str
    before: bytes | None
    after: bytes | None
    hunks: tuple[Hunk, ...]

    @property
    def empty(self) -> bool:
        """Whether it changes nothing."""
        return self.before == self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """One file that undo restores. ``now`` and ``then`` are its bytes before and after the undo; None: it does not exist.

    ``kind`` is that of Change. ``keys`` are the access key IDs that return to the file, each with its profile (empty in a
    file without profiles).
    """

    path: str
    kind: str
    now: bytes | None
    then: bytes | None
    keys: tuple[tuple[str, str], ...] = ()


class UndoPreview(NamedTuple):
    """What an undo does: the record of the change, the files to restore, and the vault if the record is sealed."""

    record: str
    files: tuple[Undone, ...]
    opened: Opened | None


def apply_changes(
    context: Context, changes: Sequence[Change], *, kind: UndoKind, opened: Opened | None
) -> None:
    """Write the record, then the files, each in one step. ``opened`` seals the record; None if the kind is not sealed.

    If this is interrupted, each file is either unchanged or completely changed, and the record can undo both.
    Raises ChangedMeanwhile, UnsafeFile, StorageError, Busy.
    """
    real = [change for change in changes if not change.empty]
    if not real:
        return
    with (
        Folder.open(context.paths.state, create=True) as state,
        locks.lock(state, LOCK, deadline=context.new_deadline()),
    ):
        with _folder(context, create=True) as folder:
            record = _write(folder, real, kind=kind, opened=opened)
        for change in real:
            try:
                _apply(change)
            except (replace_file.ChangedMeanwhile, errors.UnsafeFile):  # raised before the file is touched
                if change is real[0]:  # the record of nothing would keep the one before it from being undone
                    with _folder(context) as folder:
                        folder.unlink(record)
                raise


def _apply(change: Change) -> None:
    if change.after is None:
        replace_file.remove(change.path, before=change.before or b"")
    else:
        replace_file.replace(change.path, change.after, before=change.before)


def preview(context: Context, *, kind: UndoKind, open_vault: Callable[[], Opened]) -> UndoPreview:
    """What an undo of the newest change would do. Raises NotFound if there is none, Declined if it cannot be undone.

    ``open_vault`` is called only if the record is sealed.
    """
    name, raw = _newest(context, kind)
    opened = open_vault() if raw.startswith(_SEALED) else None
    value = _decode(raw, name=name, opened=opened)
    try:
        files = [undone for one in reversed(value["files"]) if (undone := _undone(one)) is not None]
    except (KeyError, TypeError, ValueError):
        raise _damaged(name) from None
    return UndoPreview(name, tuple(files), opened)


def opens_import(context: Context, opened: Opened) -> bool:
    """Whether ``import --undo`` can undo the newest import. It no longer can once the vault has other keys."""
    try:
        name, raw = _newest(context, IMPORT)
        return bool(_decode(raw, name=name, opened=opened))
    except errors.Error:
        return False


def any_of(context: Context, kind: UndoKind) -> bool:
    """Whether there is a change of this kind to undo."""
    try:
        _newest(context, kind)
    except errors.Error:
        return False
    return True


def undo(context: Context, seen: UndoPreview, *, kind: UndoKind) -> None:
    """Restore the files as previewed, then remove the record. Raises ChangedMeanwhile, StorageError, Busy."""
    with (
        Folder.open(context.paths.state, create=True) as state,
        locks.lock(state, LOCK, deadline=context.new_deadline()),
    ):
        if _newest(context, kind)[0] != seen.record:
            raise replace_file.ChangedMeanwhile(
                f"another {kind.name} ran in the meantime; nothing was changed"
            )
        if seen.opened is not None:
            keys = [(profile, key_id, one.path) for one in seen.files for profile, key_id in one.keys]
            # Before the files, so that every restored key is in the log even if this process is killed.
            audit.log_restored_keys(context, seen.opened, keys)
        for one in seen.files:
            if one.then is None:
                replace_file.remove(one.path, before=one.now or b"")
            else:
                replace_file.replace(one.path, one.then, before=one.now)
        with _folder(context) as folder:
            folder.unlink(seen.record)


def _folder(context: Context, *, create: bool = False) -> Folder:
    return Folder.open(os.path.join(context.paths.state, _FOLDER), create=create)


def _names(folder: Folder, kind: UndoKind) -> list[str]:
    return sorted(n for n in folder.names() if n.startswith(kind.records + "-") and n.endswith(".undo"))


def _newest(context: Context, kind: UndoKind) -> tuple[str, bytes]:
    try:
        with _folder(context) as folder:
            names = _names(folder, kind)
            if names:
                return names[-1], folder.read(names[-1], limit=limits.MAX_UNDO)
    except FileNotFoundError:
        pass
    raise errors.NotFound(
        f"there is no {kind.name} to undo",
        hint="the newest can be undone, once; restore older files from a backup",
    )


def _write(folder: Folder, changes: Sequence[Change], *, kind: UndoKind, opened: Opened | None) -> str:
    """Write the record of ``changes``, and return its name."""
    names = _names(folder, kind)
    number = int(names[-1].removeprefix(kind.records + "-").removesuffix(".undo")) + 1 if names else 1
    body = json.dumps({"files": [_json(change) for change in changes]}).encode()
    if opened is not None:
        sealed = seal(
            hkdf(opened.k_main, info=b"awsvault/v1/undo"), label=_LABEL, aad=opened.vault_id, plaintext=body
        )
        body = _SEALED + sealed
    elif kind.sealed:
        raise errors.Internal(f"the record of an {kind.name} is always sealed")
    else:
        body = _PLAIN + body
    name = f"{kind.records}-{number:06d}.undo"
    folder.sweep(name)
    folder.write_atomic(name, body, durable=True)
    for old in names[: -limits.UNDO_KEPT + 1]:
        folder.unlink(old)
    return name


def _decode(raw: bytes, *, name: str, opened: Opened | None) -> dict[str, Any]:
    if opened is not None:
        try:
            key = hkdf(opened.k_main, info=b"awsvault/v1/undo")
            body = unseal(key, label=_LABEL, aad=opened.vault_id, box=raw[len(_SEALED) :])
        except SealBroken:
            raise errors.Declined(
                "this import can no longer be undone: the passphrase or the vault's keys were changed since",
                hint="add the lines yourself, with the key from: awsvault-py export --no-session NAME",
            ) from None
    elif raw.startswith(_PLAIN):
        body = raw[len(_PLAIN) :]
    else:
        raise _damaged(name)
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    if isinstance(value, dict) and isinstance(value.get("files"), list):
        return value
    raise _damaged(name)


def _damaged(name: str) -> errors.Damaged:
    return errors.Damaged(f"the record {name} is damaged", hint="remove it from the state folder")


def _json(change: Change) -> dict[str, Any]:
    return {
        "path": change.path,
        "kind": change.kind,
        "before": _digest(change.before),
        "after": _digest(change.after),
        "hunks": [[h.offset, _b64(h.old), _b64(h.new), h.profile] for h in change.hunks],
    }


def _undone(value: dict[str, Any]) -> Undone | None:
    """How to restore one file of a record; None if the file already is as it was before the change."""
    path, kind = str(value["path"]), str(value["kind"])
    now = read_users_file(path, limit=limits.MAX_CONFIG_FILE) if os.path.exists(path) else None
    if _digest(now) == value["before"]:
        return None
    hunks = [Hunk(int(at), _raw(old), _raw(new), str(profile)) for at, old, new, profile in value["hunks"]]
    keys = tuple((hunk.profile, i.decode()) for hunk in hunks for i in _KEY_ID.findall(hunk.old))
    exact = _digest(now) == value["after"]
    if value["before"] is None:
        if exact:
            return Undone(path=path, kind=kind, now=now, then=None)
        raise _edited(path, "")
    if value["after"] is None:
        if now is not None:
            raise _edited(path, "")
        return Undone(path=path, kind=kind, now=None, then=b"".join(hunk.old for hunk in hunks), keys=keys)
    if now is None:
        raise errors.Declined(
            f"{safe(path)} no longer exists", hint="put the file back, then run the command again"
        )
    try:
        then = revert(Document(now, path=path, kind=kind), hunks, exact=exact)
    except ValueError as error:
        raise _edited(path, str(error)) from None
    return Undone(path=path, kind=kind, now=now, then=then, keys=keys)


def _edited(path: str, profile: str) -> errors.Declined:
    where = f" in profile {safe(profile)}" if profile else ""
    return errors.Declined(
        f"{safe(path)} was edited after the change{where}, so the change cannot be undone line by line",
        hint="edit the file yourself",
    )


def _digest(data: bytes | None) -> str | None:
    return hashlib.sha256(data).hexdigest() if data is not None else None


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _raw(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
