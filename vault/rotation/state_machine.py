"""Decides the next step, from the entry with its journal and the keys at AWS. Pure: no AWS, no vault, no clock.

The journal (vault/rotation/journal.py) is written before each call that changes something at AWS. No matter when the
process is killed, ``next_step`` with the same journal and the same keys says how to continue.

If other machines share the vault, they are told of the journal before a key is created, of the new key before it takes over, and
after that; the old key stays active while one of them may use it. A run begins with a sync.
"""

from __future__ import annotations

from vault import errors, limits
from vault.frozen import replace
from vault.remote.other_machines import active_until, may_wait
from vault.rotation.journal import grace_ends, was_created_by
from vault.rotation.key_text import describe
from vault.rotation.steps import (
    CreateKey,
    DeleteKey,
    Done,
    RemoveJournal,
    SetActive,
    ShareEdits,
    TakeOver,
    UpdateOthers,
    VerifyKey,
    WithdrawTry,
    WriteJournal,
)
from vault.text import command, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.rotation.steps import RotationRequest, RunState, Step
    from vault.store.vault import Entry, RotationJournal

KEYS_A_USER = 2  # IAM's limit
_HELD = (
    "answer what waits (awsvault-py sync), or finish the rotation on that machine, then run the command again"
)


class TwoKeys(errors.RotationStopped):
    """The user has two keys, and the second is not in this entry (11)."""


class NothingToUndo(errors.RotationStopped):
    """No old key is kept (11)."""

    hint = "an old key is kept for seven days after a rotation without --delete-now"


class RotatedElsewhere(errors.RotationStopped):
    """Another machine that shares the vault has a rotation of this key in progress (11)."""

    hint = (
        "finish the rotation on that machine: awsvault-py rotate --finish NAME; if it no longer exists, remove it: "
        "awsvault-py slots remove MACHINE"
    )


def next_step(entry: Entry, state: RunState, request: RotationRequest) -> Step:
    """The next step. Errors: TwoKeys, NothingToUndo, RotatedElsewhere, RotationStopped if the user does not have the entry's key."""
    step = _next(entry, state, request)
    return ShareEdits(needed=False) if isinstance(step, Done) and state.unshared else step


def _next(entry: Entry, state: RunState, request: RotationRequest) -> Step:
    journal = entry.journal
    if journal is None:
        return _without_journal(entry, state, request)
    changed = _after_foreign_edit(entry, journal, state)
    if changed is not None:
        return changed
    if _has_taken_over(entry, journal, state):
        return RemoveJournal()
    if _is_replaced(entry, journal) and not (state.elsewhere and journal.step == "create"):
        request = replace(request, undo=True)
    match journal.step:
        case "create":
            return _after_create(entry, journal, state, request)
        case "prove":
            return _after_store(journal, state, request)
        case "retire" | "drop":
            return _after_take_over(journal, state, request)
        case "grace":
            return _in_grace(entry, journal, state, request)
        case "undo":
            return _undo(journal, state)
        case _:
            raise errors.Damaged(
                f"the rotation's journal has a step of another version: {safe(journal.step, limit=20)}",
                hint="finish the rotation with the newer awsvault-py that started it",
            )


def _without_journal(entry: Entry, state: RunState, request: RotationRequest) -> Step:
    """No rotation of this machine is in progress, or none any more."""
    if state.took_over:
        return Done()
    if state.elsewhere:
        return _leave_to_other(state)
    if request.finish:
        return Done()
    if request.undo:
        raise NothingToUndo(f"no old key of {_user(entry)} is kept")
    return _start(entry, state, request)


def _start(entry: Entry, state: RunState, request: RotationRequest) -> Step:
    """A rotation begins."""
    if state.key(entry.access_key_id) is None:
        raise errors.RotationStopped(
            f"AWS's list of the user's keys does not have {safe(entry.access_key_id)}: it was rotated or deleted elsewhere",
            hint="store the key that replaced it: awsvault-py add --replace NAME",
        )
    other = request.delete_other
    if other is not None and (other == entry.access_key_id or state.key(other) is None):
        raise errors.RotationStopped(
            f"the user has no other key {safe(other)}", hint="run: awsvault-py rotate --dry-run"
        )
    if len(state.keys) < KEYS_A_USER:
        return WriteJournal(step="create")
    if other is not None:
        return _delete_other(other, state)
    raise _two_keys(entry, state)


def _delete_other(key_id: str, state: RunState) -> Step:
    """The key that the user named goes. Declined if an entry has it, here or on another machine."""
    if key_id in state.held:
        raise errors.Declined(
            f'{safe(key_id)} is a key of the entry "{safe(state.held[key_id])}" on another machine',
            hint=_HELD,
        )
    if key_id in state.others:
        raise errors.Declined(
            f'{safe(key_id)} is the key of the entry "{safe(state.others[key_id])}"',
            hint="name a key of the user that is in no entry with --delete-other",
        )
    return DeleteKey(key_id=key_id, why="other")


def _after_create(entry: Entry, journal: RotationJournal, state: RunState, request: RotationRequest) -> Step:
    """A key may have been created although AWS's answer was lost."""
    if state.elsewhere and not state.sent and not request.undo:
        return WithdrawTry() if state.journaled else _leave_to_other(state, own=True)
    for key in () if state.elsewhere else state.keys:  # a key may be the other machine's
        if key.id != entry.access_key_id and not state.in_use(key.id) and was_created_by(key, journal):
            return ShareEdits() if state.unshared else DeleteKey(key_id=key.id, why="lost")
    if request.undo:
        # IAM's list may show a new key late: keep the journal until then, for the next run.
        return RemoveJournal() if state.now - journal.began > limits.LATE_KEY else Done()
    if len(state.keys) < KEYS_A_USER:
        if not state.journaled:
            return WriteJournal(step="create")
        return ShareEdits() if state.unshared else CreateKey()
    other = request.delete_other
    if other is not None and other != entry.access_key_id and state.key(other) is not None:
        return _delete_other(other, state)
    raise _two_keys(entry, state)


def _after_store(journal: RotationJournal, state: RunState, request: RotationRequest) -> Step:
    """The new pair is in the vault; the entry still has the old one."""
    if journal.new is None:
        raise errors.Damaged("the rotation's journal does not have its new key")
    if request.undo:
        return WriteJournal(step="undo")
    if state.key(journal.new.access_key_id) is None and state.now - journal.began > limits.LATE_KEY:
        return WriteJournal(step="create")  # someone deleted it; the old key is unchanged: start again
    if state.unshared:
        return ShareEdits()
    if journal.new.access_key_id not in state.verified:
        return VerifyKey(pair=journal.new)
    return TakeOver(pair=journal.new, then="drop" if request.delete_now else "retire")


def _after_take_over(journal: RotationJournal, state: RunState, request: RotationRequest) -> Step:
    """Another key has taken over: the new one or, after an undo, the old one again."""
    old = state.key(journal.old.access_key_id) if journal.old is not None else None
    if old is None:
        return RemoveJournal()
    if request.undo and not journal.taken_back:
        return WriteJournal(step="undo")
    if state.unshared:
        return ShareEdits()
    if old.active:
        ends = active_until(journal)
        if _keeps_active(journal, state, request) and state.now < ends:
            return Done(until=ends, waiting=state.waiting)
        return SetActive(key_id=old.id, active=False)
    if journal.step == "retire":
        return WriteJournal(step="drop" if request.delete_now else "grace")
    return DeleteKey(key_id=old.id, why="old")


def _keeps_active(journal: RotationJournal, state: RunState, request: RotationRequest) -> bool:
    """Whether the replaced key stays active, because another machine may use it: the old key or, after an undo, the new one.

    With --delete-now, now or when it began, the user does not wait.
    """
    return bool(state.waiting) and not request.delete_now and may_wait(journal)


def _in_grace(entry: Entry, journal: RotationJournal, state: RunState, request: RotationRequest) -> Step:
    """The old key is inactive and kept."""
    old = state.key(journal.old.access_key_id) if journal.old is not None else None
    if request.undo:
        if old is None:
            raise NothingToUndo(f"the old key of {_user(entry)} is gone at AWS and cannot be restored")
        return WriteJournal(step="undo")
    if old is None:
        return RemoveJournal()
    if old.active:
        raise errors.RotationStopped(
            f"someone activated the old key {old.id} again: something still needs it",
            hint="to take it back, run: awsvault-py rotate --undo; or deactivate it in the IAM console",
        )
    if state.took_over:
        return Done(until=grace_ends(journal))
    return WriteJournal(step="drop")


def _undo(journal: RotationJournal, state: RunState) -> Step:
    """The old key takes over again and its replacement is deleted; a new key that has not taken over is deleted."""
    if journal.new is not None:
        new = journal.new.access_key_id  # deleted even if IAM's list does not show it yet
        return RemoveJournal() if new in state.deleted else DeleteKey(key_id=new, why="lost")
    old = state.key(journal.old.access_key_id) if journal.old is not None else None
    if old is None or journal.old is None:
        return RemoveJournal()  # someone deleted it: the current key stays
    if not old.active:
        return SetActive(key_id=old.id, active=True)
    if old.id not in state.verified:
        return VerifyKey(pair=journal.old)
    return TakeOver(pair=journal.old, then="drop", back=True)


def _after_foreign_edit(entry: Entry, journal: RotationJournal, state: RunState) -> Step | None:
    """The next step if another machine gave an entry the replaced key: by its own edit, or because the user chose its version."""
    if journal.old is None or journal.step not in ("retire", "drop", "grace"):
        return None
    old = state.key(journal.old.access_key_id)
    if entry.access_key_id == journal.old.access_key_id:  # this entry has it, so it is not replaced any more
        if old is not None and not old.active:
            return SetActive(key_id=old.id, active=True)
        return RemoveJournal()
    if journal.old.access_key_id in state.others:
        return UpdateOthers(key_id=journal.old.access_key_id)
    return None


def _has_taken_over(entry: Entry, journal: RotationJournal, state: RunState) -> bool:
    """Whether an entry has the journal's new key already: the journal is from an older copy of the vault, and the key stays."""
    if journal.new is None or journal.step not in ("prove", "undo"):
        return False
    new = journal.new.access_key_id
    return new == entry.access_key_id or state.in_use(new)


def _is_replaced(entry: Entry, journal: RotationJournal) -> bool:
    """Whether another machine replaced the entry's key before the new one took over: what was created goes again."""
    began = journal.step in ("create", "prove")
    return began and bool(journal.known) and entry.access_key_id not in journal.known


def _leave_to_other(state: RunState, *, own: bool = False) -> Step:
    """RotatedElsewhere, once the other machines know that no try of this one is left. ``own``: one is, from an earlier run."""
    if state.unshared:
        return ShareEdits(needed=False)
    give_up = "; to give up the rotation that began here: awsvault-py rotate --undo NAME" if own else ""
    raise RotatedElsewhere(
        f"another machine ({safe(state.elsewhere)}) is rotating this key",
        hint=RotatedElsewhere.hint + give_up,
    )


def _two_keys(entry: Entry, state: RunState) -> TwoKeys:
    """The error that shows both keys."""
    own = entry.access_key_id
    shown = "; ".join(describe(key, now=state.now, own=own) for key in state.keys)
    other = next((key.id for key in state.keys if key.id != own), "KEYID")
    hint = f"if nothing uses the other key: awsvault-py rotate --delete-other {safe(other)}"
    if other in state.held:
        hint = f'{safe(other)} is a key of the entry "{safe(state.held[other])}" on another machine: {_HELD}'
    if other in state.others:
        name = state.others[other]
        hint = f'{safe(other)} is the key of the entry "{safe(name)}"; if you do not need that entry: {command("remove", name)}'
    return TwoKeys(f"the user already has two keys, the most that AWS allows: {shown}", hint=hint)


def _user(entry: Entry) -> str:
    return safe(entry.user or entry.access_key_id)
