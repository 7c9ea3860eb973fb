"""The sheet to print: what a person needs once the machine is gone. Text from a payload; holds no secret."""

from __future__ import annotations

from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.store.payload import Payload

_STEPS = """\
WHEN THE MACHINE IS LOST OR STOLEN
1. Sign in to the AWS console from another machine, each account as a user who may change IAM (or its root user).
2. IAM > Users > the user below > Security credentials > Access keys: make the key below inactive, then delete it.
3. Same page, Multi-factor authentication: remove the device below, and register a new one.
4. IAM > Users > the user > Permissions > Add inline policy: the policy at the end of this sheet, its time set to now.
   It ends the sessions that were given out before. For roles: IAM > Roles > the role > Revoke sessions.
5. CloudTrail > Event history, filtered by the access key's id: what was done with it since.
6. On a new machine: install awsvault-py, then  awsvault-py restore FILE  with your backup and its passphrase, or your
   recovery code; then  awsvault-py passwd  and a new key for each user:  awsvault-py add --replace NAME
"""

_POLICY = """\
THE POLICY THAT ENDS EARLIER SESSIONS (write the time of now, in UTC, in the place of the one below)
{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*",
  "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2030-01-01T00:00:00Z"}}}]}
"""


def sheet(payload: Payload, *, vault_id: str, made: str, ways: tuple[str, ...]) -> str:
    """One page. ``made`` is today for a person, ``ways`` the kinds of slots that open the vault."""
    lines = [
        f"AWSVAULT-PY: WHAT TO DO WITHOUT THIS MACHINE            made {made}",
        "There is no secret on this sheet. Keep it apart from the machine, and from your recovery code.",
        "",
        f"Vault {vault_id}, opened by: {', '.join(ways)}.",
        "",
        "KEYS",
    ]
    for name, entry in sorted(payload.entries.items()):
        account, user = safe(entry.account or "unknown"), safe(entry.user or "unknown")
        lines.append(f"  {safe(name)}: account {account}, user {user}")
        lines.append(f"    access key {safe(entry.access_key_id)}")
        if entry.mfa_serial is not None:
            lines.append(f"    MFA device {safe(entry.mfa_serial)}{_seed(payload, entry.mfa_serial)}")
        if entry.journal is not None and entry.journal.new is not None:
            lines.append(
                f"    and its successor, a rotation under way: {safe(entry.journal.new.access_key_id)}"
            )
    if not payload.entries:
        lines.append("  none yet")
    used = {entry.mfa_serial for entry in payload.entries.values()}
    lines += [
        f"  MFA device {safe(serial)} (its seed is in the vault)"
        for serial in sorted(payload.seeds)
        if serial not in used
    ]
    return "\n".join([*lines, "", _STEPS, _POLICY])


def _seed(payload: Payload, serial: str) -> str:
    return " (its seed is in the vault)" if serial in payload.seeds else ""
