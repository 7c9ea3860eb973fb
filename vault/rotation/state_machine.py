"""Rotation as a state machine: the journal and AWS's list in, the next step out. Pure: no AWS, no vault, no clock.

A journal is written before each remote step, so whatever kills the process, ``next_step`` over the same journal and
list says how to go on. Steps of a journal: ``create`` (a key may have been made), ``prove`` (the new pair is stored),
``retire`` and ``drop`` (the new key has taken over; the old one goes inactive, or goes), ``grace`` (the old one is
inactive), ``undo`` (the old one is to take over again).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from vault import errors, limits
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.aws.iam import AccessKey
    from vault.store.vault import Entry, KeyPair, RotationJournal

KEYS_A_USER = 2  # IAM's own limit


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationRequest:
    """What a person asked for. ``delete_other`` is the id of a key that is not ours and may go."""

    undo: bool = False
    finish: bool = False
    delete_now: bool = False
    delete_other: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is known of AWS: the user's keys, the time by AWS's Date, and which keys were proved in this run.

    ``others`` are the keys of the vault's other entries, by id, with the entries' names.
    """

    keys: tuple[AccessKey, ...]
    now: int
    others: Mapping[str, str] = field(default_factory=dict)
    proved: frozenset[str] = frozenset()
    turned: bool = False  # this run turned a key or picked up an interrupted turn: it begins no further one
    deleted: frozenset[str] = frozenset()  # keys that this run deleted
    journaled: bool = False  # this run wrote the journal, so its window holds what is created now

    def key(self, key_id: str) -> AccessKey | None:
        """The key of this id, if the user has it."""
        return next((key for key in self.keys if key.id == key_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Write the journal of a step, before that step is done."""

    step: Literal["create", "retire", "drop", "grace", "undo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """CreateAccessKey, once, and store the pair. The journal says ``create``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prove:
    """GetCallerIdentity with ``pair`` until it answers several times in a row."""

    pair: KeyPair


@dataclass(frozen=True, slots=True, kw_only=True)
class Promote:
    """The journal's pair becomes the entry's; what the entry had becomes the journal's ``old``."""

    pair: KeyPair
    then: Literal["retire", "drop"]
    back: bool = False  # by an undo, which no further undo undoes


@dataclass(frozen=True, slots=True, kw_only=True)
class SetActive:
    """UpdateAccessKey."""

    key_id: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """DeleteAccessKey. ``why`` is ``old``, ``lost`` (made by us, its secret never arrived) or ``other`` (named)."""

    key_id: str
    why: Literal["old", "lost", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """The rotation is over: remove the journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Nothing is left to do now. ``until`` is when a grace ends, in Unix seconds."""

    until: int | None = None


Act = Write | Create | Prove | Promote | SetActive | Delete | Close
Step = Act | Done


class TwoKeys(errors.RotationStopped):
    """The user has two keys, and the second is not the program's (11)."""


class NothingToUndo(errors.RotationStopped):
    """No old key is kept (11)."""

    hint = "an old key is kept for seven days after a rotation without --delete-now"


def check_place(journal: RotationJournal, at: str | None) -> None:
    """Untrusted where a rotation that began at one IAM would go on at another, ``at`` (None: AWS's own).

    A key that the other one lacks is not gone for that.
    """
    began = journal.at
    if began == at:
        return
    here, there = (safe(str(host)) if host is not None else "AWS's own host" for host in (at, began))
    raise errors.Untrusted(
        f"the rotation began with IAM at {there}, and now {here} would answer for it",
        hint="point AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_IAM or the profile's endpoint_url back, and run it again",
    )


def grace_ends(journal: RotationJournal) -> int:
    """When the old key may go, in Unix seconds."""
    return journal.began + limits.GRACE


def next_step(entry: Entry, view: View, request: RotationRequest) -> Step:
    """What to do now. Errors: TwoKeys, NothingToUndo, RotationStopped where the entry's key is not the user's."""
    journal = entry.journal
    if journal is None:
        if view.turned or request.finish:
            return Done()
        if request.undo:
            raise NothingToUndo(f"no old key of {safe(entry.user or entry.access_key_id)} is kept")
        return _begin(entry, view, request)
    match journal.step:
        case "create":
            return _after_create(entry, journal, view, request)
        case "prove":
            return _after_store(journal, view, request)
        case "retire" | "drop":
            return _after_promotion(journal, view, request)
        case "grace":
            return _in_grace(entry, journal, view, request)
        case "undo":
            return _undo(journal, view)
        case _:
            raise errors.Damaged(
                f"the journal of the rotation is at a step of another version: {safe(journal.step, limit=20)}",
                hint="finish the rotation with the newer awsvault-py that began it",
            )


def _begin(entry: Entry, view: View, request: RotationRequest) -> Step:
    """No rotation is under way."""
    own = view.key(entry.access_key_id)
    if own is None:
        raise errors.RotationStopped(
            f"AWS's list has no key {safe(entry.access_key_id)}: it was rotated or deleted elsewhere",
            hint="store the key that replaced it: awsvault-py add --replace NAME",
        )
    others = [key for key in view.keys if key.id != own.id]
    if request.delete_other is not None and request.delete_other not in {key.id for key in others}:
        raise errors.RotationStopped(
            f"the user has no other key {safe(request.delete_other)}",
            hint="run: awsvault-py rotate --dry-run",
        )
    if len(view.keys) < KEYS_A_USER:
        return Write(step="create")
    if request.delete_other is not None:
        return Delete(key_id=request.delete_other, why="other")
    raise two_keys(view, entry.access_key_id)


def _after_create(entry: Entry, journal: RotationJournal, view: View, request: RotationRequest) -> Step:
    """A key may have been made and its answer lost."""
    foreign = [key for key in view.keys if key.id not in journal.known and key.id != entry.access_key_id]
    for key in foreign:
        if is_ours(key, journal):
            return Delete(key_id=key.id, why="lost")
    if request.undo:
        # IAM's list may show only later what was made: until then the journal stays, for the next run.
        return Close() if view.now - journal.began > limits.LATE_KEY else Done()
    if len(view.keys) < KEYS_A_USER:
        return Create() if view.journaled else Write(step="create")
    if request.delete_other is not None and request.delete_other in {key.id for key in view.keys} - {
        entry.access_key_id
    }:
        return Delete(key_id=request.delete_other, why="other")
    raise two_keys(view, entry.access_key_id)


def is_ours(key: AccessKey, journal: RotationJournal) -> bool:
    """Whether a key that the journal's list lacked was made by its CreateAccessKey: in a window of it, and never used.

    Only we could have used it, and we never got its secret. A last use that AWS would not tell is not "never".
    """
    inside = any(
        began - limits.CREATION_BEFORE <= key.created <= began + limits.CREATION_WINDOW
        for began in (journal.began, *journal.earlier)
    )
    return key.id not in journal.known and inside and key.asked and key.used is None


def without_last_try(journal: RotationJournal) -> RotationJournal | None:
    """The journal as it was before its last try, which AWS refused: what came in its window, somebody else made."""
    if not journal.earlier:
        return None
    return replace(journal, began=journal.earlier[-1], earlier=journal.earlier[:-1])


def _after_store(journal: RotationJournal, view: View, request: RotationRequest) -> Step:
    """The new pair is in the vault; the old one is the entry's still."""
    if journal.new is None:
        raise errors.Damaged("the journal of the rotation lacks its new key")
    if request.undo:
        return Write(step="undo")
    if view.key(journal.new.access_key_id) is None and view.now - journal.began > limits.LATE_KEY:
        return Write(step="create")  # somebody deleted it; the old key was never touched: begin again
    if journal.new.access_key_id not in view.proved:
        return Prove(pair=journal.new)
    return Promote(pair=journal.new, then="drop" if request.delete_now else "retire")


def _after_promotion(journal: RotationJournal, view: View, request: RotationRequest) -> Step:
    """Another key has taken over: the new one, or after an undo the old one again."""
    old = view.key(journal.old.access_key_id) if journal.old is not None else None
    if old is None:
        return Close()
    if request.undo and not journal.taken_back:
        return Write(step="undo")
    if old.active:
        return SetActive(key_id=old.id, active=False)
    return Write(step="grace") if journal.step == "retire" else Delete(key_id=old.id, why="old")


def _in_grace(entry: Entry, journal: RotationJournal, view: View, request: RotationRequest) -> Step:
    """The old key is inactive and waits for its end."""
    old = view.key(journal.old.access_key_id) if journal.old is not None else None
    if request.undo:
        if old is None:
            raise NothingToUndo(
                f"the old key of {safe(entry.user or entry.access_key_id)} is gone at AWS: nothing can bring it back"
            )
        return Write(step="undo")
    if old is None:
        return Close()
    if old.active:
        raise errors.RotationStopped(
            f"the old key {old.id} was made active again by somebody: something still needs it",
            hint="run: awsvault-py rotate --undo to take it back, or make it inactive in the IAM console",
        )
    if view.turned:
        return Done(until=grace_ends(journal))
    return Write(step="drop")


def _undo(journal: RotationJournal, view: View) -> Step:
    """The old key takes over again, and the one that had replaced it is dropped; or the new one, before it took over."""
    if journal.new is not None:
        new = journal.new.access_key_id  # deleted also where IAM's list does not show it yet
        return Close() if new in view.deleted else Delete(key_id=new, why="lost")
    old = view.key(journal.old.access_key_id) if journal.old is not None else None
    if old is None or journal.old is None:
        return Close()  # it was deleted meanwhile: the present key stays
    if not old.active:
        return SetActive(key_id=old.id, active=True)
    if old.id not in view.proved:
        return Prove(pair=journal.old)
    return Promote(pair=journal.old, then="drop", back=True)


def two_keys(view: View, own: str) -> TwoKeys:
    """The error that shows both keys: status, age, last use."""
    shown = "; ".join(describe(key, now=view.now, own=own) for key in view.keys)
    other = next((key.id for key in view.keys if key.id != own), "KEYID")
    hint = f"if nothing uses the other one: awsvault-py rotate --delete-other {safe(other)}"
    if other in view.others:
        name = safe(view.others[other])
        hint = f'{safe(other)} is the key of the entry "{name}"; if that is not needed: awsvault-py remove {name}'
    return TwoKeys(f"the user has two keys already, as many as AWS allows: {shown}", hint=hint)


def describe(key: AccessKey, *, now: int, own: str | None = None) -> str:
    """One key in words: id, status, age, last use."""
    whose = " (in the vault)" if key.id == own else ""
    used = "never used" if key.asked else "last use not known"
    if key.used is not None:
        used = f"last used {days(now - key.used.at)} ago for {safe(key.used.service)}"
    return f"{safe(key.id)}{whose} {'active' if key.active else 'inactive'}, {days(now - key.created)} old, {used}"


def days(seconds: int) -> str:
    """A span in its largest whole unit: ``92 days``, ``3 hours``, ``12 minutes``."""
    seconds = max(0, seconds)
    unit, length = next(
        (one for one in (("day", 86_400), ("hour", 3_600)) if seconds >= 2 * one[1]), ("minute", 60)
    )
    count = seconds // length
    return f"{count} {unit}{'' if count == 1 else 's'}"
