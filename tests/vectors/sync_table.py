"""What machines share, as files that every reader takes or refuses (docs/format.md, section 8): for scripts/make-vectors."""

from __future__ import annotations

import base64
import hashlib
import json

from tests.vectors.reader import load, unpad

LAPTOP, DESKTOP = "bGFwdG9w", "ZGVza3RvcA"
OTHER = {"akid": "AKIAI44QH8DHBEXAMPLE", "sak": "another secret", "created": 1700000500, "later": {"a": 1}}


def shared(payload):
    """Section 8: each entry of ``payload`` as an edit of the laptop; one that both changed, a removal, a journal."""
    dots = iter(range(1, 99))

    def edit(machine, groups, number=None, **more):
        dot = [machine, number or next(dots)]
        version = {"d": dot, "vv": {machine: dot[1]}, "g": dict.fromkeys(groups, dot)}
        return {
            **version,
            "by": {LAPTOP: "laptop", DESKTOP: "desktop \u202e"}[machine],
            "at": 1700000000,
            **more,
        }

    entry = ("key", "mfa", "rest")
    made = {f"entry/{name}": [edit(LAPTOP, entry)] for name in payload["entries"]}
    made |= {f"seed/{serial}": [edit(LAPTOP, ("rest",))] for serial in payload["seeds"]}
    made["entry/both"] = [edit(DESKTOP, entry, 1, x=OTHER), edit(LAPTOP, entry, x={**OTHER, "sak": "mine"})]
    made["entry/gone"] = [edit(LAPTOP, (), to="both")]
    made["entry/deep"] = [edit(LAPTOP, entry, x=json.dumps({**OTHER, "later": {"a": [{"b": 1}]}}))]
    made[f"journal/{DESKTOP}/both"] = [
        edit(DESKTOP, ("rest",), 2, x={"step": "created", "began": 1, "known": []}, **{"not": [[LAPTOP, 1]]})
    ]
    made[f"journal/{DESKTOP}/both"][0]["vv"][LAPTOP] = 1
    last = next(dots) - 1
    lines = {
        LAPTOP: {
            "n": last,
            "w": {str(last): "a mark"},
            "name": "laptop",
            "at": 1700000000,
            "seen": {DESKTOP: 2},
        },
        DESKTOP: {
            "n": 2,
            "w": {"2": "m"},
            "name": "desktop \u202e",
            "at": 1700000100,
            "seen": {},
            "gone": True,
        },
    }
    return {"v": 1, "items": made, "machines": lines}


def vectors(k_main, make, seal):
    """Format.md section 8: a bucket's file and a machine's vault, made of the first golden vault; and forms to refuse."""
    made = []

    def add(name, change, *, own=False, good=True):
        payload = load(unpad(make.padded))
        value = shared(payload)
        if own:
            for key, found in value["items"].items():
                for version in found:
                    if "x" not in version and version["g"]:
                        kind, _, item = key.partition("/")
                        version["x"] = payload[{"entry": "entries", "seed": "seeds"}[kind]][item]
            remote = {
                "url": "s3://example-bucket/vault.avlt", "region": "eu-west-1", "key": golden_key(), "kgen": 1, "gen": 3,
                "digest": "00" * 32, "seen": {DESKTOP: 2}, "slots": make.header["slots"],
            }  # fmt: skip
            shown = {"entry/both": {"on": [[LAPTOP, value["items"]["entry/both"][1]["d"][1]]], "why": "changed",
                                    "x": {**OTHER, "sak": "mine"}}}  # fmt: skip
            value |= {"me": LAPTOP, "name": "laptop", "shown": shown, "remote": remote}
        change(value)
        payload = {**payload, "rekeyed": value.pop("rekeyed", 1), "sync": value}
        text = json.dumps(payload, separators=(",", ":")).encode() + b"\x80"
        size = -(-len(text) // 4096) * 4096
        header = {**make.header, "len": [size + 80, len(make.strict)]}
        raw = json.dumps(header, separators=(",", ":")).encode()
        prefix = b"AWSVLT1\n" + len(raw).to_bytes(4, "big") + raw
        box = seal(name, make.key, "main", prefix, text.ljust(size, b"\x00"))
        file = base64.b64encode(prefix + box + make.strict).decode()
        made.append({"name": name, "own": own, "good": good, "file": file})

    def both(value):
        return value["items"]["entry/both"][0]

    add("a bucket's file", dict)
    add("a machine's vault", dict, own=True)
    for name, change in {
        "a later version of sync": lambda value: value.update(v=2),
        "a key of sync that readers do not know": lambda value: value.update(later=1),
        "an item of another kind": lambda value: value["items"].update({"note/x": [both(value)]}),
        "an item without a version": lambda value: value["items"].update({"entry/x": []}),
        "a version without its own dot": lambda value: both(value).update(vv={}),
        "a version without a content": lambda value: both(value).pop("x"),
        "a removal with a content": lambda value: both(value).update(g={}),
        "a content that is a list": lambda value: both(value).update(x=[1]),
        "a dot of the number 0": lambda value: both(value).update(d=[DESKTOP, 0]),
        "a version without one of its groups": lambda value: both(value)["g"].pop("mfa"),
        "a journal of a machine that is a path": lambda value: value["items"].update(
            {"journal/../both": value["items"][f"journal/{DESKTOP}/both"]}
        ),
        "an ID of a machine that is a path": lambda value: value["machines"].update(
            {"../x": value["machines"][LAPTOP]}
        ),
        "a line with a key that readers do not know": lambda value: value["machines"][LAPTOP].update(x=1),
        "a mark with a number that has two spellings": lambda value: value["machines"][LAPTOP].update(
            w={"01": "m"}
        ),
    }.items():
        add(name, change, good=False)
        add(f"{name}, in a machine's vault", change, own=True, good=False)
    for name, number in {"a key of generation 0": 0, "a key that is newer than its file": 99}.items():
        add(name, lambda value, number=number: value.update(rekeyed=number), good=False)
    own = {
        "a machine without a line": lambda value: value.update(me="bm9ib2R5"),
        "a key of 16 bytes": lambda value: value["remote"].update(key="A" * 22),
        "an unknown conflict": lambda value: value["shown"]["entry/both"].update(why="bored"),
    }
    for name, change in own.items():
        add(name, change, own=True, good=False)
    return {"k_main": k_main, "vectors": made}


def golden_key():
    return base64.urlsafe_b64encode(hashlib.sha256(b"K_remote").digest()).rstrip(b"=").decode()
