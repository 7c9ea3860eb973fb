"""What scripts/make-reference says about slots in JSON; json_output.py has the other commands."""

from __future__ import annotations

from scripts.reference.json_types import ALWAYS, BOOLEAN, KNOWN, OBJECTS, TEXT, TIME, Rows, one_of

HARDWARE: Rows = {
    "hardware": (OBJECTS, "if the vault has slots of this machine's hardware", "these slots"),
    "hardware[].slot": (TEXT, ALWAYS, "its name, for `slots remove`"),
    "hardware[].kind": (one_of("TPM", "security key"), ALWAYS, "a security key only while it is plugged in"),
    "hardware[].usable": (BOOLEAN, ALWAYS, "whether it unlocks the vault, except after `lock`"),
    "hardware[].problem": (TEXT, "if not `usable`", "why not"),
}

SLOTS: dict[str, Rows] = {
    "slots list": {
        "slots": (OBJECTS, ALWAYS, ""),
        "slots[].slot": (TEXT, ALWAYS, "its name, for `slots remove`"),
        "slots[].kind": (
            one_of("passphrase", "keyring", "recovery code", "TPM", "security key", "helper"),
            ALWAYS,
            "",
        ),
        "slots[].opens": (one_of("main", "strict"), ALWAYS, "the box that it unlocks"),
        "slots[].about": (
            TEXT,
            KNOWN,
            "the machine of a keyring or TPM, the model of a security key, the cost of a passphrase",
        ),
        "slots[].host": (TEXT, "for a keyring and a TPM", "the name that its machine had"),
        "slots[].device": (
            TEXT,
            "for hardware",
            "the start of the TPM's name, which no other TPM has; the AAGUID of a security key",
        ),
        "slots[].last_used": (TIME, "if it was used on this machine", "when it last unlocked the vault"),
    },
}
