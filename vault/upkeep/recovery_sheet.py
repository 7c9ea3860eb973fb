"""The text of the recovery sheet: what the user needs after losing the machine. It contains no secret."""

from __future__ import annotations

from vault import limits
from vault.text import safe
from vault.upkeep import paper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.store.payload import Entry, Payload

_STEPS = (
    "Sign in to the AWS console from another machine, in each account, as a user who may change IAM (or as root).",
    "IAM > Users > the user > Security credentials > Access keys: deactivate the key above, then delete it.",
    "On the same page, under Multi-factor authentication (MFA): remove the device above, and assign a new one.",
    (
        "IAM > Users > the user > Permissions > Create inline policy: add the policy at the end of this sheet, with the current "
        "time. It ends the sessions that were issued before. For roles: IAM > Roles > the role > Revoke sessions."
    ),
    "CloudTrail > Event history, filtered by the access key ID: see how the key was used since then.",
    (
        "On a new machine: install awsvault-py. Run  awsvault-py restore FILE  with your backup and its passphrase or recovery "
        "code, then  awsvault-py passwd.  Create a new key for each user:  awsvault-py add --replace NAME"
    ),
)
_POLICY = """\
POLICY THAT ENDS EARLIER SESSIONS
(replace the time below with the current time in UTC)
{
  "Version": "2012-10-17",
  "Statement": [{
    "Effect": "Deny",
    "Action": "*",
    "Resource": "*",
    "Condition": {
      "DateLessThan": {"aws:TokenIssueTime": "2030-01-01T00:00:00Z"}
    }
  }]
}
"""
_SEED_STORED, _IN_PROGRESS = "(its seed is in the vault)", "(its rotation is in progress)"
_WHOLE = 10_000  # characters: what is cut cannot be typed


def sheet(payload: Payload, *, vault_id: str, made: str, slots: tuple[str, ...]) -> str:
    """The recovery sheet, one page of text. ``made`` is today's date, ``slots`` are the kinds of slots that open the vault."""
    lines = [
        f"AWSVAULT-PY RECOVERY SHEET            {made}",
        *paper.paragraph(
            "This sheet contains no secrets. Keep it away from the machine, and from your recovery code."
        ),
        "",
        *paper.paragraph(f"Vault {vault_id}, opened by: {', '.join(slots)}.", hang=2),
        "",
        "KEYS",
    ]
    values = [
        value for name, entry in sorted(payload.entries.items()) for value in _entry(name, entry, payload)
    ]
    used = {entry.mfa_serial for entry in payload.entries.values()}
    for serial in sorted(payload.seeds):
        if serial not in used:
            values += _noted("  MFA device", serial, _SEED_STORED)
    lines += [line for value in values for line in value] or ["  none yet"]
    if any(len(value) > 1 for value in values):
        lines += [
            "",
            *paper.paragraph("A long value continues on the next line, without a space between them."),
        ]
    lines += ["", "IF THE MACHINE IS LOST OR STOLEN"]
    for number, step in enumerate(_STEPS, 1):
        lines += paper.paragraph(f"{number}. {step}", hang=3)
    return "\n".join([*lines, "", _POLICY])


def _entry(name: str, entry: Entry, payload: Payload) -> list[list[str]]:
    """The values of one entry, each with its lines."""
    values = [
        paper.value(" ", safe(name, limit=_WHOLE)),
        paper.value("    account", safe(entry.account or "unknown")),
        paper.value("    user", safe(entry.user or "unknown")),
        paper.value("    access key", safe(entry.access_key_id)),
    ]
    if entry.mfa_serial is not None:
        values += _noted(
            "    MFA device", entry.mfa_serial, _SEED_STORED if entry.mfa_serial in payload.seeds else ""
        )
    if entry.journal is not None and entry.journal.new is not None:
        values += _noted("    new access key", entry.journal.new.access_key_id, _IN_PROGRESS)
    return values


def _noted(label: str, text: str, note: str) -> list[list[str]]:
    """A value, and a note about it in the same line if it fits there."""
    value = paper.value(label, safe(text, limit=_WHOLE))
    if not note:
        return [value]
    together = f"{value[0]} {note}"
    if len(value) == 1 and paper.columns(together) <= limits.PAPER_COLUMNS:
        return [[together]]
    return [value, [" " * limits.PAPER_INDENT * 2 + note]]
