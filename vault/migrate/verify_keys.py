"""The keys of an import, proved by AWS before they are taken out of where they lie. Prints nothing."""

from __future__ import annotations

from dataclasses import replace

from vault import errors
from vault.aws.key_format import odd_lengths
from vault.keys import entries
from vault.keys.verify import sts_endpoint
from vault.migrate.import_keys import Intake, holds, without_files
from vault.migrate.setup import Left
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.keys.foreign_hosts import ForeignHosts


def prove(context: Context, taken: Intake, foreign: ForeignHosts | None) -> Intake:
    """Ask AWS about every key that the vault does not hold yet; one that AWS refuses is left where it is.

    ``strangers`` is None where no key is taken out on the strength of the answers. Errors: Unreachable, Untrusted.
    """
    for moved in taken.moved:
        if foreign is not None and not moved.there:
            foreign.admit(sts_endpoint(context, moved.asked))
    proven = Intake(left=list(taken.left), sources=list(taken.sources))
    kept = set()
    for moved in taken.moved:
        if moved.there:
            proven.moved.append(moved)
            continue
        key = moved.key
        try:
            try:
                proof = entries.proven(context, moved.asked, key, verify=True)
            except errors.Usage:  # the device is another account's: the key is moved without it
                key = key._replace(mfa_serial=None)
                proof = entries.proven(context, moved.asked, key, verify=True)
        except errors.Refused as error:
            odd = odd_lengths(key.access_key_id, key.secret)
            reason = f"{error.message}; {odd}" if odd else error.message
            at = [s for s in proven.sources if holds(moved, s)]
            proven.left += [Left(s.profile, f"{s.origin}: {reason}") for s in at]
            proven.left += [Left(name, reason) for name in moved.profiles if not at]
            proven.sources = [s for s in proven.sources if s not in at]
            kept |= {path for path, _ in moved.files}
            continue
        if proof.unreachable is not None:
            raise errors.Unreachable(
                f"the key of {safe(moved.entry)} cannot be proved: {proof.unreachable}",
                hint="nothing was moved; run it again with a network, or say --no-verify",
            )
        proven.moved.append(replace(moved, key=key, proof=proof))
    proven.moved = without_files(proven.moved, kept)
    return proven
