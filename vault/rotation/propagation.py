"""A new key spreads at AWS for some seconds, known here and not there: what waits for that. Prints nothing."""

from __future__ import annotations

from vault import errors, limits
from vault.keys.iam_signer import credentials

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.keys.iam_signer import IamSigner
    from vault.store.vault import KeyPair
    from vault.system.clock import Clock


def prove(
    iam_signer: IamSigner, pair: KeyPair, *, clock: Clock, proving: Callable[[int], None] | None
) -> None:
    """Return once the key has answered several times in a row. ``proving`` hears how many times. Refused, Unreachable."""
    end = clock.monotonic() + limits.PROOF_MOST
    row = 0
    while row < limits.PROOFS:
        if clock.monotonic() > end:
            raise errors.Unreachable(
                f"AWS did not know the key {pair.access_key_id} reliably within {limits.PROOF_MOST:.0f} s",
                hint="run: awsvault-py rotate in some minutes, which goes on from here",
            )
        try:
            iam_signer.whoami(credentials(pair))
            row += 1
        except errors.Refused as error:
            if error.code not in ("InvalidClientTokenId", "AccessDenied"):
                raise
            row = 0
        except errors.Unreachable:
            row = 0
        if proving is not None:
            proving(row)
        if row < limits.PROOFS:
            clock.sleep(limits.PROOF_PAUSE)


def until_known(act: Callable[[], None], *, clock: Clock) -> None:
    """``act``, again while no key at hand is known everywhere yet. Refused, Unreachable."""
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
