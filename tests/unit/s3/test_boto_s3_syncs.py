"""Whole syncs by the real client at moto: what is on the wire between two machines and a server that others wrote."""

from __future__ import annotations

import pytest

from tests.machines import Computer
from tests.unit.s3.client import place
from tests.vaults import entry
from vault import errors
from vault.sync.bucket import Fetched


class Counted:
    """An object of S3 whose requests are counted."""

    def __init__(self, at):
        self.at, self.requests = at, []

    def get(self, unless):
        self.requests.append("GET")
        return self.at.get(unless)

    def put(self, data, match):
        self.requests.append("PUT")
        return self.at.put(data, match)

    def asked(self):
        asked, self.requests = self.requests, []
        return asked


@pytest.fixture
def machines(moto, tmp_path):
    """A laptop and a desktop that have the same."""
    made = [Computer(tmp_path, name, Counted(place(moto))) for name in ("laptop", "desktop")]
    made[0].begin(dev=entry())
    made[1].join()
    for one in made:
        one.sync()
        one.bucket.asked()
    return made


def test_two_machines_at_moto(machines):
    """An edit is one PUT, elsewhere a GET and a line; nothing to do is one request; the answer to a conflict reaches both."""
    laptop, desktop = machines
    laptop.store("prod")
    laptop.sync()
    assert laptop.bucket.asked() == ["PUT"]
    assert [one.name for one in desktop.sync().came] == ["prod"]
    assert desktop.bucket.asked() == ["GET", "PUT"]
    laptop.sync()
    laptop.bucket.asked()
    assert laptop.sync().nothing
    assert laptop.bucket.asked() == ["GET"]
    laptop.store("dev", "AKIAI44QH8DHBEXAMPLE")
    desktop.store("dev", "AKIAI55QH8DHBEXAMPLE")
    laptop.sync()
    (waiting,) = desktop.sync().waiting
    chosen = next(one.machine for one in waiting.versions if one.key_id == "AKIAI44QH8DHBEXAMPLE")
    assert desktop.sync(choices={"dev": chosen}).waiting == ()
    laptop.sync()
    assert laptop.held() == desktop.held()


def test_machine_that_was_slower_at_moto(machines):
    """Its PUT is refused (412), and it merges what the other one wrote."""
    laptop, desktop = machines
    laptop.store("prod")
    desktop.store("test")
    laptop.sync()
    desktop.sync()
    assert desktop.bucket.asked() == ["PUT", "GET", "PUT"]
    assert set(desktop.held()) == {"dev", "prod", "test"}


def test_object_that_moto_lost(machines):
    """Told (9); --accept creates it again under If-None-Match."""
    laptop, desktop = machines
    laptop.bucket.at.delete()
    with pytest.raises(errors.RolledBack, match="does not exist any more"):
        laptop.sync()
    laptop.sync(accept=True)
    assert isinstance(laptop.bucket.at.get(None), Fetched)
    assert desktop.sync().waiting == ()
