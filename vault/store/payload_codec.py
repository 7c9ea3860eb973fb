"""The boxes' JSON: payload.py's values to padded plaintext and back (format.md 5). Pure. No error quotes a value."""

from __future__ import annotations

from vault import limits
from vault.crypto.seal import b64u, unb64u
from vault.secret import Secret
from vault.store import strict_json
from vault.store.padding import pad, unpad
from vault.store.payload import ENROLLMENT, Enrollment, Entry, KeyPair, Payload, RotationJournal, StoredSeed
from vault.store.strict_json import Json, JsonError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.store.payload import Unknown


def encode_main(payload: Payload) -> bytes:
    """The padded plaintext of the main box."""
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
    if payload.sso_key is not None:
        value["sso_key"] = b64u(payload.sso_key.reveal())
    if payload.strict_serials:
        value["strict_serials"] = list(payload.strict_serials)
    value["entries"] = {name: entry_json(entry) for name, entry in payload.entries.items()}
    value["seeds"] = {serial: seed_json(seed) for serial, seed in payload.seeds.items()}
    return pad(strict_json.compact({**payload.unknown, **value}), step=limits.PAD_MAIN)


def decode_main(plaintext: bytes) -> Payload:
    """The main box's plaintext to Payload; JsonError says which key is wrong, never its value."""
    value = strict_json.object_of(strict_json.parse(unpad(plaintext)), "the main box")
    take = _Taker(value, "the main box")
    if take.integer("v") != 1:
        raise JsonError("the main box is not of version 1")
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
        sso_key=take.key("sso_key") if "sso_key" in value else None,
        entries={name: entry_of(entry) for name, entry in entries.items()},
        seeds={serial: seed_of(seed) for serial, seed in seeds.items()},
        strict_serials=tuple(
            strict_json.text_of(one, "strict_serials")
            for one in strict_json.list_of(take.optional("strict_serials", []), "strict_serials")
        ),
        unknown=take.rest(),
    )


def encode_strict(seeds: Mapping[str, StoredSeed]) -> bytes:
    """The padded plaintext of the strict box."""
    return pad(
        strict_json.compact({serial: seed_json(seed) for serial, seed in seeds.items()}),
        step=limits.PAD_STRICT,
    )


def decode_strict(plaintext: bytes) -> dict[str, StoredSeed]:
    """The strict box's plaintext to the seeds by serial."""
    value = strict_json.object_of(strict_json.parse(unpad(plaintext)), "the strict box")
    return {serial: seed_of(seed) for serial, seed in value.items()}


class _Taker:
    """Takes known keys out of an object and checks their types. What is left at the end is unknown, and is kept."""

    __slots__ = ("_left", "_what")

    def __init__(self, value: dict[str, Json], what: str) -> None:
        self._left = dict(value)
        self._what = what

    def required(self, key: str) -> Json:
        if key not in self._left:
            raise JsonError(f"{self._what} has no {key}")
        return self._left.pop(key)

    def optional(self, key: str, default: Json) -> Json:
        return self._left.pop(key, default)

    def integer(self, key: str) -> int:
        value = self.required(key)
        if type(value) is int:  # the words of an error take longer than all else here
            return value
        return strict_json.integer_of(value, f"{self._what}'s {key}")

    def text(self, key: str) -> str:
        value = self.required(key)
        return value if isinstance(value, str) else strict_json.text_of(value, f"{self._what}'s {key}")

    def text_or_none(self, key: str) -> str | None:
        return self.text(key) if key in self._left else None

    def secret(self, key: str) -> Secret:
        return Secret(self.text(key))

    def key(self, key: str) -> Secret:
        try:
            raw = unb64u(self.text(key))
        except ValueError:
            raise JsonError(f"{key} is not canonical base64url") from None
        if len(raw) != 32:  # bytes, like every key of the format
            raise JsonError(f"{key} does not have 32 bytes")
        return Secret(raw)

    def rest(self) -> Unknown:
        return self._left


def entry_json(entry: Entry) -> dict[str, Json]:
    """An entry as it is in the main box."""
    value: dict[str, Json] = {
        **entry.unknown,
        **({ENROLLMENT: _enrollment_json(entry.enrollment)} if entry.enrollment is not None else {}),
        "akid": entry.access_key_id,
        "sak": entry.secret.reveal_text(),
        "created": entry.created,
    }
    optional = (("mfa_serial", entry.mfa_serial), ("account", entry.account), ("user", entry.user))
    value.update({key: text for key, text in optional if text is not None})
    if entry.journal is not None:
        value["journal"] = journal_json(entry.journal)
    return value


def entry_of(value: Json) -> Entry:
    """An entry from the main box. JsonError says which key is wrong."""
    take = _Taker(strict_json.object_of(value, "an entry"), "an entry")
    return Entry(
        access_key_id=take.text("akid"),
        secret=take.secret("sak"),
        created=take.integer("created"),
        mfa_serial=take.text_or_none("mfa_serial"),
        account=take.text_or_none("account"),
        user=take.text_or_none("user"),
        journal=journal_of(take.required("journal")) if "journal" in take.rest() else None,
        enrollment=_enrollment(take),
        unknown=take.rest(),
    )


def _enrollment_json(found: Enrollment) -> dict[str, Json]:
    value: dict[str, Json] = {**found.unknown, "step": found.step, "name": found.name}
    if found.serial is not None:
        value["serial"] = found.serial
    return value


def _enrollment(take: _Taker) -> Enrollment | None:
    """The enrollment, if there is one. A form that only a later version knows stays among the unknown keys of the entry."""
    found = take.rest().get(ENROLLMENT)
    if not isinstance(found, dict):
        return None
    step, name, serial = found.get("step"), found.get("name"), found.get("serial")
    if step not in ("create", "enable") or not isinstance(name, str) or not isinstance(serial, str | None):
        return None
    take.required(ENROLLMENT)
    unknown = {key: value for key, value in found.items() if key not in ("step", "name", "serial")}
    return Enrollment(step=str(step), name=name, serial=serial, unknown=unknown)


def journal_json(journal: RotationJournal) -> dict[str, Json]:
    """A journal as it is in its entry."""
    value = dict(journal.unknown)
    if journal.earlier:
        value["earlier"] = list(journal.earlier)
    if journal.taken_back:
        value["taken_back"] = True
    if journal.at is not None:
        value["at"] = journal.at
    value |= {"step": journal.step, "began": journal.began, "known": list(journal.known)}
    for name, pair in (("new", journal.new), ("old", journal.old)):
        if pair is not None:
            value[name] = {"akid": pair.access_key_id, "sak": pair.secret.reveal_text()}
    return value


def journal_of(value: Json) -> RotationJournal:
    """A journal from an entry. JsonError says which key is wrong."""
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
        earlier=tuple(
            strict_json.integer_of(began, "an earlier beginning")
            for began in strict_json.list_of(take.optional("earlier", []), "earlier")
        ),
        taken_back=strict_json.boolean_of(take.optional("taken_back", False), "taken_back"),
        at=take.text_or_none("at"),
        unknown=take.rest(),
    )


def _pair(value: Json) -> KeyPair:
    pair = strict_json.object_of(value, "a journal's key")
    strict_json.exact_keys(pair, frozenset({"akid", "sak"}), "a journal's key")
    return KeyPair(
        access_key_id=strict_json.text_of(pair["akid"], "akid"),
        secret=Secret(strict_json.text_of(pair["sak"], "sak")),
    )


def seed_json(seed: StoredSeed) -> dict[str, Json]:
    """A seed as it is in a box."""
    return {
        **seed.unknown,
        "secret": seed.secret.reveal_text(),
        "algorithm": seed.algorithm,
        "digits": seed.digits,
        "period": seed.period,
        "created": seed.created,
    }


def seed_of(value: Json) -> StoredSeed:
    """A seed from a box. JsonError says which key is wrong."""
    take = _Taker(strict_json.object_of(value, "a seed"), "a seed")
    return StoredSeed(
        secret=take.secret("secret"),
        algorithm=take.text("algorithm"),
        digits=take.integer("digits"),
        period=take.integer("period"),
        created=take.integer("created"),
        unknown=take.rest(),
    )
