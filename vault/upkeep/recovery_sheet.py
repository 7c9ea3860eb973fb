"""The text of the recovery sheet: what the user needs after losing the machine. It contains no secret."""

from __future__ import annotations

from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.store.payload import Payload

_STEPS = """\
IF THE MACHINE IS LOST OR STOLEN
1. Sign in to the AWS console from another machine, in each account, as a user who may change IAM (or as root).
2. IAM > Users > the user > Security credentials > Access keys: deactivate the key below, then delete it.
3. On the same page, under Multi-factor authentication (MFA): remove the device below, and assign a new one.
4. IAM > Users > the user > Permissions > Create inline policy: add the policy at the end of this sheet, with the current
   time. It ends all sessions issued before that time. For roles: IAM > Roles > the role > Revoke sessions.
5. CloudTrail > Event history: filter by the access key ID to see how the key has been used since then.
6. On a new machine: install awsvault-py. Run  awsvault-py restore FILE  with your backup and its passphrase or recovery
   code, then  awsvault-py passwd.  Create a new key for each user:  awsvault-py add --replace NAME
"""

_POLICY = """\
POLICY THAT ENDS EARLIER SESSIONS (replace the time below with the current time in UTC)
{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*",
  "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2030-01-01T00:00:00Z"}}}]}
"""
_SEED_STORED = " (its seed is in the vault)"


def sheet(payload: Payload, *, vault_id: str, made: str, slots: tuple[str, ...]) -> str:
    """The recovery sheet, one page of text. ``made`` is today's date, ``slots`` are the kinds of slots that open the vault."""
    lines = [
        f"AWSVAULT-PY RECOVERY SHEET            {made}",
        "This sheet contains no secrets. Keep it away from the machine and from your recovery code.",
        "",
        f"Vault {vault_id}. You can unlock it with: {', '.join(slots)}.",
        "",
        "KEYS",
    ]
    for name, entry in sorted(payload.entries.items()):
        account, user = safe(entry.account or "unknown"), safe(entry.user or "unknown")
        lines.append(f"  {safe(name)}: account {account}, user {user}")
        lines.append(f"    access key {safe(entry.access_key_id)}")
        if entry.mfa_serial is not None:
            seed = _SEED_STORED if entry.mfa_serial in payload.seeds else ""
            lines.append(f"    MFA device {safe(entry.mfa_serial)}{seed}")
        if entry.journal is not None and entry.journal.new is not None:
            lines.append(
                f"    new access key {safe(entry.journal.new.access_key_id)} (its rotation is in progress)"
            )
    if not payload.entries:
        lines.append("  none yet")
    used = {entry.mfa_serial for entry in payload.entries.values()}
    lines += [
        f"  MFA device {safe(serial)}{_SEED_STORED}" for serial in sorted(payload.seeds) if serial not in used
    ]
    return "\n".join([*lines, "", _STEPS, _POLICY])
