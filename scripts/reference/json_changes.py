"""What scripts/make-reference says about the JSON of ``setup``, and of changes of AWS's files; json_output.py has the rest."""

from __future__ import annotations

from scripts.reference.json_types import ALWAYS, BOOLEAN, NUMBER, OBJECTS, TEXT, TEXTS, Rows, one_of

CHANGES: Rows = {
    "profiles": (OBJECTS, ALWAYS, "the profiles whose lines change"),
    "profiles[].profile": (TEXT, ALWAYS, ""),
    "profiles[].new": (BOOLEAN, ALWAYS, "whether no file has it yet"),
    "profiles[].changes": (OBJECTS, ALWAYS, ""),
    "profiles[].changes[].key": (TEXT, ALWAYS, "the key's name, never its value"),
    "profiles[].changes[].change": (
        one_of("added", "removed", "changed", "prefixed"),
        ALWAYS,
        "`prefixed`: it gets the prefix `awsvault_`",
    ),
    "profiles[].changes[].file": (TEXT, ALWAYS, ""),
    "removed_files": (TEXTS, ALWAYS, "files of another program that are removed"),
    "skipped": (OBJECTS, ALWAYS, "what stays as it is"),
    "skipped[].profile": (TEXT, ALWAYS, "the profile, or the name of the key"),
    "skipped[].reason": (TEXT, ALWAYS, ""),
    "warnings": (TEXTS, ALWAYS, ""),
}

UNDONE: Rows = {
    "applied": (BOOLEAN, ALWAYS, "whether the files were restored"),
    "files": (OBJECTS, ALWAYS, "the files that differ from before the change"),
    "files[].file": (TEXT, ALWAYS, "its path"),
    "files[].removed": (BOOLEAN, ALWAYS, "whether the file did not exist before"),
}

SETUP: dict[str, Rows] = {
    "setup": {
        "applied": (BOOLEAN, ALWAYS, "whether the files were changed"),
        **CHANGES,
        "unused": (TEXTS, ALWAYS, "the entries that no profile uses"),
    },
    "setup --sso SESSION": {
        "session": (TEXT, "unless the sign-in has no `sso-session`", "the name of the section"),
        "start_url": (TEXT, ALWAYS, ""),
        "roles": (
            NUMBER,
            ALWAYS,
            "the roles that have a profile now: all of the sign-in, or those that match",
        ),
        "applied": (BOOLEAN, ALWAYS, "whether the file was changed"),
        **CHANGES,
        "profiles[].removed": (BOOLEAN, "if the profile is removed", "`true`"),
    },
    "setup --undo": UNDONE,
}
IMPORT_UNDONE: Rows = {
    **UNDONE,
    "keys": (OBJECTS, ALWAYS, "the access keys that are in plaintext in a file again"),
    "keys[].access_key_id": (TEXT, ALWAYS, ""),
    "keys[].profile": (TEXT, "if the file has profiles", ""),
    "keys[].file": (TEXT, ALWAYS, ""),
}
YUBIKEY: Rows = {
    "name": (TEXT, ALWAYS, "the entry"),
    "account": (TEXT, ALWAYS, "the OATH account of the YubiKey"),
    "applied": (
        BOOLEAN,
        ALWAYS,
        "whether the files were changed; `false` if the profiles have the line already",
    ),
    **{at: row for at, row in CHANGES.items() if at.startswith(("profiles", "warnings"))},
}
