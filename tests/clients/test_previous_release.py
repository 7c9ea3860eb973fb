"""A machine that still has the program of before there were remotes: what it edits is merged by the next sync.

That program is taken from this repository's history.
"""

from __future__ import annotations

import json

import pytest

from tests.clients.earlier_program import program_before, run_earlier
from tests.fakes.example import KEY_ID, SECRET
from tests.fakes.s3 import S3StandIn
from tests.home import Home
from tests.unit.machines.machine import Machine

pytestmark = pytest.mark.usefixtures("unmeasured")

MERGES = "vault/sync"  # the package that came with the first of them
COLLEAGUE = {
    "AccessKeyId": "AKIAI44QH8DHBEXAMPLE",
    "SecretAccessKey": "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
}


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    """The folder of the earlier program."""
    return program_before(MERGES, tmp_path_factory.mktemp("earlier"))


class TwoPrograms(Machine):
    """A machine that has both; ``earlier`` runs the one of before."""

    def __init__(self, home, s3, folder):
        super().__init__(home, s3)
        self.folder = folder

    def earlier(self, *words, stdin="", **env):
        return run_earlier(self.folder, self.home, *words, stdin=stdin, **env)

    def stores(self, name, number, *more):
        """As ``add``, by the earlier program."""
        key = {"AccessKeyId": f"AKIAI44QH8DHBEXAMP{number:02}", "SecretAccessKey": SECRET}
        self.earlier("add", name, "--stdin", "--no-verify", *more, stdin=json.dumps(key))


@pytest.fixture
def both(tmp_path, aws, earlier):
    """The laptop has the new program alone, the desktop both. They have the same vault."""
    with S3StandIn() as s3:
        homes = [Home(tmp_path / name, url=aws.url) for name in ("laptop", "desktop")]
        for home in homes:
            home.env |= {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
        laptop, desktop = Machine(homes[0], s3), TwoPrograms(homes[1], s3, earlier)
        homes[1].settings("")  # no setting that the earlier program does not know
        for number, name in enumerate(("dev", "prod", "test"), 1):
            laptop.add(name, number)
        laptop.ok("add", "shared", "--stdin", stdin=json.dumps(COLLEAGUE))
        laptop.remote()
        desktop.join()
        laptop.sync()
        desktop.sync()
        yield laptop, desktop


def agree(laptop, desktop):
    """After the last syncs, both have the same; what they have."""
    for one in (desktop, laptop, desktop):
        assert one.sync()["waiting"] == []
    assert laptop.entries() == desktop.entries()
    return laptop.entries()


def test_earlier_program_knows_no_sync(both, earlier):
    """So that these tests test what they say."""
    _, desktop = both
    assert "remote" not in desktop.earlier("--help")
    assert "shared" in desktop.earlier("list")


def test_edits_of_the_earlier_program_are_merged(both):
    """An added, a replaced and a removed key, beside edits of the other machine."""
    laptop, desktop = both
    desktop.stores("added", 4)
    desktop.stores("dev", 5, "--replace")
    desktop.earlier("remove", "test", "--yes")
    laptop.add("prod", 6, "--replace")
    laptop.add("mine", 7)
    laptop.sync()
    assert agree(laptop, desktop) == {
        "added": "AKIAI44QH8DHBEXAMP04",
        "dev": "AKIAI44QH8DHBEXAMP05",
        "prod": "AKIAI44QH8DHBEXAMP06",
        "mine": "AKIAI44QH8DHBEXAMP07",
        "shared": COLLEAGUE["AccessKeyId"],
    }


def test_edit_of_the_earlier_program_meets_another(both):
    """Both versions wait for an answer, and the answer reaches both."""
    laptop, desktop = both
    desktop.stores("dev", 5, "--replace")
    laptop.add("dev", 6, "--replace")
    laptop.sync()
    (found,) = desktop.sync(code=1)["waiting"]
    machine = next(one["machine"] for one in found["versions"] if one["access_key_id"].endswith("05"))
    desktop.ok("sync", "--choose", f"dev={machine}")
    assert agree(laptop, desktop)["dev"] == "AKIAI44QH8DHBEXAMP05"


def test_new_keys_and_a_rotation_of_the_earlier_program(both, aws):
    """Its rekey keeps what the vault knows of other machines; the key that its rotate made comes to the other one."""
    laptop, desktop = both
    desktop.earlier("rekey")
    desktop.earlier("rotate", "shared", "--yes")
    desktop.stores("added", 4)
    found = agree(laptop, desktop)
    assert found["added"] == "AKIAI44QH8DHBEXAMP04"
    (new,) = (key.id for key in aws.world.keys_of(aws.world.user("colleague")) if key.status == "Active")
    assert found["shared"] == new != COLLEAGUE["AccessKeyId"]
    assert len(laptop.sync()["machines"]) == 2
