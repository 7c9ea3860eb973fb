"""Enrolments that die: after each point no device is enabled that nobody has the seed of, and the next run ends well."""

from __future__ import annotations

from tests.fakes.example import SERIAL
from tests.faults import accidents, dying
from tests.faults.rotation import NAME, Place, Scene
from tests.home import endpoint_trust
from vault.keys import mfa_enrollment
from vault.store import vault
from vault.system.paths import from_env

DEVICE = "yourself-laptop"


class Enrolments(Scene):
    """A scene whose user enrols a further device. IAM demands MFA for what it can demand it for."""

    def enrol(self, *, die=None) -> dying.Ended:
        """One run of the flow behind ``mfa enroll``, in a process of its own."""

        def job():
            context = dying.context_of(self.home, self.aws)
            opened = vault.open_with_main_key(context.paths, self.k_main)
            enroller = mfa_enrollment.Enroller(
                context, opened, NAME, trust=endpoint_trust(context), waiting=lambda _: None
            )
            enroller.identify()
            return enroller.run(DEVICE).serial

        return dying.run(job, die=die)

    def payload(self):
        """What the vault holds now."""
        return vault.open_with_main_key(from_env(self.home.env), self.k_main).payload

    def check_devices(self, *, settled: bool) -> None:
        """Every device of ours that is enabled has its seed in the vault; ``settled``: there is one, and it is used."""
        payload = self.payload()
        for device in self.aws.world.devices.values():
            if device.serial != SERIAL and (device.user is not None or settled):
                stored = payload.seeds.get(device.serial)
                assert stored is not None, f"nobody has the seed of {device.serial}"
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
    with Enrolments(place, mfa=True) as scene:
        ended = scene.enrol()
        assert ended.error is None, ended.error
        scene.check_devices(settled=True)
        return ended.points


def suffer(place: Place, points: list[str], number: int, how: str) -> bool:
    """One accident (tests/faults/accidents), a look, an enrolment again, a look. False where the run ended before it."""
    with Enrolments(place, mfa=True) as scene:
        happened = accidents.befall(scene.aws, points, number, how, scene.enrol)
        scene.check_devices(settled=False)
        if not happened:
            return False
        payload = scene.payload()
        if payload.entries[NAME].enrollment is None and DEVICE in str(payload.seeds):
            scene.check_devices(settled=True)  # it was done, and ended on the way out
            return True
        again = scene.enrol()
        assert again.error is None, again.error
        scene.check_devices(settled=True)
        return True
