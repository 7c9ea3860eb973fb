"""Enrolling a further MFA device of a key's user: made in IAM, its seed stored, then enabled by two codes of ours.

A journal in the entry is written before each call, and the seed before the device is enabled, so that whatever kills
the process, the next run goes on or cleans up, and no device is left that nobody has the seed of. Prints nothing.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from vault import errors, limits
from vault.aws import service_errors
from vault.credentials.mfa_code import Codes
from vault.keys.iam_signer import IamSigner
from vault.mfa.ledger import Ledger
from vault.profiles import aws_files
from vault.store import vault
from vault.store.entry_lookup import find
from vault.system.files import Folder
from vault.system.machine import host_name
from vault.text import safe
from vault.unlocking import strict_seeds
from vault.unlocking.keys import OpenedKeys, raw_seed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.aws.iam import CreatedDevice, Iam
    from vault.context import Context
    from vault.keys.foreign_hosts import ForeignHosts
    from vault.store.vault import Enrollment, Entry, Opened, Payload

DEVICES_A_USER = 8  # IAM's own limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """A device of ours: its serial, whether an earlier run was picked up, and where AWS's files name another one.

    ``left``: a device of an earlier run that may still be there, not enabled, since the policy lets nobody delete it.
    """

    serial: str
    resumed: bool
    elsewhere: tuple[str, ...] = ()
    left: str | None = None


class NameTaken(errors.AlreadyExists):
    """A device of that name exists in the account (10)."""


def device_name(user: str, context: Context) -> str:
    """``USER-HOST``: whose device it is and on which machine, in the characters that IAM allows."""
    host = context.env.get("HOSTNAME") or host_name()
    name = f"{user}-{host.partition('.')[0]}"
    return "".join(c if c.isascii() and (c.isalnum() or c in "+=,.@_-") else "-" for c in name)[:128]


class Enroller:
    """One enrolment for one entry. ``waiting`` hears the seconds left until the next code."""

    def __init__(
        self,
        context: Context,
        opened: Opened,
        name: str,
        *,
        foreign: ForeignHosts,
        waiting: Callable[[float], None],
        mfa_code: str | None = None,
    ) -> None:
        self._context = context.lasting(limits.ENROLLMENT_MOST)
        self._opened = opened
        self._name = name
        self._waiting = waiting
        self.entry = find(opened.payload, name)
        keys = OpenedKeys(opened, paths=context.paths, clock=context.clock)
        codes = Codes(self._context, keys, given=mfa_code)
        self._iam_signer = IamSigner(self._context, name, self.entry, codes=codes, foreign=foreign)
        self._partition_account: tuple[str, str] = ("aws", "")
        self._left: str | None = None

    def look(self) -> str:
        """The user's name. Refused, Unreachable, Usage."""
        identity = self._iam_signer.look()
        self._partition_account = (identity.arn.split(":")[1], identity.account)
        return self._iam_signer.user

    def run(self, wanted: str | None) -> Enrolled:
        """Enrol a device named ``wanted`` (None: ``USER-HOST``), or go on with an interrupted enrolment."""
        iam = self._iam_signer.iam()
        under_way = self.entry.enrollment
        resumed = under_way is not None
        if under_way is not None and under_way.step == "enable" and self._seed_is_there(under_way):
            serial = under_way.serial or ""
        else:
            serial = self._make(iam, under_way, wanted)
        self._enable(iam, serial)
        self._save(lambda entry: replace(entry.with_enrollment(None), mfa_serial=serial))
        return Enrolled(
            serial=serial,
            resumed=resumed,
            elsewhere=tuple(self._elsewhere(serial)),
            left=self._left if self._left != serial else None,
        )

    def _seed_is_there(self, under_way: Enrollment) -> bool:
        return under_way.serial is not None and under_way.serial in self._opened.payload.seeds

    def _make(self, iam: Iam, under_way: Enrollment | None, wanted: str | None) -> str:
        """A new device whose seed is in the vault; its serial."""
        if len(iam.devices()) >= DEVICES_A_USER:
            raise errors.Refused(
                f"the user has {DEVICES_A_USER} MFA devices, as many as AWS allows",
                hint="remove one that is no longer used in the IAM console, or: awsvault-py mfa remove --deactivate NAME",
                code="LimitExceeded",
            )
        interrupted = under_way.name if under_way is not None else None
        name = wanted or interrupted or device_name(self._iam_signer.user, self._context)
        if under_way is not None:
            self._clean_up(iam, under_way)
        self._save(lambda entry: entry.with_enrollment(vault.Enrollment(step="create", name=name)))
        made = self._create(iam, name)
        seed = vault.StoredSeed(secret=made.seed, created=self._iam_signer.now)

        def change(payload: Payload) -> Payload:
            enabling = vault.Enrollment(step="enable", name=name, serial=made.serial)
            entry = find(payload, self._name).with_enrollment(enabling)
            return payload.with_entry(self._name, entry).with_seed(made.serial, seed)

        try:
            self._change(change)
        except errors.Error:
            if not self._is_kept(made.serial):
                with suppress(
                    errors.Refused, errors.Unreachable
                ):  # why the vault was not written is to be told
                    iam.delete_device(made.serial)  # without its seed it is of no use to anybody
            raise
        return made.serial

    def _is_kept(self, serial: str) -> bool:
        """Whether the vault, as it can be read now, holds the device's seed: a write may fail once it is in place."""
        try:
            found = vault.open_with_main_key(self._context.paths, self._opened.k_main)
        except errors.Error:
            return False
        return serial in found.payload.seeds

    def _clean_up(self, iam: Iam, under_way: Enrollment) -> None:
        """Delete the device that an interrupted run may have made: its seed never arrived, and it was not enabled."""
        partition, account = self._partition_account
        serial = under_way.serial or f"arn:{partition}:iam::{account}:mfa/{under_way.name}"
        try:
            iam.delete_device(serial)
        except errors.Refused as error:
            if error.code == "AccessDenied":
                self._left = serial  # perhaps: AWS says whether the name is free
                return
            if error.code != "DeleteConflict":
                raise
            self._save(lambda entry: entry.with_enrollment(None))
            raise self._taken(under_way.name) from None

    def _create(self, iam: Iam, name: str) -> CreatedDevice:
        try:
            return iam.create_device(name)
        except errors.Refused as error:
            if error.code != "EntityAlreadyExists" or not self._may_be_left(name):
                self._save(
                    lambda entry: entry.with_enrollment(None)
                )  # a refusal made nothing; what is left is deleted by a run that may
            if error.code == "EntityAlreadyExists":
                raise self._taken(name) from None
            if error.code == "AccessDenied":
                raise self._own_name_only(error, name) from None
            raise

    def _may_be_left(self, name: str) -> bool:
        return self._left is not None and self._left.endswith(f":mfa/{name}")

    def _taken(self, name: str) -> NameTaken:
        whose = ""
        if self._may_be_left(name):
            whose = ", perhaps by the run that was interrupted, and the policy lets the user delete none"
        return NameTaken(
            f"the account has an MFA device named {safe(name)} already{whose}",
            hint=f"choose another name: awsvault-py mfa enroll {safe(self._name)} --device-name {safe(name)}-2",
        )

    def _own_name_only(self, error: errors.Refused, name: str) -> errors.Refused:
        user = self._iam_signer.user
        if name == user:
            hint = "ask for iam:CreateVirtualMFADevice and iam:EnableMFADevice on your own devices"
        else:
            hint = (
                f"where the policy allows only mfa/${{aws:username}}, and you have no device of that name yet: "
                f"awsvault-py mfa enroll {safe(self._name)} --device-name {safe(user)}; "
                f"else ask for mfa/${{aws:username}}-*"
            )
        return errors.Refused(error.message, hint=hint, code=error.code)

    def _enable(self, iam: Iam, serial: str) -> None:
        """Enable the device by two codes in a row; a device that is enabled already is done."""
        tries = 2
        while serial not in iam.devices():
            tries -= 1
            first, second = self._two_codes(serial, self._opened.payload.seeds[serial])
            try:
                iam.enable_device(serial, first, second)
            except errors.Refused as error:
                if error.code == "NoSuchEntity":
                    self._forget(serial)
                    raise errors.Refused(
                        f"the device {safe(serial)} was deleted at AWS before it was enabled",
                        hint="run the command again, which makes a new one",
                        code=error.code,
                    ) from None
                if error.code not in (service_errors.MFA_CODE, "EntityAlreadyExists") or not tries:
                    raise
            except errors.Unreachable as error:
                if not error.sent or not tries:  # it may be enabled: the list tells
                    raise
            else:
                break

    def _two_codes(self, serial: str, stored: vault.StoredSeed) -> tuple[str, str]:
        """Two consecutive codes that nobody has sent, the second waited for."""
        seed = raw_seed(stored.secret, algorithm=stored.algorithm, digits=stored.digits, period=stored.period)
        deadline = self._context.new_deadline(limits.TWO_CODES)
        with Folder.open(self._context.paths.state, create=True) as folder:
            ledger = Ledger(folder, serial=serial, key=self._opened.ledger_key)
            skew = self._iam_signer.skew if abs(self._iam_signer.skew) > limits.CLOCK_SKEW_WARN else 0.0
            before = None
            while True:
                code = ledger.take(
                    seed,
                    clock=self._context.clock,
                    deadline=deadline,
                    most=limits.TWO_CODES,
                    skew=skew,
                    waiting=self._waiting,
                )
                if before is not None and before.step is not None and code.step == before.step + 1:
                    return before.text, code.text
                before = code

    def _forget(self, serial: str) -> None:
        self._change(
            lambda payload: payload.with_entry(
                self._name, find(payload, self._name).with_enrollment(None)
            ).without_seed(serial)
        )

    def resync(self, serial: str) -> None:
        """Tell AWS where the device's clock stands. Refused, Unreachable; NotFound where no seed is stored."""
        purpose = f"to resynchronise {serial}"
        stored = strict_seeds.stored_seed(self._context, self._opened, serial, purpose=purpose)
        if stored is None:
            raise errors.NotFound(
                f"no seed is stored for {safe(serial)}",
                hint="resynchronise it in the IAM console with its own codes",
            )
        iam = self._iam_signer.iam()
        with suppress(
            errors.Refused
        ):  # also a refusal shows AWS's clock: codes by a wrong one would spoil the device
            iam.devices()
        iam.resync_device(serial, *self._two_codes(serial, stored))

    def deactivate(self, serial: str) -> None:
        """Take the device off the user at AWS and delete it; gone already is done, if AWS itself says so."""
        iam = self._iam_signer.iam()
        foreign_host = self._iam_signer.foreign_host
        if not iam.deactivate_device(serial) and foreign_host is not None:
            raise errors.Refused(
                f"{safe(foreign_host)}, which is not AWS's own, has no device {safe(serial)}: it may be in use at AWS",
                hint=f"to forget it here alone: awsvault-py mfa remove {safe(serial)}",
                code="NoSuchEntity",
            )
        if ":mfa/" in serial:
            iam.delete_device(serial)

    def _elsewhere(self, serial: str) -> list[str]:
        """Places in AWS's files that name another device for this key, which would be asked for codes still."""
        try:
            config = aws_files.load(self._context.env, home=self._context.paths.home)
        except errors.Error:
            return []
        found, keys = (
            [],
            f"{serial.partition(':mfa/')[0]}:u2f/",
        )  # the user may have one, and it gives no codes
        for name in config.profiles:
            profile = config.profile(name)
            setting = profile.get("mfa_serial") if profile is not None else None
            if setting is None or setting.value == serial:
                continue
            if setting.value == self.entry.mfa_serial or setting.value.startswith(keys):
                found.append(f"{setting.origin}: profile {safe(name)}")
        return found

    def _save(self, change: Callable[[Entry], Entry]) -> None:
        self._change(lambda payload: payload.with_entry(self._name, change(find(payload, self._name))))

    def _change(self, change: Callable[[Payload], Payload]) -> None:
        self._opened = strict_seeds.prepared(
            self._context, self._opened, change, purpose="to store another seed of the device"
        )()
