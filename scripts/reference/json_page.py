"""The page docs/reference/json.md, made of the tables of json_output.py."""

from __future__ import annotations

from scripts.reference.json_actions import WITHOUT
from scripts.reference.json_output import INPUT, OUTPUT, Rows

HEAD = """\
One JSON document on stdout, in ASCII; messages are on stderr. If a command fails, stdout is empty, except where this page says
otherwise. Prompts are on the terminal, as without `--json`. Later versions may add fields; a field that is absent has no value, and none is `null`.

| Type | Form |
|---|---|
| time | RFC 3339 in UTC, whole seconds: `2026-05-01T12:00:00Z` |
| seconds | a whole number |
| list of objects | `entries[].name` is the field `name` of each of them |
"""
_COPIES = "The messages on stderr say which copies of the vault you must delete yourself."
NOTES = {
    "export PROFILE": "The default output of `export`, on one line, for `credential_process`. `exec --server` serves the same "
    "fields with AWS's names for containers (`Token` instead of `SessionToken`).",
    "explain PROFILE": "`chain[sso]` are the items whose `type` is `sso`.",
    "explain PROFILE --live": "The exit code is 1 if AWS refuses a link; the document is the same.",
    "status --policy AGE": "The exit code is 1 if a key is due; the document is the same.",
    "doctor": "The exit code is 1 if there is a warning or an error; the document is the same.",
    "rotate": "With several entries, a failure of one is in its object, and the exit code is that of the first. With one entry, a "
    "failure leaves stdout empty. With `--dry-run`, nothing changes.",
    "setup": "With `--dry-run`, nothing changes. Otherwise add `--yes`, or answer the question at the terminal.",
    "import": "As `setup`. If a key is not imported, the exit code is 1 or 7; the document is the same. A file that "
    "another program writes stays as it is (exit code 1).",
    "add NAME": "At a terminal, `add` prompts as usual, but does not offer to write the profile.",
    "panic": "If a key is not inactive, the exit code is that of the first such key; the document is the same. If only the vault "
    "could not be locked, it is that of the error.",
    "passwd": _COPIES,
    "passwd --strict": _COPIES,
    "rekey": _COPIES,
    "slots remove SLOT": _COPIES,
    "slots remove MACHINE": _COPIES,
    "setup --undo": "The lines that are restored are on stderr. With `--dry-run`, nothing changes.",
    "mfa add NAME --yubikey ACCOUNT": "The lines that are written are on stderr.",
    "login PROFILE": "The object has the URL if `--print` is given or no browser can be opened.",
    "sync": "The exit code is 1 if `waiting` is not empty; the document is the same. With `--dry-run`, nothing changes.",
    "log": "With `--verify`, the exit code is 1 if there are problems; the document is the same.",
}
POLICIES = """\
## IAM policies

`rotate --print-policy`, and `panic` without `--json`, print an IAM policy document (`Version`, `Statement`) on stdout.
"""


def page(made: str) -> str:
    """The page, with the mark ``made`` of a generated page."""
    lines = ["# JSON", "", made, HEAD, "## Output of --json", ""]
    for title, rows in OUTPUT.items():
        lines += [f"### {title}", "", *([NOTES[title], ""] if title in NOTES else []), *_table(rows), ""]
    lines += ["## Commands without --json", "", "| Command | Why |", "|---|---|"]
    lines += [*(f"| `{name}` | {why} |" for name, why in WITHOUT.items()), ""]
    lines += ["## Input of --stdin", "", "One JSON object in UTF-8. An unknown field is an error.", ""]
    for title, rows in INPUT.items():
        lines += [f"### {title}", "", *_table(rows), ""]
    return "\n".join([*lines, POLICIES])


def _table(rows: Rows) -> list[str]:
    return [
        "| Field | Type | Present | Meaning |",
        "|---|---|---|---|",
        *(f"| `{name}` | {kind} | {when} | {text} |" for name, (kind, when, text) in rows.items()),
    ]
