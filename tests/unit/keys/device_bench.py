"""A bench that enrolls and manages MFA devices."""

from __future__ import annotations

import pytest

from tests.home import endpoint_trust
from tests.unit.benches import NAME, Bench
from vault.keys.mfa_enrollment import Enroller
from vault.keys.user_devices import UserDevices


class DeviceBench(Bench):
    """``counted`` is what the countdown said."""

    def __init__(self, home, aws):
        super().__init__(home, aws)
        self.counted = []

    def devices(self):
        trust = endpoint_trust(self.context())
        made = UserDevices(self.context(), self.opened(), NAME, trust=trust, waiting=self.counted.append)
        made.identify()
        return made

    def enroll(self, name="yourself-desk"):
        return Enroller(self.devices()).run(name)


@pytest.fixture
def bench(home, aws):
    home.scenario()
    home.make_vault()
    return DeviceBench(home, aws)
