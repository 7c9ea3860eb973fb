"""Import: verifies the keys with AWS before anything is removed. Prints nothing."""

from __future__ import annotations

from dataclasses import replace

from vault import errors
from vault.aws.key_format import odd_lengths
from vault.keys import entries
from vault.keys.service_endpoints import sts_endpoint
from vault.migrate.edit_plan import Skipped
from vault.migrate.import_plan import ImportPlan, without_files
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.keys.endpoint_trust import EndpointTrust


def verify(context: Context, plan: ImportPlan, trust: EndpointTrust | None) -> ImportPlan:
    """Verify each key that the vault does not have yet. A key that AWS refuses is skipped.

    ``trust`` is None if no key will be removed from where it is. Raises Unreachable, Untrusted.
    """
    for moved in plan.keys:
        if trust is not None and not moved.stored:
            trust.check(sts_endpoint(context, moved.verified_as))
    verified = ImportPlan(skipped=list(plan.skipped), plaintext=list(plan.plaintext))
    kept = set()
    for moved in plan.keys:
        if moved.stored:
            verified.keys.append(moved)
            continue
        key = moved.key
        try:
            try:
                proof = entries.verify_key(context, moved.verified_as, key, ask_aws=True)
            except errors.Usage:  # the device belongs to another account: move the key without it
                key = key._replace(mfa_serial=None)
                proof = entries.verify_key(context, moved.verified_as, key, ask_aws=True)
        except errors.Refused as error:
            odd = odd_lengths(key.access_key_id, key.secret)
            reason = f"{error.message}; {odd}" if odd else error.message
            places = [one for one in verified.plaintext if moved.is_at(one)]
            verified.skipped += [Skipped(one.profile, f"{one.origin}: {reason}") for one in places]
            verified.skipped += [Skipped(name, reason) for name in moved.profiles if not places]
            verified.plaintext = [one for one in verified.plaintext if one not in places]
            kept |= {path for path, _ in moved.files}
            continue
        if proof.unreachable is not None:
            raise errors.Unreachable(
                f"the key {safe(moved.entry)} cannot be verified: {proof.unreachable}",
                hint="nothing was moved; check the network and run the import again, or use --no-verify",
            )
        verified.keys.append(replace(moved, key=key, proof=proof))
    verified.keys = without_files(verified.keys, kept)
    return verified
