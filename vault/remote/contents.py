"""What a vault holds as items of the merge, and what a merge shows as the content of a vault (format.md 8). Pure.

A journal is an item of the machine that rotates. Strict seeds are one sealed value, which is moved and never opened.
"""

from __future__ import annotations

from dataclasses import replace

from vault import errors, limits
from vault.crypto.seal import OVERHEAD, b64u, unb64u
from vault.store import payload_codec, strict_json
from vault.store.format import slot_json, slot_of
from vault.store.strict_json import JsonError
from vault.sync.versions import ENTRY, JOURNAL, SEED, STRICT, kind, name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.store.boxes import Draft
    from vault.store.format import SlotRecord, VaultFile
    from vault.store.payload import Entry, Payload, StoredSeed
    from vault.sync.shown import Shown
    from vault.sync.versions import Content


def held(payload: Payload, found: VaultFile, *, me: str, shown: Mapping[str, Shown]) -> dict[str, Content]:
    """What the vault of machine ``me`` holds, by the keys of items.

    A vault has no place for journals of other machines, and for its own of an entry that was removed elsewhere: those are
    held as they were shown.
    """
    items: dict[str, Content] = {
        key: one.content
        for key, one in shown.items()
        if kind(key) == JOURNAL and one.content is not None and not _has_place(key, me, payload)
    }
    for entry_name, entry in payload.entries.items():
        content = payload_codec.entry_json(entry)
        journal = content.pop("journal", None)
        items[f"{ENTRY}/{entry_name}"] = content
        if isinstance(journal, dict):
            items[_journal_key(me, entry_name)] = journal
    for serial, seed in payload.seeds.items():
        items[f"{SEED}/{serial}"] = payload_codec.seed_json(seed)
    strict = strict_content(payload, found)
    if strict is not None:
        items[STRICT] = strict
    return items


def strict_content(payload: Payload, found: VaultFile) -> Content:
    """The strict box with its slots and its generation, which its AAD has. None if there is no strict seed."""
    if not payload.strict_serials:
        return None
    return {
        "box": b64u(found.strict),
        "gen": payload.strict_gen,
        "serials": list(payload.strict_serials),
        "slots": [slot_json(slot) for slot in found.header.slots if slot.opens == "strict"],
    }


def apply(draft: Draft, contents: Mapping[str, Content], *, was: Mapping[str, Content], me: str) -> Draft:
    """``draft``, which holds ``was``, with ``contents`` in its place. JsonError: a wrong content. ConfigError: no room for slots."""
    payload = draft.payload
    entries: dict[str, Entry] = {}
    for key in _in_order(ENTRY, contents, payload.entries):
        entry_name = name(key)
        journal_key = _journal_key(me, entry_name)
        content, journal = contents[key], contents.get(journal_key)
        if content == was.get(key) and journal == was.get(journal_key):
            entries[entry_name] = payload.entries[entry_name]
        else:
            entries[entry_name] = _entry(content, journal)
    draft, strict = _with_strict(draft, was.get(STRICT), contents.get(STRICT))
    seeds: dict[str, StoredSeed] = {}
    for key in _in_order(SEED, contents, payload.seeds):
        if name(key) not in strict:  # a seed is in one place, and the user chose the stricter one
            kept = contents[key] == was.get(key)
            seeds[name(key)] = (
                payload.seeds[name(key)] if kept else payload_codec.seed_of(dict(contents[key] or {}))
            )
    return replace(draft, payload=replace(draft.payload, entries=entries, seeds=seeds))


def check(key: str, content: Content) -> None:
    """JsonError if ``content`` is none of this kind of item."""
    if content is None:
        return
    match kind(key):
        case "entry":
            if "journal" in content:
                raise JsonError("an entry among machines has a journal")
            payload_codec.entry_of(dict(content))
        case "seed":
            payload_codec.seed_of(dict(content))
        case "journal":
            payload_codec.journal_of(dict(content))
        case _:
            strict_parts(content)


def strict_parts(content: dict[str, object]) -> tuple[bytes, int, tuple[str, ...], tuple[SlotRecord, ...]]:
    """The strict box, its generation, its serials and its slots. JsonError."""
    value = strict_json.object_of(content, STRICT)  # type: ignore[arg-type]
    strict_json.exact_keys(value, frozenset({"box", "gen", "serials", "slots"}), STRICT)
    try:
        box = unb64u(strict_json.text_of(value["box"], "box"))
    except ValueError:
        raise JsonError("box is not canonical base64url") from None
    slots = tuple(slot_of(slot) for slot in strict_json.list_of(value["slots"], "slots"))
    serials = tuple(
        strict_json.text_of(one, "serials") for one in strict_json.list_of(value["serials"], "serials")
    )
    if len(box) < OVERHEAD or not serials or not slots or any(slot.opens != "strict" for slot in slots):
        raise JsonError("the strict box among machines has no seed or no slot")
    return box, strict_json.integer_of(value["gen"], "gen"), serials, slots


def _has_place(key: str, me: str, payload: Payload) -> bool:
    machine, _, entry_name = name(key).partition("/")
    return machine == me and entry_name in payload.entries


def _journal_key(me: str, entry_name: str) -> str:
    return f"{JOURNAL}/{me}/{entry_name}"


def _in_order(wanted: str, contents: Mapping[str, Content], have: Mapping[str, object]) -> list[str]:
    """The keys of one kind: those that the vault has in its order, then the others."""
    keys = [key for key in contents if kind(key) == wanted]
    places = {one: place for place, one in enumerate(have)}
    return sorted(keys, key=lambda key: (places.get(name(key), len(places)), key))


def _entry(content: Content, journal: Content) -> Entry:
    value = dict(content or {})
    if journal is not None:
        value["journal"] = journal
    return payload_codec.entry_of(value)


def _with_strict(draft: Draft, was: Content, now: Content) -> tuple[Draft, tuple[str, ...]]:
    """The draft with the strict box that is shown, and its serials. A removed one leaves the list empty (change.py)."""
    if now == was:
        return draft, draft.payload.strict_serials
    if now is None:
        return replace(draft, payload=replace(draft.payload, strict_serials=())), ()
    box, gen, serials, slots = strict_parts(now)
    main = tuple(slot for slot in draft.slots if slot.opens == "main")
    if len(main) + len(slots) > limits.MAX_SLOTS:
        raise errors.ConfigError(
            f"the strict seeds of another machine come with {len(slots)} slots, and this machine's vault has {len(main)}: the "
            f"maximum is {limits.MAX_SLOTS}",
            hint="to remove one here, run: awsvault-py slots remove NAME",
        )
    payload = replace(draft.payload, strict_gen=gen, strict_serials=serials, strict_key=None)
    return replace(draft, payload=payload, slots=main + slots, moved_strict=box), serials
