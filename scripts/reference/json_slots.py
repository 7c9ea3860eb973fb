"""What scripts/make-reference says about slots in JSON; json_output.py has the other commands."""

from __future__ import annotations

from scripts.reference.json_sync import MACHINES
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

HARDWARE: Rows = {
    "hardware": (OBJECTS, "if the vault has slots of this machine's hardware", "these slots"),
    "hardware[].slot": (TEXT, ALWAYS, "its name, for `slots remove`"),
    "hardware[].kind": (one_of("TPM", "security key"), ALWAYS, "a security key only while it is plugged in"),
    "hardware[].usable": (BOOLEAN, ALWAYS, "whether it unlocks the vault, except after `lock`"),
    "hardware[].problem": (TEXT, "if not `usable`", "why not"),
}

_KINDS = one_of("passphrase", "keyring", "recovery code", "TPM", "security key", "helper")
_SLOT: Rows = {
    "slot": (TEXT, ALWAYS, "its name, for `slots remove`"),
    "kind": (_KINDS, ALWAYS, ""),
    "opens": (one_of("main", "strict"), ALWAYS, "the box that it unlocks"),
    "about": (
        TEXT,
        KNOWN,
        "the machine of a keyring or TPM, the model of a security key, the cost of a passphrase",
    ),
    "host": (TEXT, "for a keyring and a TPM", "the name that its machine had"),
    "device": (
        TEXT,
        "for hardware",
        "the start of the TPM's name, which no other TPM has; the AAGUID of a security key",
    ),
}
REKEYED: Rows = {
    "generation": (NUMBER, ALWAYS, "the generation of the vault now"),
    "opened_by": (TEXTS, ALWAYS, "the kinds of the slots that unlock it now"),
    "removed": (OBJECTS, ALWAYS, "the slots that could not be kept"),
    "removed[].slot": (TEXT, ALWAYS, "its name"),
    "removed[].kind": (_KINDS, ALWAYS, ""),
    "strict_kept": (BOOLEAN, ALWAYS, "whether there are strict seeds that keep their key"),
    "log_unreadable": (TEXT, "if the old log cannot be read", "why, and where it is"),
    "lost_sign_ins": (TEXTS, ALWAYS, "where you must sign in to IAM Identity Center again"),
    "left": (TEXTS, ALWAYS, "files and keyring items that could not be deleted"),
}

SLOTS: dict[str, Rows] = {
    "slots list": {
        "slots": (OBJECTS, ALWAYS, ""),
        **{f"slots[].{name}": row for name, row in _SLOT.items()},
        "slots[].last_used": (TIME, "if it was used on this machine", "when it last unlocked the vault"),
        **{
            name: (
                kind,
                "if the vault has a remote, and its cache key is available" if name == "machines" else when,
                what,
            )
            for name, (kind, when, what) in MACHINES.items()
        },
    },
    "slots add WAY": {**_SLOT, "warnings": (TEXTS, ALWAYS, "")},
    "slots remove SLOT": {
        "slot": (TEXT, ALWAYS, "the name of the removed slot"),
        "kind": (_KINDS, ALWAYS, ""),
        **REKEYED,
    },
    "slots remove MACHINE": {
        "machine": (TEXT, ALWAYS, "the ID of the removed machine"),
        "name": (TEXT, ALWAYS, "what users call it"),
        "last_wrote": (TIME, KNOWN, "when it last wrote to the bucket"),
        "url": (TEXT, ALWAYS, "of the remote"),
        "rotate": (TEXTS, ALWAYS, "the entries whose keys the machine has"),
        **REKEYED,
        "warnings": (TEXTS, ALWAYS, ""),
    },
}
