"""Enrolling another MFA device for a key's user: created in IAM, its seed stored, then enabled with two of its codes.

A journal in the entry is written before each call, and the seed before the device is enabled. Whatever kills the process,
the next run continues or cleans up, and no device is enabled without its seed in the vault. Prints nothing.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from vault import errors
from vault.aws import service_errors
from vault.frozen import replace
from vault.profiles import aws_files
from vault.store import vault
from vault.store.entry_lookup import find_entry
from vault.system.machine import host_name
from vault.text import command, safe
from vault.unlocking import strict_seeds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.aws.iam import CreatedDevice, Iam
    from vault.context import Context
    from vault.keys.user_devices import UserDevices
    from vault.store.vault import Enrollment, Entry, Payload

DEVICES_A_USER = 8  # IAM's limit


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolledDevice:
    """A device with its seed in the vault. ``resumed``: an earlier run was continued.

    ``elsewhere`` are the profiles in AWS's files that name another device. ``left`` is a device of an earlier run that may
    still be at AWS, not enabled, because the policy does not allow deleting it.
    """

    serial: str
    resumed: bool
    elsewhere: tuple[str, ...] = ()
    left: str | None = None


class NameTaken(errors.AlreadyExists):
    """The account has a device of that name (10)."""


def device_name(user: str, context: Context) -> str:
    """``USER-HOST``: the user and the machine, in the characters that IAM allows."""
    host = context.env.get("HOSTNAME") or host_name()
    name = f"{user}-{host.partition('.')[0]}"
    return "".join(c if c.isascii() and (c.isalnum() or c in "+=,.@_-") else "-" for c in name)[:128]


class Enroller:
    """One enrollment for one entry. ``devices`` has identified the user."""

    def __init__(self, devices: UserDevices) -> None:
        self._devices = devices
        self._context = devices.context
        self._name = devices.name
        self._opened = devices.opened
        self.entry = find_entry(devices.opened.payload, devices.name)
        self._left: str | None = None

    def run(self, wanted: str | None) -> EnrolledDevice:
        """Enroll a device named ``wanted`` (None: ``USER-HOST``), or continue an interrupted enrollment."""
        iam = self._devices.iam()
        journal = self.entry.enrollment
        if journal is not None and journal.step == "enable" and self._seed_is_stored(journal):
            serial = journal.serial or ""
        else:
            serial = self._create(iam, journal, wanted)
        self._enable(iam, serial)
        self._save(lambda entry: replace(entry.with_enrollment(None), mfa_serial=serial))
        return EnrolledDevice(
            serial=serial,
            resumed=journal is not None,
            elsewhere=tuple(self._profiles_with_another_device(serial)),
            left=self._left if self._left != serial else None,
        )

    def _seed_is_stored(self, journal: Enrollment) -> bool:
        return journal.serial is not None and journal.serial in self._opened.payload.seeds

    def _create(self, iam: Iam, journal: Enrollment | None, wanted: str | None) -> str:
        """A new device whose seed is in the vault; its serial."""
        if len(iam.devices()) >= DEVICES_A_USER:
            raise errors.Refused(
                f"the user already has {DEVICES_A_USER} MFA devices, the most that AWS allows",
                hint="remove one that you no longer use: awsvault-py mfa remove NAME --deactivate, or in the IAM console",
                code="LimitExceeded",
            )
        interrupted = journal.name if journal is not None else None
        name = wanted or interrupted or device_name(self._devices.user, self._context)
        if journal is not None:
            self._clean_up(iam, journal)
        self._save(lambda entry: entry.with_enrollment(vault.Enrollment(step="create", name=name)))
        made = self._create_device(iam, name)
        seed = vault.StoredSeed(secret=made.seed, created=self._devices.now)

        def change(payload: Payload) -> Payload:
            enabling = vault.Enrollment(step="enable", name=name, serial=made.serial)
            entry = find_entry(payload, self._name).with_enrollment(enabling)
            return payload.with_entry(self._name, entry).with_seed(made.serial, seed)

        try:
            self._change(change)
        except errors.Error:
            if not self._is_kept(made.serial):
                # The error to report is why the vault was not written.
                with suppress(errors.Refused, errors.Unreachable):
                    iam.delete_device(made.serial)  # without its seed nobody can use it
            raise
        return made.serial

    def _is_kept(self, serial: str) -> bool:
        """Whether the vault, as it can be read now, has the device's seed: a write may fail after the file is in place."""
        try:
            found = vault.open_with_main_key(self._context.paths, self._opened.k_main)
        except errors.Error:
            return False
        return serial in found.payload.seeds

    def _clean_up(self, iam: Iam, journal: Enrollment) -> None:
        """Delete the device that an interrupted run may have created: its seed never arrived, and it was not enabled."""
        partition, account = self._devices.account
        serial = journal.serial or f"arn:{partition}:iam::{account}:mfa/{journal.name}"
        try:
            iam.delete_device(serial)
        except errors.Refused as error:
            if error.code == "AccessDenied":
                self._left = serial  # perhaps: AWS says whether the name is free
                return
            if error.code != "DeleteConflict":
                raise
            self._remove_journal()
            raise self._name_taken(journal.name) from None

    def _create_device(self, iam: Iam, name: str) -> CreatedDevice:
        try:
            return iam.create_device(name)
        except errors.Refused as error:
            if error.code != "EntityAlreadyExists" or not self._may_be_left(name):
                self._remove_journal()  # nothing was created; a later run deletes what is left, if it may
            if error.code == "EntityAlreadyExists":
                raise self._name_taken(name) from None
            if error.code == "AccessDenied":
                raise self._not_allowed(error, name) from None
            raise

    def _may_be_left(self, name: str) -> bool:
        return self._left is not None and self._left.endswith(f":mfa/{name}")

    def _name_taken(self, name: str) -> NameTaken:
        origin = ""
        if self._may_be_left(name):
            origin = ", perhaps from the interrupted run, and the policy does not allow deleting it"
        again = command("mfa enroll", self._name)
        return NameTaken(
            f"the account already has an MFA device named {safe(name)}{origin}",
            hint=f"choose another name: {again} --device-name {safe(name)}-2",
        )

    def _not_allowed(self, error: errors.Refused, name: str) -> errors.Refused:
        user = self._devices.user
        if name == user:
            hint = "ask for iam:CreateVirtualMFADevice and iam:EnableMFADevice on your own devices"
        else:
            hint = (
                "if the policy allows only mfa/${aws:username} and you have no device of that name yet: "
                f"{command('mfa enroll', self._name)} --device-name {safe(user)}; "
                "otherwise ask for mfa/${aws:username}-*"
            )
        return errors.Refused(error.message, hint=hint, code=error.code)

    def _enable(self, iam: Iam, serial: str) -> None:
        """Enable the device with two consecutive codes; nothing to do if it is enabled already."""
        tries = 2
        while serial not in iam.devices():
            tries -= 1
            first, second = self._devices.two_codes(serial, self._opened.payload.seeds[serial])
            try:
                iam.enable_device(serial, first, second)
            except errors.Refused as error:
                if error.code == "NoSuchEntity":
                    self._forget(serial)
                    raise errors.Refused(
                        f"the device {safe(serial)} was deleted at AWS before it was enabled",
                        hint="run the command again: it creates a new device",
                        code=error.code,
                    ) from None
                if error.code not in (service_errors.MFA_CODE, "EntityAlreadyExists") or not tries:
                    raise
            except errors.Unreachable as error:
                if not error.sent or not tries:  # it may be enabled: the list tells
                    raise
            else:
                break

    def _forget(self, serial: str) -> None:
        """Remove the seed and the journal."""

        def change(payload: Payload) -> Payload:
            entry = find_entry(payload, self._name).with_enrollment(None)
            return payload.with_entry(self._name, entry).without_seed(serial)

        self._change(change)

    def _profiles_with_another_device(self, serial: str) -> list[str]:
        """Places in AWS's files that name another device for this key: they would still ask for its codes."""
        try:
            config = aws_files.load(self._context.env, home=self._context.paths.home)
        except errors.Error:
            return []
        security_keys = f"{serial.partition(':mfa/')[0]}:u2f/"  # the user may have one; it has no codes
        found = []
        for name in config.profiles:
            profile = config.profile(name)
            setting = profile.get("mfa_serial") if profile is not None else None
            if setting is None or setting.value == serial:
                continue
            if setting.value == self.entry.mfa_serial or setting.value.startswith(security_keys):
                found.append(f"{setting.origin}: profile {safe(name)}")
        return found

    def _remove_journal(self) -> None:
        self._save(lambda entry: entry.with_enrollment(None))

    def _save(self, change: Callable[[Entry], Entry]) -> None:
        self._change(lambda payload: payload.with_entry(self._name, change(find_entry(payload, self._name))))

    def _change(self, change: Callable[[Payload], Payload]) -> None:
        self._opened = strict_seeds.prepare_edit(
            self._context, self._opened, change, purpose="to store another seed of the device"
        )()
