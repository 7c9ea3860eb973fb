"""Waits until AWS's servers know a new key: each learns it by itself, within some seconds. Prints nothing."""

from __future__ import annotations

from vault import errors, limits
from vault.keys.iam_signer import credentials_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.keys.iam_signer import IamSigner
    from vault.store.vault import KeyPair
    from vault.system.clock import Clock


def verify(
    iam_signer: IamSigner, pair: KeyPair, *, clock: Clock, progress: Callable[[int], None] | None
) -> None:
    """Return once the key has worked several times in a row. ``progress`` gets that number. Refused, Unreachable."""
    end = clock.monotonic() + limits.PROOF_MOST
    in_a_row = 0
    while in_a_row < limits.PROOFS:
        if clock.monotonic() > end:
            raise errors.Unreachable(
                f"AWS did not know the new key {pair.access_key_id} reliably within {limits.PROOF_MOST:.0f} s",
                hint="to continue with that key, run awsvault-py rotate in a few minutes",
            )
        try:
            iam_signer.whoami(credentials_of(pair))
            in_a_row += 1
        except errors.Refused as error:
            if error.code not in ("InvalidClientTokenId", "AccessDenied"):
                raise
            in_a_row = 0
        except errors.Unreachable:
            in_a_row = 0
        if progress is not None:
            progress(in_a_row)
        if in_a_row < limits.PROOFS:
            clock.sleep(limits.PROOF_PAUSE)


def retry_until_known(act: Callable[[], None], *, clock: Clock) -> None:
    """Call ``act``, and repeat it while the server that answers does not know any of the signing keys yet. Refused,
    Unreachable.
    """
    end = clock.monotonic() + limits.PROOF_MOST
    while True:
        try:
            act()
        except errors.Refused as error:
            if error.code != "InvalidClientTokenId" or clock.monotonic() > end:
                raise
            clock.sleep(limits.PROOF_PAUSE)
        except errors.Unreachable:
            if clock.monotonic() > end - limits.PROOF_MOST / 2:
                raise
            clock.sleep(limits.PROOF_PAUSE)
        else:
            return
