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

    ``others`` maps the key IDs of the vault's other entries to the names of these entries. ``machines`` are the names of the other
    machines that share the vault, ``waiting`` those that may not have the entry's key yet, and ``elsewhere`` is the one that
    rotates this key, or ""; ``held`` are keys that only other machines have, as ``others`` (vault/remote/other_machines.py).
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
    machines: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    elsewhere: str = ""
    held: Mapping[str, str] = field(default_factory=dict)
    unshared: bool = False  # other machines share the vault, and do not know what this run did last
    sent: bool = False  # this run sent CreateAccessKey

    def key(self, key_id: str) -> AccessKey | None:
        """The key with this ID, if the user has it."""
        return next((key for key in self.keys if key.id == key_id), None)

    def in_use(self, key_id: str) -> bool:
        """Whether another entry has this key, here or on another machine."""
        return key_id in self.others or key_id in self.held


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteJournal:
    """Write the journal of a step, before the step itself."""

    step: Literal["create", "retire", "drop", "grace", "undo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateKey:
    """Send CreateAccessKey once and store the pair. The journal is at ``create``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawTry:
    """Take the last try out of the journal: nothing was created, and another machine was faster. The journal is at ``create``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareEdits:
    """Sync, so that the other machines know what this run did. ``needed``: the run stops if that fails."""

    needed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateOthers:
    """Give the entry's key to the other entries that have the key ``key_id``: they came from another machine meanwhile."""

    key_id: str


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
    """Nothing is left to do now. ``until`` is when the old key may be deleted, in Unix seconds.

    ``waiting``: the machines that may still use the old key. It stays active for them, until ``until`` at the latest.
    """

    until: int | None = None
    waiting: tuple[str, ...] = ()


Action = (
    WriteJournal
    | CreateKey
    | WithdrawTry
    | VerifyKey
    | TakeOver
    | UpdateOthers
    | SetActive
    | DeleteKey
    | RemoveJournal
)
Step = Action | ShareEdits | Done
