"""What the two boxes hold: entries and seeds as frozen values, and their JSON, padded (format.md 5). Pure.

Keys that this version does not know are kept, at the top level and inside entries, journals and seeds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from vault import limits
from vault.crypto.seal import b64u, unb64u
from vault.secret import Secret
from vault.store import strict_json
from vault.store.strict_json import Json, JsonError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

Unknown = dict[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """An access key: its id, and its secret."""

    access_key_id: str
    secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationJournal:
    """A rotation under way. ``known`` is AWS's list of key ids before CreateAccessKey; ``began`` is unix seconds."""

    step: str
    began: int
    known: tuple[str, ...] = ()
    new: KeyPair | None = None
    old: KeyPair | None = None
    unknown: Unknown = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A source key. ``created`` is unix seconds; ``mfa_serial`` names the device, whose seed may be in the vault."""

    access_key_id: str
    secret: Secret
    created: int
    mfa_serial: str | None = None
    account: str | None = None
    user: str | None = None
    journal: RotationJournal | None = None
    unknown: Unknown = field(default_factory=dict, repr=False)


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
    """Box main. ``rekeyed`` is the generation that brought the present master keys, 0 for the first.

    ``ledger_key`` is what the ledgers of used codes are named and sealed by since before that generation.

    ``strict_serials`` are the devices whose seed lies in box strict: a seed has one place, so storing one here, or taking
    it out, takes it off that list.

    The four fields of generations and the strict box are the writer's: what a change sets there is overwritten.
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
    strict_serials: tuple[str, ...] = ()
    unknown: Unknown = field(default_factory=dict, repr=False)

    def with_entry(self, name: str, entry: Entry) -> Payload:
        """A payload with ``name`` added or replaced."""
        return replace(self, entries={**self.entries, name: entry})

    def without_entry(self, name: str) -> Payload:
        """A payload without ``name``, there or not."""
        return replace(self, entries={k: v for k, v in self.entries.items() if k != name})

    def with_seed(self, serial: str, seed: StoredSeed) -> Payload:
        """A payload with the stored seed of ``serial`` added or replaced."""
        return replace(self.without_seed(serial), seeds={**self.seeds, serial: seed})

    def with_strict_seed(self, serial: str) -> Payload:
        """A payload that says that the seed of ``serial`` lies in box strict, and nowhere else."""
        left = self.without_seed(serial)
        return replace(left, strict_serials=tuple(sorted({*left.strict_serials, serial})))

    def without_seed(self, serial: str) -> Payload:
        """A payload without a seed of ``serial``, there or not, strict or not."""
        return replace(
            self,
            seeds={k: v for k, v in self.seeds.items() if k != serial},
            strict_serials=tuple(one for one in self.strict_serials if one != serial),
        )


def encode_main(payload: Payload) -> bytes:
    """The padded plaintext of box main."""
    value: dict[str, Json] = {
        "v": 1,
        "gen": payload.gen,
        "strict_gen": payload.strict_gen,
        "strict_sha256": payload.strict_sha256,
    }
    if payload.strict_key is not None:
        value["strict_key"] = b64u(payload.strict_key.reveal())
    value["cache_key"] = b64u(payload.cache_key.reveal())
    if payload.rekeyed:
        value["rekeyed"] = payload.rekeyed
    if payload.ledger_key is not None:
        value["ledger_key"] = b64u(payload.ledger_key.reveal())
    if payload.strict_serials:
        value["strict_serials"] = list(payload.strict_serials)
    value["entries"] = {name: _entry_json(entry) for name, entry in payload.entries.items()}
    value["seeds"] = {serial: _seed_json(seed) for serial, seed in payload.seeds.items()}
    return pad(strict_json.compact({**payload.unknown, **value}), step=limits.PAD_MAIN)


def decode_main(plaintext: bytes) -> Payload:
    """Box main's plaintext to Payload; JsonError says which key is wrong, never its value."""
    value = strict_json.object_of(strict_json.parse(unpad(plaintext)), "box main")
    take = _Taker(value, "box main")
    if take.integer("v") != 1:
        raise JsonError("has a box main that is not of version 1")
    entries = strict_json.object_of(take.required("entries"), "entries")
    seeds = strict_json.object_of(take.required("seeds"), "seeds")
    return Payload(
        gen=take.integer("gen"),
        strict_gen=take.integer("strict_gen"),
        strict_sha256=take.text("strict_sha256"),
        strict_key=take.key("strict_key") if "strict_key" in value else None,
        cache_key=take.key("cache_key"),
        rekeyed=take.integer("rekeyed") if "rekeyed" in value else 0,
        ledger_key=take.key("ledger_key") if "ledger_key" in value else None,
        entries={name: _entry(entry) for name, entry in entries.items()},
        seeds={serial: _seed(seed) for serial, seed in seeds.items()},
        strict_serials=tuple(
            strict_json.text_of(one, "strict_serials")
            for one in strict_json.list_of(take.required("strict_serials"), "strict_serials")
        )
        if "strict_serials" in value
        else (),
        unknown=take.rest(),
    )


def encode_strict(seeds: Mapping[str, StoredSeed]) -> bytes:
    """The padded plaintext of box strict."""
    return pad(
        strict_json.compact({serial: _seed_json(seed) for serial, seed in seeds.items()}),
        step=limits.PAD_STRICT,
    )


def decode_strict(plaintext: bytes) -> dict[str, StoredSeed]:
    """Box strict's plaintext to the seeds by serial."""
    value = strict_json.object_of(strict_json.parse(unpad(plaintext)), "box strict")
    return {serial: _seed(seed) for serial, seed in value.items()}


def pad(text: bytes, *, step: int) -> bytes:
    """``text`` | 0x80 | zeros, up to a multiple of ``step``, or from 64 KiB to the size that Padmé gives."""
    size = len(text) + 1
    whole = padme(size) if size > limits.PAD_PADME_OVER else -(-size // step) * step
    return text + b"\x80" + bytes(whole - size)


def unpad(padded: bytes) -> bytes:
    """What ``pad`` was given; JsonError where the mark is missing."""
    text = padded.rstrip(b"\0")
    if not text.endswith(b"\x80"):
        raise JsonError("has a box that is not padded")
    return text[:-1]


def padme(size: int) -> int:
    """The next size with only its upper bits set (Nikitin and others, PETS 2019): at most 12 % more than ``size``."""
    exponent = size.bit_length() - 1
    low_bits = exponent - exponent.bit_length()
    mask = (1 << max(low_bits, 0)) - 1
    return (size + mask) & ~mask


class _Taker:
    """Takes known keys out of an object with their types; what is left at the end is unknown to us and kept."""

    __slots__ = ("_left", "_what")

    def __init__(self, value: dict[str, Json], what: str) -> None:
        self._left = dict(value)
        self._what = what

    def required(self, key: str) -> Json:
        if key not in self._left:
            raise JsonError(f"lacks {key} in {self._what}")
        return self._left.pop(key)

    def integer(self, key: str) -> int:
        return strict_json.integer_of(self.required(key), f"{self._what}'s {key}")

    def text(self, key: str) -> str:
        return strict_json.text_of(self.required(key), f"{self._what}'s {key}")

    def text_or_none(self, key: str) -> str | None:
        return self.text(key) if key in self._left else None

    def secret(self, key: str) -> Secret:
        return Secret(self.text(key))

    def key(self, key: str) -> Secret:
        try:
            raw = unb64u(self.text(key))
        except ValueError:
            raise JsonError(f"has a {key} that is not canonical base64url") from None
        if len(raw) != 32:  # bytes, as every key of the format
            raise JsonError(f"has a {key} that is not of 32 bytes")
        return Secret(raw)

    def rest(self) -> Unknown:
        return self._left


def _entry_json(entry: Entry) -> dict[str, Json]:
    value: dict[str, Json] = {
        **entry.unknown,
        "akid": entry.access_key_id,
        "sak": entry.secret.reveal_text(),
        "created": entry.created,
    }
    optional = (("mfa_serial", entry.mfa_serial), ("account", entry.account), ("user", entry.user))
    value.update({key: text for key, text in optional if text is not None})
    if entry.journal is not None:
        value["journal"] = _journal_json(entry.journal)
    return value


def _entry(value: Json) -> Entry:
    take = _Taker(strict_json.object_of(value, "an entry"), "an entry")
    return Entry(
        access_key_id=take.text("akid"),
        secret=take.secret("sak"),
        created=take.integer("created"),
        mfa_serial=take.text_or_none("mfa_serial"),
        account=take.text_or_none("account"),
        user=take.text_or_none("user"),
        journal=_journal(take.required("journal")) if "journal" in take.rest() else None,
        unknown=take.rest(),
    )


def _journal_json(journal: RotationJournal) -> dict[str, Json]:
    value: dict[str, Json] = {
        **journal.unknown,
        "step": journal.step,
        "began": journal.began,
        "known": list(journal.known),
    }
    for name, pair in (("new", journal.new), ("old", journal.old)):
        if pair is not None:
            value[name] = {"akid": pair.access_key_id, "sak": pair.secret.reveal_text()}
    return value


def _journal(value: Json) -> RotationJournal:
    take = _Taker(strict_json.object_of(value, "a journal"), "a journal")
    return RotationJournal(
        step=take.text("step"),
        began=take.integer("began"),
        known=tuple(
            strict_json.text_of(k, "a known key id")
            for k in strict_json.list_of(take.required("known"), "known")
        ),
        new=_pair(take.required("new")) if "new" in take.rest() else None,
        old=_pair(take.required("old")) if "old" in take.rest() else None,
        unknown=take.rest(),
    )


def _pair(value: Json) -> KeyPair:
    pair = strict_json.object_of(value, "a journal's key")
    strict_json.exact_keys(pair, frozenset({"akid", "sak"}), "a journal's key")
    return KeyPair(
        access_key_id=strict_json.text_of(pair["akid"], "akid"),
        secret=Secret(strict_json.text_of(pair["sak"], "sak")),
    )


def _seed_json(seed: StoredSeed) -> dict[str, Json]:
    return {
        **seed.unknown,
        "secret": seed.secret.reveal_text(),
        "algorithm": seed.algorithm,
        "digits": seed.digits,
        "period": seed.period,
        "created": seed.created,
    }


def _seed(value: Json) -> StoredSeed:
    take = _Taker(strict_json.object_of(value, "a seed"), "a seed")
    return StoredSeed(
        secret=take.secret("secret"),
        algorithm=take.text("algorithm"),
        digits=take.integer("digits"),
        period=take.integer("period"),
        created=take.integer("created"),
        unknown=take.rest(),
    )
