"""The key ``sync`` of a main box: values to JSON and back (format.md 8). Pure. No error quotes a value.

A machine's file has the content of each version, because a program that knows nothing of machines may replace an entry. The
bucket's file has it only where the box itself does not show it.
"""

from __future__ import annotations

from vault import limits
from vault.crypto.seal import b64u, unb64u
from vault.secret import Secret
from vault.store import strict_json
from vault.store.format import slot_json, slot_of
from vault.store.strict_json import Json, JsonError
from vault.sync import shown as views
from vault.sync.local import BucketPlace, LocalSync, Remote
from vault.sync.shown import NOTHING, Shown
from vault.sync.versions import (
    ENTRY,
    GROUPS,
    JOURNAL,
    REST,
    SEED,
    STRICT,
    Dot,
    MachineLine,
    SharedState,
    Version,
    kind,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from vault.sync.versions import Content

SYNC = "sync"  # the key in the main box
_DEEPEST = 3  # levels of a content that fit below the levels above it; a deeper one is a text
_WHY = {
    views.REMOVED: "removed",
    views.RENAMED: "renamed",
    views.CHANGED: "changed",
    views.FORKED: "forked",
}
_OF_WHY = {word: conflict for conflict, word in _WHY.items()}
_PLACE = ("endpoint", "region", "profile", "kms")


# ── the shared state ─────────────────────────────────────────────────────────────────────────


def state_json(state: SharedState, *, native: Mapping[str, Content]) -> dict[str, Json]:
    """``items`` and ``machines``. ``native``: by key, the contents that the box shows itself, which are not repeated.

    JsonError if there are more than ``state_of`` takes.
    """
    _check_counts(len(state.machines), map(len, state.items.values()))
    return {
        "items": {
            key: [_version_json(one, native.get(key)) for one in found] for key, found in state.items.items()
        },
        "machines": {machine: _line_json(line) for machine, line in state.machines.items()},
    }


def state_of(value: dict[str, Json], *, native: Mapping[str, Content]) -> SharedState:
    """The state in ``items`` and ``machines``. JsonError says what is wrong."""
    items = strict_json.object_of(value["items"], "items")
    machines = strict_json.object_of(value["machines"], "machines")
    versions = {key: strict_json.list_of(found, "an item") for key, found in items.items()}
    _check_counts(len(machines), map(len, versions.values()))
    return SharedState(
        {_key(key): _versions(key, found, native.get(key)) for key, found in versions.items()},
        {_machine(machine): _line(line) for machine, line in machines.items()},
    )


def _check_counts(machines: int, versions: Iterable[int]) -> None:
    if machines > limits.MAX_MACHINES:
        raise JsonError(f"over {limits.MAX_MACHINES} machines")
    if not all(1 <= count <= limits.MAX_SIBLINGS for count in versions):
        raise JsonError(f"an item has no version, or over {limits.MAX_SIBLINGS}")


def _key(key: str) -> str:
    name = key.partition("/")[2]
    if not (key == STRICT or (kind(key) in (ENTRY, SEED) and name) or (kind(key) == JOURNAL and "/" in name)):
        raise JsonError("an item of an unknown kind")
    if kind(key) == JOURNAL:
        _machine(name.partition("/")[0])
    return key


def _machine(text: str) -> str:
    letters = text.replace("-", "").replace("_", "")
    if not 1 <= len(text) <= limits.MAX_MACHINE_ID or not (text.isascii() and (letters + "x").isalnum()):
        raise JsonError("the ID of a machine is not 1 to 32 characters of base64url")
    return text


def _version_json(one: Version, native: Content) -> dict[str, Json]:
    value: dict[str, Json] = {
        "d": list(one.dot),
        "vv": dict(one.seen),
        "g": {group: list(dot) for group, dot in one.groups.items()},
        "by": one.by,
        "at": one.at,
    }
    if one.beside:
        value["not"] = [list(dot) for dot in sorted(one.beside)]
    if one.renamed_to:
        value["to"] = one.renamed_to
    if one.content is not None and one.content != native:
        value["x"] = _content_json(one.content)
    return value


def _versions(key: str, found: list[Json], native: Content) -> tuple[Version, ...]:
    groups = _ENTRY_GROUPS if kind(key) == ENTRY else _GROUPS
    return tuple(_version(one, native, groups) for one in found)


_VERSION = frozenset({"d", "vv", "g", "by", "at"})
_VERSION_MORE = _VERSION | {"not", "to", "x"}
_GROUPS = frozenset({REST})
_ENTRY_GROUPS = frozenset({REST, *GROUPS})


def _version(value: Json, native: Content, expected: frozenset[str]) -> Version:
    one = strict_json.object_of(value, "a version")
    if not _VERSION <= one.keys() <= _VERSION_MORE:
        raise JsonError("a version has a missing or an unknown key")
    dot = _dot(one["d"])
    seen = _vector(one["vv"])
    if seen.get(dot.machine, 0) < dot.number:
        raise JsonError("a version does not stand on itself")
    groups = {group: _dot(d) for group, d in strict_json.object_of(one["g"], "g").items()}
    if groups and groups.keys() != expected:
        raise JsonError("a version has other groups than its kind of item")
    content: Content = None
    if "x" in one:
        content = _content(one["x"])
    elif groups:
        if native is None:
            raise JsonError("a version has no content")
        content = native
    if (content is None) != (not groups):
        raise JsonError("a removal has groups, or another version has none")
    return Version(
        dot=dot,
        seen=seen,
        content=content,
        groups=groups,
        beside=frozenset(map(_dot, strict_json.list_of(one.get("not", []), "not"))),
        by=_name(one["by"]),
        at=strict_json.integer_of(one["at"], "at"),
        renamed_to=strict_json.text_of(one.get("to", ""), "to"),
    )


def _dot(value: Json) -> Dot:
    if not isinstance(value, list) or len(value) != 2:
        raise JsonError("a dot is not a machine and a number")
    machine, number = strict_json.text_of(value[0], "a dot"), strict_json.integer_of(value[1], "a dot")
    if number < 1:
        raise JsonError("a dot has the number 0")
    return Dot(_machine(machine), number)


def _vector(value: Json) -> dict[str, int]:
    vector = strict_json.object_of(value, "a vector")
    return {_machine(one): strict_json.integer_of(number, "a number") for one, number in vector.items()}


def _name(value: Json) -> str:
    name = strict_json.text_of(value, "the name of a machine")
    if len(name) > limits.MAX_SLOT_HOST:
        raise JsonError(f"the name of a machine has over {limits.MAX_SLOT_HOST} characters")
    return name


def _content_json(content: dict[str, Any]) -> Json:
    return content if _levels(content) <= _DEEPEST else strict_json.compact(content).decode("ascii")


def _levels(value: Json) -> int:
    if not isinstance(value, dict | list):
        return 0
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max((_levels(one) for one in inner if isinstance(one, dict | list)), default=0)


def _content(value: Json) -> dict[str, Any]:
    if isinstance(value, str):
        value = strict_json.parse(value.encode("utf-8", "surrogatepass"))
    return strict_json.object_of(value, "a content")


def _line_json(line: MachineLine) -> dict[str, Json]:
    value: dict[str, Json] = {
        "n": line.last,
        "w": {str(number): mark for number, mark in line.marks.items()},
        "name": line.name,
        "at": line.at,
        "seen": dict(line.merged),
    }
    return {**value, "gone": True} if line.gone else value


def _line(value: Json) -> MachineLine:
    line = strict_json.object_of(value, "the line of a machine")
    keys = {"n", "w", "name", "at", "seen"}
    strict_json.exact_keys(
        line, frozenset(keys | ({"gone"} if "gone" in line else set())), "the line of a machine"
    )
    return MachineLine(
        last=strict_json.integer_of(line["n"], "n"),
        marks=dict(_mark(number, mark) for number, mark in strict_json.object_of(line["w"], "w").items()),
        name=_name(line["name"]),
        at=strict_json.integer_of(line["at"], "at"),
        merged=_vector(line["seen"]),
        gone=strict_json.boolean_of(line.get("gone", False), "gone"),
    )


def _mark(number: str, mark: Json) -> tuple[int, str]:
    text = strict_json.text_of(mark, "a mark")
    if not number.isascii() or not number.isdigit() or number != str(int(number[:17])) or len(text) > 64:
        raise JsonError("a mark has no number, or is too long")
    return int(number), text


# ── a machine's own file ─────────────────────────────────────────────────────────────────────


def local_json(local: LocalSync) -> dict[str, Json]:
    """The key of a machine's own vault."""
    return {
        "v": 1,
        "me": local.me,
        "name": local.name,
        **state_json(local.state, native={}),
        "shown": {
            key: _shown_json(found)
            for key, found in local.shown.items()
            if found != views.look(key, local.state.items[key], NOTHING)
        },
        "remote": _remote_json(local.remote),
    }


def local_of(value: Json) -> LocalSync:
    """The key of a machine's own vault as values. JsonError says what is wrong."""
    top = strict_json.object_of(value, SYNC)
    if top.get("v") != 1 or isinstance(top.get("v"), bool):
        raise JsonError(f"{SYNC} is not of version 1")
    strict_json.exact_keys(top, frozenset({"v", "me", "name", "items", "machines", "shown", "remote"}), SYNC)
    state = state_of(top, native={})
    me = _machine(strict_json.text_of(top["me"], "me"))
    if me not in state.machines:
        raise JsonError("this machine has no line")
    kept = {key: _shown(one) for key, one in strict_json.object_of(top["shown"], "shown").items()}
    if not kept.keys() <= state.items.keys():
        raise JsonError("an item is shown that there is not")
    return LocalSync(
        me=me,
        name=_name(top["name"]),
        state=state,
        shown={
            key: kept[key] if key in kept else views.look(key, found, NOTHING)
            for key, found in state.items.items()
        },
        remote=_remote(top["remote"]),
    )


def _shown_json(found: Shown) -> dict[str, Json]:
    value: dict[str, Json] = {"on": [list(dot) for dot in found.on]}
    if found.conflict:
        value["why"] = _WHY[found.conflict]
    if found.content is not None:
        value["x"] = _content_json(found.content)
    return value


def _shown(value: Json) -> Shown:
    found = strict_json.object_of(value, "what is shown")
    if not {"on"} <= found.keys() <= {"on", "why", "x"}:
        raise JsonError("what is shown has a missing or an unknown key")
    why = found.get("why")
    if why is not None and (not isinstance(why, str) or why not in _OF_WHY):
        raise JsonError("an unknown kind of conflict")
    return Shown(
        _content(found["x"]) if "x" in found else None,
        tuple(map(_dot, strict_json.list_of(found["on"], "on"))),
        _OF_WHY[why] if isinstance(why, str) else "",
    )


def _remote_json(remote: Remote) -> dict[str, Json]:
    place = remote.place
    value: dict[str, Json] = {"url": place.url}
    value |= {key: getattr(place, key) for key in _PLACE if getattr(place, key) is not None}
    return {
        **value,
        "key": b64u(remote.key.reveal()),
        "kgen": remote.key_gen,
        "gen": remote.gen,
        "digest": remote.digest,
        "seen": dict(remote.seen),
        "slots": [slot_json(slot) for slot in remote.slots],
        **({"old": [b64u(key.reveal()) for key in remote.old]} if remote.old else {}),
    }


def _remote(value: Json) -> Remote:
    remote = strict_json.object_of(value, "remote")
    given = {key: strict_json.text_of(remote[key], key) for key in _PLACE if key in remote}
    keys = {"url", "key", "kgen", "gen", "digest", "seen", "slots"} | given.keys() | ({"old"} & remote.keys())
    strict_json.exact_keys(remote, frozenset(keys), "remote")
    old = strict_json.list_of(remote.get("old", []), "old")
    if len(old) > limits.MAX_OLD_KEYS:
        raise JsonError(f"{len(old)} earlier keys of the bucket's file")
    slots = strict_json.list_of(remote["slots"], "slots")
    if not 1 <= len(slots) <= limits.MAX_SLOTS:
        raise JsonError(f"{len(slots)} slots of the bucket's file")
    return Remote(
        place=BucketPlace(url=strict_json.text_of(remote["url"], "url"), **given),
        key=_secret_key(remote["key"]),
        key_gen=strict_json.integer_of(remote["kgen"], "kgen"),
        slots=tuple(slot_of(slot) for slot in slots),
        gen=strict_json.integer_of(remote["gen"], "gen"),
        digest=strict_json.text_of(remote["digest"], "digest"),
        seen=_vector(remote["seen"]),
        old=tuple(map(_secret_key, old)),
    )


def _secret_key(value: Json) -> Secret:
    try:
        key = unb64u(strict_json.text_of(value, "key"))
    except ValueError:
        raise JsonError("key is not canonical base64url") from None
    if len(key) != 32:  # bytes, like every key of the format
        raise JsonError("key does not have 32 bytes")
    return Secret(key)
