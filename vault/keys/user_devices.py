"""The MFA devices of a key's user at AWS: resynchronized and deactivated, with codes of a stored seed. Prints nothing."""

from __future__ import annotations

from contextlib import suppress

from vault import errors, limits
from vault.aws import iam
from vault.credentials.mfa_code import Codes
from vault.keys.iam_signer import IamSigner
from vault.mfa.ledger import Ledger
from vault.store.entry_lookup import find_entry
from vault.system.files import Folder
from vault.text import command, safe
from vault.unlocking import strict_seeds
from vault.unlocking.keys import OpenedKeys, raw_seed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.aws.credentials import Identity
    from vault.context import Context
    from vault.keys.endpoint_trust import EndpointTrust
    from vault.store.vault import Opened, StoredSeed


class UserDevices:
    """The devices of one entry's user. ``waiting`` gets the seconds until the next code."""

    def __init__(
        self,
        context: Context,
        opened: Opened,
        name: str,
        *,
        trust: EndpointTrust,
        waiting: Callable[[float], None],
        mfa_code: str | None = None,
    ) -> None:
        self.context = context.with_deadline(limits.ENROLLMENT_MOST)
        self.opened = opened
        self.name = name
        self._waiting = waiting
        keys = OpenedKeys(opened, paths=context.paths, clock=context.clock)
        codes = Codes(self.context, keys, given=mfa_code)
        entry = find_entry(opened.payload, name)
        self._iam_signer = IamSigner(self.context, name, entry, codes=codes, trust=trust)

    def identify(self) -> Identity:
        """The identity of the key's user. Call it before the other methods. Refused, Unreachable."""
        return self._iam_signer.identify()

    @property
    def account(self) -> tuple[str, str]:
        """The partition and the account of the user."""
        identity = self._iam_signer.identity
        if identity is None:
            raise errors.Internal("the user of the key was not identified")
        return iam.partition_of(identity.arn), identity.account

    @property
    def user(self) -> str:
        """The IAM user's name. Usage if the key is not a user's."""
        return self._iam_signer.user

    def iam(self) -> iam.Iam:
        """IAM's calls about the user."""
        return self._iam_signer.iam()

    @property
    def now(self) -> int:
        """Unix seconds by AWS's clock."""
        return self._iam_signer.now

    def two_codes(self, serial: str, stored: StoredSeed) -> tuple[str, str]:
        """Two consecutive codes that nobody has sent yet. Waits for the second."""
        seed = raw_seed(stored.secret, algorithm=stored.algorithm, digits=stored.digits, period=stored.period)
        deadline = self.context.new_deadline(limits.TWO_CODES)
        with Folder.open(self.context.paths.state, create=True) as folder:
            ledger = Ledger(folder, serial=serial, key=self.opened.ledger_key)
            skew = self._iam_signer.skew if abs(self._iam_signer.skew) > limits.CLOCK_SKEW_WARN else 0.0
            before = None
            while True:
                code = ledger.take(
                    seed,
                    clock=self.context.clock,
                    deadline=deadline,
                    most=limits.TWO_CODES,
                    skew=skew,
                    waiting=self._waiting,
                )
                if before is not None and before.step is not None and code.step == before.step + 1:
                    return before.text, code.text
                before = code

    def resync(self, serial: str) -> None:
        """Tell AWS how far the device's clock is off. Refused, Unreachable; NotFound if no seed is stored."""
        purpose = f"to resynchronize {serial}"
        stored = strict_seeds.stored_seed(self.context, self.opened, serial, purpose=purpose)
        if stored is None:
            raise errors.NotFound(
                f"no seed is stored for {safe(serial)}",
                hint="resynchronize the device in the IAM console, with codes from its own screen",
            )
        calls = self.iam()
        # Even a refusal shows AWS's clock. Codes by a wrong clock would make AWS misjudge a correct device.
        with suppress(errors.Refused):
            calls.devices()
        calls.resync_device(serial, *self.two_codes(serial, stored))

    def deactivate(self, serial: str) -> None:
        """Take the device from the user at AWS and delete it. If it is gone already, that is success, if AWS itself says so."""
        calls = self.iam()
        foreign_host = self._iam_signer.foreign_host
        if not calls.deactivate_device(serial) and foreign_host is not None:
            raise errors.Refused(
                f"{safe(foreign_host)}, which is not AWS's own host, has no device {safe(serial)}. "
                "The device may still be in use at AWS",
                hint=f"to remove it from the vault only: {command('mfa remove', serial)}",
                code="NoSuchEntity",
            )
        if ":mfa/" in serial:
            calls.delete_device(serial)
