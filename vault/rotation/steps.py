"""The values of a rotation: what the user asked for, what a run knows, and the steps that it can take. No logic."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.aws.iam import AccessKey
    from vault.store.vault import KeyPair


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationRequest:
    """What the user asked for. ``delete_other`` is the ID of a key that is not in the vault and may be deleted."""

    undo: bool = False
    finish: bool = False
    delete_now: bool = False
    delete_other: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """What a run knows: the user's keys at AWS, the time by AWS's clock, and what the run itself has done.

    ``others`` maps the key IDs of the vault's other entries to the names of these entries.
    """

    keys: tuple[AccessKey, ...]
    now: int
    others: Mapping[str, str] = field(default_factory=dict)
    verified: frozenset[str] = frozenset()  # keys that worked several times in a row
    took_over: bool = (
        False  # this run replaced the key, or continues a rotation: it does not start another one
    )
    deleted: frozenset[str] = frozenset()  # keys that this run deleted
    journaled: bool = False  # this run wrote the journal, so a key created now is in the journal's window

    def key(self, key_id: str) -> AccessKey | None:
        """The key with this ID, if the user has it."""
        return next((key for key in self.keys if key.id == key_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteJournal:
    """Write the journal of a step, before the step itself."""

    step: Literal["create", "retire", "drop", "grace", "undo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateKey:
    """Send CreateAccessKey once and store the pair. The journal is at ``create``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyKey:
    """Call GetCallerIdentity with ``pair`` until it works several times in a row."""

    pair: KeyPair


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver:
    """The journal's pair becomes the entry's key; the entry's former key becomes the journal's ``old``."""

    pair: KeyPair
    then: Literal["retire", "drop"]
    back: bool = False  # by an undo; no later undo reverses it


@dataclass(frozen=True, slots=True, kw_only=True)
class SetActive:
    """UpdateAccessKey."""

    key_id: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteKey:
    """DeleteAccessKey. ``why``: the key is ``old``, ``lost`` (awsvault-py created it, its secret never arrived) or
    ``other`` (named by the user).
    """

    key_id: str
    why: Literal["old", "lost", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveJournal:
    """The rotation is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Nothing is left to do now. ``until`` is when the old key may be deleted, in Unix seconds."""

    until: int | None = None


Action = WriteJournal | CreateKey | VerifyKey | TakeOver | SetActive | DeleteKey | RemoveJournal
Step = Action | Done
