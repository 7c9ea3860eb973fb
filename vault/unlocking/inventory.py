"""The contents of a vault without its secrets, for list, status and prompts. Pure."""

from __future__ import annotations

from vault import limits
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.store.payload import Entry, Payload


class Listed(NamedTuple):
    """An entry without its secrets. ``created`` and ``kept_until`` are Unix seconds.

    ``rotation`` is the step of a rotation in progress, or None. ``kept_until`` is when the retired key may be deleted,
    if there is one.
    """

    name: str
    access_key_id: str
    created: int
    account: str | None
    user: str | None
    mfa_serial: str | None
    rotation: str | None
    kept_until: int | None = None


class Contents(NamedTuple):
    """The entries by name, and the serials whose seeds are stored: in the main box or in the strict box."""

    entries: tuple[Listed, ...]
    stored: frozenset[str]
    strict: frozenset[str] = frozenset()

    def mfa_mode(self, entry: Listed) -> str:
        """``none``, ``asked`` (the user or a program gives the codes), ``strict`` or ``stored``."""
        if entry.mfa_serial is None:
            return "none"
        if entry.mfa_serial in self.stored:
            return "stored"
        return "strict" if entry.mfa_serial in self.strict else "asked"

    def entry(self, name: str) -> Listed:
        """The entry with this name, which must exist."""
        return next(entry for entry in self.entries if entry.name == name)

    def similar_device(self, serial: str) -> str | None:
        """A device with a stored seed whose serial is similar to ``serial``, which has none; or None."""
        from vault.mfa.serials import similar_serial

        return similar_serial(serial, self.stored | self.strict)

    def devices(self) -> list[StoredDevice]:
        """Every device that an entry names or that has a stored seed, by serial."""
        users: dict[str, list[str]] = {serial: [] for serial in (*self.stored, *self.strict)}
        for entry in self.entries:
            if entry.mfa_serial is not None:
                users.setdefault(entry.mfa_serial, []).append(entry.name)
        return [
            StoredDevice(serial, serial in self.stored, tuple(names), strict=serial in self.strict)
            for serial, names in sorted(users.items())
        ]


class StoredDevice(NamedTuple):
    """An MFA device: its serial, whether its seed is in the main box or the strict box, and the entries that use it."""

    serial: str
    stored: bool
    entries: tuple[str, ...]
    strict: bool = False

    @property
    def codes(self) -> str:
        """Where its codes come from: ``stored``, ``strict`` or ``asked for``."""
        return "stored" if self.stored else "strict" if self.strict else "asked for"


def of(payload: Payload) -> Contents:
    """The contents of an opened vault."""
    rows = tuple(_listed(name, entry) for name, entry in sorted(payload.entries.items()))
    return Contents(rows, frozenset(payload.seeds), frozenset(payload.strict_serials))


def _listed(name: str, entry: Entry) -> Listed:
    journal = entry.journal
    return Listed(
        name,
        entry.access_key_id,
        entry.created,
        entry.account,
        entry.user,
        entry.mfa_serial,
        journal.step if journal is not None else None,
        journal.began + limits.GRACE if journal is not None and journal.step == "grace" else None,
    )
