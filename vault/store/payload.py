"""The content of the two boxes as frozen values: entries, seeds, and what a change may do to them (format.md 5).

``unknown`` has the keys that this version does not know: they are kept, at the top level and inside entries, journals
and seeds. payload_codec.py turns the values into JSON and back.
"""

from __future__ import annotations

from vault.frozen import dataclass, field, replace
from vault.store.strict_json import Json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.secret import Secret

Unknown = dict[str, Json]
ENROLLMENT = "enrolment"  # the key in an entry of the file


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """An access key: its ID and its secret."""

    access_key_id: str
    secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationJournal:
    """A rotation in progress. ``known`` is AWS's list of key IDs before CreateAccessKey; times are Unix seconds.

    ``earlier``: when earlier tries began. ``taken_back``: ``old`` is the key that an undo replaced. ``at``: the host that
    answers for IAM, None for AWS's own.
    """

    step: str
    began: int
    known: tuple[str, ...] = ()
    new: KeyPair | None = None
    old: KeyPair | None = None
    earlier: tuple[int, ...] = ()
    taken_back: bool = False
    at: str | None = None
    unknown: Unknown = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrollment:
    """An MFA device being enrolled. ``step``: ``create`` (a device may have been created) or ``enable`` (its seed is
    stored).
    """

    step: str
    name: str
    serial: str | None = None
    unknown: Unknown = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A source key. ``created`` is Unix seconds; ``mfa_serial`` names the device, whose seed may be in the vault."""

    access_key_id: str
    secret: Secret
    created: int
    mfa_serial: str | None = None
    account: str | None = None
    user: str | None = None
    journal: RotationJournal | None = None
    enrollment: Enrollment | None = None
    unknown: Unknown = field(default_factory=dict, repr=False)

    def with_enrollment(self, found: Enrollment | None) -> Entry:
        """The entry with ``found`` in place of any enrollment, even one that this version could not read."""
        kept = {key: value for key, value in self.unknown.items() if key != ENROLLMENT}
        return replace(self, enrollment=found, unknown=kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSeed:
    """The seed of a virtual MFA device: base32 secret, hash, digits, period in seconds (RFC 6238)."""

    secret: Secret
    created: int
    algorithm: str = "SHA1"
    digits: int = 6
    period: int = 30
    unknown: Unknown = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """The main box's content. ``rekeyed`` is the generation that last replaced the master keys, 0 for the first keys.

    ``ledger_key`` names and authenticates the ledgers of used codes if they are older than that generation.

    ``sso_key`` seals the sign-ins to IAM Identity Center, which are files beside the vault (format.md 7).

    ``strict_serials`` are the devices whose seed is in the strict box. A seed is in only one place: adding it here, or
    removing it, removes it from that list.

    The writer sets the four fields about generations and the strict box, whatever a change has set there.
    """

    cache_key: Secret
    entries: Mapping[str, Entry] = field(default_factory=dict)
    seeds: Mapping[str, StoredSeed] = field(default_factory=dict)
    gen: int = 0
    strict_gen: int = 0
    strict_sha256: str = ""
    strict_key: Secret | None = None
    rekeyed: int = 0
    ledger_key: Secret | None = None
    sso_key: Secret | None = None
    strict_serials: tuple[str, ...] = ()
    unknown: Unknown = field(default_factory=dict, repr=False)

    def with_entry(self, name: str, entry: Entry) -> Payload:
        """The payload with ``name`` added or replaced."""
        return replace(self, entries={**self.entries, name: entry})

    def without_entry(self, name: str) -> Payload:
        """The payload without ``name``."""
        return replace(self, entries={k: v for k, v in self.entries.items() if k != name})

    def with_seed(self, serial: str, seed: StoredSeed) -> Payload:
        """The payload with the stored seed of ``serial`` added or replaced."""
        return replace(self.without_seed(serial), seeds={**self.seeds, serial: seed})

    def with_strict_seed(self, serial: str) -> Payload:
        """The payload with the seed of ``serial`` listed as being in the strict box, and only there."""
        left = self.without_seed(serial)
        return replace(left, strict_serials=tuple(sorted({*left.strict_serials, serial})))

    def without_seed(self, serial: str) -> Payload:
        """The payload without a seed of ``serial``, stored or strict."""
        return replace(
            self,
            seeds={k: v for k, v in self.seeds.items() if k != serial},
            strict_serials=tuple(one for one in self.strict_serials if one != serial),
        )
