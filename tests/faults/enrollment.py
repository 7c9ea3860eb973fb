"""Enrollments that die: after each point every enabled device has its seed in the vault, and the next run finishes."""

from __future__ import annotations

from tests.fakes.example import SERIAL
from tests.faults import accidents, dying
from tests.faults.rotation import NAME, Place, Scene
from tests.home import endpoint_trust
from vault.keys.mfa_enrollment import Enroller
from vault.keys.user_devices import UserDevices
from vault.store import vault
from vault.system.paths import from_env

DEVICE = "yourself-laptop"


class EnrollmentScene(Scene):
    """A scene whose user enrolls another device. IAM requires MFA wherever it can."""

    def enroll(self, *, die=None) -> dying.Ended:
        """One run of what is behind ``mfa enroll``, in its own process."""

        def job():
            context = dying.context_of(self.home, self.aws)
            opened = vault.open_with_main_key(context.paths, self.k_main)
            trust = endpoint_trust(context)
            devices = UserDevices(context, opened, NAME, trust=trust, waiting=lambda _: None)
            devices.identify()
            return Enroller(devices).run(DEVICE).serial

        return dying.run(job, die=die)

    def payload(self):
        """What the vault has now."""
        return vault.open_with_main_key(from_env(self.home.env), self.k_main).payload

    def check_devices(self, *, settled: bool) -> None:
        """Every enabled device has its seed in the vault; ``settled``: there is one new device, and the entry uses it."""
        payload = self.payload()
        for device in self.aws.world.devices.values():
            if device.serial != SERIAL and (device.user is not None or settled):
                stored = payload.seeds.get(device.serial)
                assert stored is not None, f"the vault does not have the seed of {device.serial}"
                assert stored.secret.reveal_text().rstrip("=") == device.seed.rstrip("=")
        assert SERIAL in payload.seeds
        if settled:
            serial = payload.entries[NAME].mfa_serial
            assert serial is not None
            assert serial != SERIAL
            assert self.aws.world.devices[serial].user == self.user.arn
            assert len(self.aws.world.devices) == 2
            assert payload.entries[NAME].enrollment is None
            assert set(payload.seeds) == {SERIAL, serial}


def points_of(place: Place) -> list[str]:
    """The calls of a run that nothing interrupts."""
    with EnrollmentScene(place, mfa=True) as scene:
        ended = scene.enroll()
        assert ended.error is None, ended.error
        scene.check_devices(settled=True)
        return ended.points


def suffer(place: Place, points: list[str], number: int, how: str) -> bool:
    """One accident (tests/faults/accidents), a check, another enrollment, a check. False if the run ended before it."""
    with EnrollmentScene(place, mfa=True) as scene:
        happened = accidents.befall(scene.aws, points, number, how, scene.enroll)
        scene.check_devices(settled=False)
        if not happened:
            return False
        payload = scene.payload()
        if payload.entries[NAME].enrollment is None and DEVICE in str(payload.seeds):
            scene.check_devices(settled=True)  # it was done, and died after that
            return True
        again = scene.enroll()
        assert again.error is None, again.error
        scene.check_devices(settled=True)
        return True
