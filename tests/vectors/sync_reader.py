"""The part of the independent reader for what machines share: docs/format.md, section 8, and nothing of the program."""

from __future__ import annotations

import base64
import re

from tests.vectors.reader import Refused, check_slot, keys, load, open_main, sized, take_apart, whole

MACHINE = re.compile(r"[A-Za-z0-9_-]{1,32}\Z")


def open_shared(raw, k_remote):
    """Section 8: the items of a bucket's file, each with its versions as (dot, content)."""
    payload = open_main(raw, k_remote)
    if not 1 <= whole(payload.get("rekeyed", 0)) <= payload["gen"]:
        raise Refused("content", "the generation of its key")
    sync = payload.get("sync")
    keys(sync, "v", "items", "machines")
    if whole(sync["v"]) != 1:
        raise Refused("content", "the version of sync")
    machines(sync["machines"])
    return items(sync["items"], in_the_box(raw, payload))


def open_own(payload):
    """Section 8: the key ``sync`` of a machine's vault: its items as in ``open_shared``, and what is kept of what was shown."""
    sync = payload["sync"]
    keys(sync, "v", "me", "name", "items", "machines", "shown", "remote")
    if whole(sync["v"]) != 1 or sync["me"] not in sync["machines"]:
        raise Refused("content", "the version of sync, or no line of this machine")
    machines(sync["machines"])
    remote = sync["remote"]
    more = [name for name in ("endpoint", "region", "profile", "kms", "old") if name in remote]
    keys(remote, "url", "key", "kgen", "gen", "digest", "seen", "slots", *more)
    sized(remote["key"], 32)
    for key in remote.get("old", []):
        sized(key, 32)
    for slot in remote["slots"]:
        check_slot(slot)
    shown = {}
    for key, one in sync["shown"].items():
        keys(one, "on", *(name for name in ("why", "x") if name in one))
        if one.get("why", "changed") not in ("removed", "renamed", "changed", "forked"):
            raise Refused("content", "an unknown conflict")
        shown[key] = (one.get("why"), [dot(d) for d in one["on"]], content_of(one.get("x")))
    return items(sync["items"], {}), shown


def in_the_box(raw, payload):
    """Section 8: what the box itself shows, by the keys of items."""
    header, _, _, strict = take_apart(raw)
    shown = {}
    for name, entry in payload["entries"].items():
        shown[f"entry/{name}"] = entry
    for serial, seed in payload["seeds"].items():
        shown[f"seed/{serial}"] = seed
    if payload.get("strict_serials"):
        shown["strict"] = {
            "box": base64.urlsafe_b64encode(strict).rstrip(b"=").decode(),
            "gen": payload["strict_gen"],
            "serials": payload["strict_serials"],
            "slots": [slot for slot in header["slots"] if slot["g"] == ["strict"]],
        }
    return shown


def items(value, shown):
    found = {}
    for key, there in value.items():
        kind, _, name = key.partition("/")
        fits = {"entry": bool(name), "seed": bool(name), "journal": "/" in name, "strict": key == "strict"}
        if not fits.get(kind) or not isinstance(there, list) or not 1 <= len(there) <= 256:
            raise Refused("content", "an item's kind, or how many versions it has")
        if kind == "journal" and not MACHINE.match(name.partition("/")[0]):
            raise Refused("content", "the machine of a journal")
        groups = {"key", "mfa", "rest"} if kind == "entry" else {"rest"}
        if any(one.get("g") and set(one["g"]) != groups for one in there):
            raise Refused("content", "the groups of a version")
        found[key] = [version(one, shown.get(key)) for one in there]
    return found


def version(one, shown):
    """A version's dot and content; None is a removal."""
    keys(one, "d", "vv", "g", "by", "at", *(name for name in ("not", "to", "x") if name in one))
    machine, number = dot(one["d"])
    if whole(one["vv"].get(machine, 0)) < number or not isinstance(one["by"], str) or len(one["by"]) > 255:
        raise Refused("content", "a version that does not stand on itself, or a name")
    for other in [*one["g"].values(), *one.get("not", [])]:
        dot(other)
    whole(one["at"])
    if not one["g"]:
        if "x" in one:
            raise Refused("content", "a removal with a content")
        return (machine, number), None
    content = content_of(one["x"]) if "x" in one else shown
    if content is None:
        raise Refused("content", "a version without a content")
    return (machine, number), content


def content_of(value):
    content = load(value.encode()) if isinstance(value, str) else value
    if value is not None and not isinstance(content, dict):
        raise Refused("content", "a content that is no object")
    return content


def dot(value):
    if not isinstance(value, list) or len(value) != 2 or not MACHINE.match(str(value[0])):
        raise Refused("content", "a dot")
    return str(value[0]), whole(value[1], 1)


def machines(value):
    if len(value) > 1000:
        raise Refused("content", "too many machines")
    for machine, line in value.items():
        keys(line, "n", "w", "name", "at", "seen", *(["gone"] if "gone" in line else []))
        if not MACHINE.match(machine) or any(
            str(whole(int(n))) != n or len(m) > 64 for n, m in line["w"].items()
        ):
            raise Refused("content", "a machine's ID or mark")
        for number in (line["n"], line["at"], *line["seen"].values()):
            whole(number)
