"""What scripts/make-reference says about ``sync`` and ``remote`` in JSON; json_output.py has the other commands."""

from __future__ import annotations

from scripts.reference.json_types import (
    ALWAYS,
    BOOLEAN,
    KNOWN,
    NUMBER,
    OBJECTS,
    TEXT,
    TEXTS,
    TIME,
    Rows,
    one_of,
)

_KINDS = one_of("entry", "seed", "strict")
_WHEN = "when it was edited"

MACHINES: Rows = {
    "machines": (OBJECTS, ALWAYS, "the machines of the vault, this one first"),
    "machines[].id": (TEXT, ALWAYS, "its ID, for `sync --choose`"),
    "machines[].name": (TEXT, ALWAYS, "what users call it: `--name`, or its host's name when it joined"),
    "machines[].last_wrote": (TIME, KNOWN, "when it last wrote to the bucket"),
    "machines[].edits": (NUMBER, ALWAYS, "its edits so far"),
    "machines[].behind": (NUMBER, ALWAYS, "edits of others that it did not have then"),
    "machines[].removed": (BOOLEAN, ALWAYS, "whether it left, or another machine removed it"),
    "machines[].here": (BOOLEAN, ALWAYS, "whether it is this machine"),
}
_WAITING: Rows = {
    "waiting": (OBJECTS, ALWAYS, "the items that wait for your answer"),
    "waiting[].name": (TEXT, ALWAYS, "the entry, or the device's ARN"),
    "waiting[].kind": (_KINDS, ALWAYS, ""),
    "waiting[].key": (TEXT, ALWAYS, "its name for `sync --choose`, if several have the same"),
    "waiting[].why": (TEXT, ALWAYS, "what happened"),
    "waiting[].withheld": (BOOLEAN, ALWAYS, "whether the vault shows none of its versions"),
    "waiting[].versions": (OBJECTS, ALWAYS, "what the machines have"),
    "waiting[].versions[].machine": (TEXT, ALWAYS, "the ID of the machine that edited it"),
    "waiting[].versions[].by": (TEXT, ALWAYS, "its name"),
    "waiting[].versions[].edited": (TIME, KNOWN, _WHEN),
    "waiting[].versions[].removed": (BOOLEAN, ALWAYS, "whether it was removed there"),
    "waiting[].versions[].access_key_id": (TEXT, "for an entry", ""),
    "waiting[].versions[].created": (TIME, "for an entry", "when the key was stored"),
    "waiting[].versions[].mfa_serial": (TEXT, "if it has an MFA device", ""),
    "waiting[].versions[].mfa_serials": (TEXTS, "for strict seeds", "the MFA devices that they are of"),
    "waiting[].versions[].account": (TEXT, KNOWN, "12 digits"),
    "waiting[].versions[].user": (TEXT, KNOWN, "the IAM user's name"),
    "waiting[].versions[].renamed_to": (TEXT, "if it was renamed", "its new name"),
}
_OUTCOME: Rows = {
    "url": (TEXT, ALWAYS, "the remote"),
    "pulled": (BOOLEAN, ALWAYS, "whether the object was read"),
    "pushed": (BOOLEAN, ALWAYS, "whether it was written"),
    "came": (OBJECTS, ALWAYS, "what came from other machines"),
    "came[].name": (TEXT, ALWAYS, ""),
    "came[].kind": (_KINDS, ALWAYS, ""),
    "came[].what": (one_of("added", "changed", "removed"), ALWAYS, ""),
    "came[].by": (TEXT, KNOWN, "the machine's name"),
    "came[].edited": (TIME, KNOWN, _WHEN),
    "went": (OBJECTS, ALWAYS, "what went to them, with the same fields"),
    "went[].name": (TEXT, ALWAYS, ""),
    "went[].kind": (_KINDS, ALWAYS, ""),
    "went[].what": (one_of("added", "changed", "removed"), ALWAYS, ""),
    "went[].by": (TEXT, KNOWN, "this machine's name"),
    "went[].edited": (TIME, KNOWN, _WHEN),
    **_WAITING,
    **MACHINES,
    "generation": (NUMBER, ALWAYS, "of the object"),
    "written": (TIME, "if it was read or written", "when it was written"),
    "writer": (TEXT, "if it was read or written", "the machine that wrote it last"),
    "fingerprint": (TEXT, ALWAYS, "of its key, to compare on two machines"),
}

SYNC: dict[str, Rows] = {
    "sync": _OUTCOME,
    "remote add": {**_OUTCOME, "left": (TEXTS, ALWAYS, "objects of the probe that could not be removed")},
    "remote show": {
        "url": (TEXT, ALWAYS, "empty if the vault came from a file"),
        "endpoint_url": (TEXT, "if it is not AWS's own", ""),
        "region": (TEXT, KNOWN, ""),
        "profile": (TEXT, "if one signs", ""),
        "kms_key": (TEXT, "if one encrypts", "its ARN"),
        "generation": (NUMBER, ALWAYS, "of the object as it was last read or written"),
        "fingerprint": (TEXT, ALWAYS, "of its key, to compare on two machines"),
        **MACHINES,
        **_WAITING,
    },
    "remote remove": {
        "url": (TEXT, ALWAYS, "the former remote"),
        "warnings": (TEXTS, ALWAYS, "what stays behind if the bucket could not be changed"),
    },
}
