"""Two machines and a real server of S3, two processes of it on one folder: by the commands alone, each in an empty HOME."""

from __future__ import annotations

import contextlib
import json
from types import SimpleNamespace

import pytest

from tests.clients import s3_servers
from tests.fakes.example import KEY_ID, SECRET
from tests.fakes.s3 import URL
from tests.fakes.s3_proxy import S3Proxy
from tests.faults.sync_servers import object_at
from tests.home import Home, failed
from tests.machines import Computer, way
from tests.unit.machines.machine import Machine
from tests.vaults import entry
from vault.secret import Secret
from vault.store import vault
from vault.sync.bucket import Fetched
from vault.system.clock import Deadline
from vault.system.paths import from_env

pytestmark = pytest.mark.usefixtures("unmeasured")

BUCKET_KEY = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
NO_KEY = dict.fromkeys(BUCKET_KEY)
COLLEAGUE = {
    "AccessKeyId": "AKIAI44QH8DHBEXAMPLE",
    "SecretAccessKey": "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
}


class Place:
    """The server, and two machines without a vault, each at a process of its own, by a proxy that counts."""

    def __init__(self, folder, stack):
        (folder / "server").mkdir()
        self.url, another = stack.enter_context(s3_servers.versitygw(str(folder / "server")))
        self.proxies = [stack.enter_context(S3Proxy(url)) for url in (self.url, another())]
        self.laptop, self.desktop = (
            machine_at(folder / name, proxy)
            for name, proxy in zip(("laptop", "desktop"), self.proxies, strict=True)
        )

    def asked(self):
        """The requests of both since the last call."""
        return [method for proxy in self.proxies for method in proxy.asked()]

    @property
    def object(self):
        """What the bucket's owner sees and writes."""
        return object_at(self.url)

    def stored(self):
        found = self.object.get(None)
        assert isinstance(found, Fetched)
        return found.data

    def serve(self, data):
        """Put it there, whatever is there; None removes it."""
        if data is None:
            self.object.delete()
            return
        found = self.object.get(None)
        self.object.put(data, found.etag if isinstance(found, Fetched) else None)


def machine_at(folder, proxy):
    """A machine whose commands are started, as users start them."""
    home = Home(folder)
    home.forks = False
    home.env |= BUCKET_KEY
    return Machine(home, SimpleNamespace(url=proxy.url))


@pytest.fixture
def place(tmp_path):
    with contextlib.ExitStack() as stack:
        yield Place(tmp_path, stack)


@pytest.fixture
def both(place):
    """The two, with one vault and their last sync behind them."""
    place.laptop.add("dev", 1)
    place.laptop.remote()
    place.desktop.join()
    place.laptop.sync()
    place.desktop.sync()
    place.asked()
    return place


def test_from_the_first_key_to_the_last_machine(place):
    """Add, remote add, a second machine from nothing, edits, a removal, a conflict and its answer, and both leave."""
    laptop, desktop = place.laptop, place.desktop
    laptop.add("dev", 1)
    said = laptop.remote().stderr
    assert s3_servers.objects(place.url, s3_servers.EXAMPLE) == ["laptop/vault.avlt"]
    fingerprint = said.partition("other machine: ")[2].split()[0]
    assert fingerprint in desktop.join().stderr
    assert desktop.entries() == laptop.entries() == {"dev": "AKIAI44QH8DHBEXAMP01"}

    laptop.add("prod", 2)
    desktop.add("test", 3)
    assert [one["name"] for one in laptop.sync()["went"]] == ["prod"]
    assert [one["name"] for one in desktop.sync()["came"]] == ["prod"]
    laptop.sync()
    desktop.ok("remove", "prod", "--yes")
    desktop.sync()
    assert [(one["name"], one["what"]) for one in laptop.sync()["came"]] == [("prod", "removed")]
    assert laptop.entries() == desktop.entries()
    assert set(laptop.entries()) == {"dev", "test"}

    laptop.add("dev", 4, "--replace")
    desktop.add("dev", 5, "--replace")
    laptop.sync()
    (found,) = desktop.sync(code=1)["waiting"]
    versions = {each["access_key_id"]: each["machine"] for each in found["versions"]}
    assert set(versions) == {"AKIAI44QH8DHBEXAMP04", "AKIAI44QH8DHBEXAMP05"}
    desktop.ok("sync", "--choose", f"dev={versions['AKIAI44QH8DHBEXAMP04']}")
    laptop.sync()
    assert laptop.entries() == desktop.entries()
    assert laptop.entries()["dev"] == "AKIAI44QH8DHBEXAMP04"

    place.asked()
    for one in (laptop, desktop):
        one.ok("remote", "remove", "--yes")
        assert place.asked() == ["GET", "PUT"]  # its line there is marked
        failed(one.run("sync"), 5, "this vault has no remote")
        assert set(one.entries()) == {"dev", "test"}
        assert place.asked() == []
    assert s3_servers.objects(place.url, s3_servers.EXAMPLE) == ["laptop/vault.avlt"]


def test_requests_of_a_sync(both):
    """Nothing to do: one. An edit here: one PUT. An edit elsewhere: a GET, and a PUT that says that it came."""
    laptop, desktop = both.laptop, both.desktop
    for one in (laptop, desktop):
        one.sync()
        assert both.asked() == ["GET"]
    laptop.add("prod", 2)
    assert both.asked() == []
    laptop.sync()
    assert both.asked() == ["PUT"]
    assert [one["name"] for one in desktop.sync()["came"]] == ["prod"]
    assert both.asked() == ["GET", "PUT"]
    laptop.sync()
    assert both.asked() == ["GET"]
    for one in (laptop, desktop):
        one.sync()
        assert both.asked() == ["GET"]


def test_new_machine_asks_twice_and_tells_the_others(place):
    """One GET for the file; then its first sync, whose PUT has its line."""
    place.laptop.add("dev", 1)
    place.laptop.remote()
    place.asked()
    place.desktop.join()
    asked = place.asked()
    assert asked[0] == "GET"
    assert asked.count("PUT") == 1
    assert len(asked) <= 3


def test_export_asks_nothing_of_the_bucket(both, aws):
    """Cold, warm, and with an edit that waits for a sync."""
    laptop, desktop = both.laptop, both.desktop
    laptop.ok("add", "shared", "--stdin", "--no-verify", stdin=json.dumps(COLLEAGUE))
    laptop.sync()
    desktop.sync()
    desktop.add("prod", 2)
    both.asked()
    desktop.home.settings("")
    desktop.home.config("[profile shared]\nregion = us-east-1\n")
    env = {**NO_KEY, "AWS_ENDPOINT_URL": aws.url, "NO_PROXY": "127.0.0.1"}
    for more in ((), (), ("--fresh",)):
        assert desktop.home.export("shared", *more, **env)["AccessKeyId"].startswith("ASIA")
    assert [call.action for call in aws.calls].count("GetSessionToken") == 2
    assert both.asked() == []


def under_an_earlier_key(place):
    """The file of before its key was replaced, which the desktop has seen."""
    paths = from_env(place.laptop.home.env)
    opened = vault.open_with_passphrase(
        paths, Secret(place.laptop.home.env["AWSVAULT_PASSPHRASE"]), deadline=Deadline.after(50)
    )
    old = place.stored()
    computer = Computer(place.laptop.home.root, "library", place.object)
    computer.paths, computer.k_main = paths, opened.k_main
    computer.sync(new_slots=[way()])
    place.desktop.sync()
    return old


def of_another_vault(place):
    """A vault of the same user, from another object."""
    from tests.fakes.bucket import InProcessBucket

    other = InProcessBucket()
    Computer(place.laptop.home.root, "stranger", other).begin(dev=entry())
    return other.data


def lacking_an_edit(place):
    old = place.stored()
    place.laptop.add("prod", 2)
    place.laptop.sync()
    place.desktop.sync()
    return old


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lacking_an_edit, ("lacks edits", "sync --accept")),
        (under_an_earlier_key, ("older copy", "sync --accept")),
        (of_another_vault, ("another vault", "init --from")),
        (lambda place: place.stored()[: len(place.stored()) // 2], ("its header says", "sync --accept")),
        (lambda place: b"", ("not a vault", "sync --accept")),
        (lambda _: None, ("does not exist any more", "sync --accept")),
    ],
    ids=["replayed", "earlier key", "another vault", "cut", "empty", "gone"],
)
def test_hostile_bucket_is_told(both, prepare, said):
    """Exit code 9 and what to do; the vault stays as it is, and syncs again when the bucket shows what it had."""
    desktop = both.desktop
    served = prepare(both)
    right, before = both.stored(), desktop.entries()
    both.serve(served)
    failed(desktop.run("sync"), 9, *said)
    failed(desktop.run("sync", "--dry-run"), 9, *said)
    assert desktop.entries() == before
    both.serve(right)
    assert desktop.sync()["waiting"] == []
    assert desktop.entries() == before


def test_server_that_ignores_conditions_gets_no_vault(tmp_path):
    """remote add: 6, and the objects of the probe are gone."""
    with s3_servers.s3rver(str(tmp_path)) as (url, key):
        machine = machine_at(tmp_path / "laptop", SimpleNamespace(url=url))
        machine.add("dev", 1)
        env = {"AWS_ACCESS_KEY_ID": key.access_key_id, "AWS_SECRET_ACCESS_KEY": key.secret.reveal_text()}
        failed(machine.run("remote", "add", URL, *machine.at, **env), 6, "ignores If-None-Match", "Amazon S3")
        failed(machine.run("sync", **env), 5, "remote add")
        assert s3_servers.objects(url, key) == []


def test_server_that_goes_away_is_no_loss(both):
    """Unreachable (8); the edit waits, and goes with the next sync."""
    laptop = both.laptop
    laptop.add("prod", 2)
    both.proxies[0].pick = lambda: "lost"
    failed(laptop.run("sync"), 8)
    both.proxies[0].pick = lambda: "cut"
    laptop.add("test", 3)
    failed(laptop.run("sync"), 8)
    both.proxies[0].pick = lambda: None
    laptop.sync()
    both.desktop.sync()
    assert both.desktop.entries() == laptop.entries()
    assert set(laptop.entries()) == {"dev", "prod", "test"}
