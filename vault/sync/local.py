"""What a machine's vault keeps of the others: the shared state, what was shown of it, and where the bucket is. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from vault import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.secret import Secret
    from vault.store.format import SlotRecord
    from vault.sync.shown import Shown
    from vault.sync.versions import SharedState


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketPlace:
    """Where the bucket's file is, and how to ask for it: what a user gave to `remote add`."""

    url: str
    endpoint: str | None = None
    region: str | None = None
    profile: str | None = None
    kms: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """The bucket's file as this machine knows it.

    ``key`` is K_remote, ``key_gen`` the generation of the bucket's file that came with it, and ``slots`` what opens it. ``gen``:
    of the last file that was read. ``digest``: of the last file that was merged, or that was about to be put after that.
    ``seen``: how far each machine's edits had come there. ``old``: the keys before K_remote, the last one first: no file that
    they open is taken.
    """

    place: BucketPlace
    key: Secret
    key_gen: int
    slots: tuple[SlotRecord, ...]
    gen: int = 0
    digest: str = ""
    seen: Mapping[str, int] = field(default_factory=dict)
    old: tuple[Secret, ...] = ()

    def with_new_key(self, key: Secret, slots: tuple[SlotRecord, ...], key_gen: int) -> Remote:
        """The same with a K_remote that replaced this one."""
        old = self.old
        if self.key_gen and key != self.key:
            old = (self.key, *old)[: limits.MAX_OLD_KEYS]
        return replace(self, key=key, slots=slots, key_gen=key_gen, old=old)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSync:
    """``me``: this machine's ID. ``name``: what users call it. ``shown``: what the vault held after the last sync."""

    me: str
    name: str
    state: SharedState
    shown: Mapping[str, Shown]
    remote: Remote
