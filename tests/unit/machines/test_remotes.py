"""remote add, show and remove: what is tried first, what is kept, and what is refused."""

from __future__ import annotations

import json

from tests.fakes.s3 import URL
from tests.home import failed
from vault.cli import remote
from vault.sync.local import BucketPlace


def test_vault_goes_into_the_bucket(laptop, s3):
    """Sealed, and the objects of the probe are gone."""
    said = laptop.remote().stderr
    assert list(s3.objects) == ["laptop/vault.avlt"]
    assert s3.vault.startswith(b"AVLT") or b"dev" not in s3.vault
    assert f"init --from {URL}" in said
    shown = json.loads(laptop.ok("remote", "show", "--json").stdout)
    assert (shown["url"], shown["endpoint_url"], shown["waiting"]) == (URL, s3.url, [])
    assert shown["fingerprint"] in said
    assert [each["here"] for each in shown["machines"]] == [True]


def test_bucket_that_ignores_conditions_is_refused(laptop, s3):
    """Before the vault goes there; the vault has no remote then."""
    s3.ignores = True
    failed(laptop.run("remote", "add", URL, *laptop.at), 6, "ignores If-None-Match", "Amazon S3")
    assert s3.objects == {}
    failed(laptop.run("sync"), 5, "this vault has no remote", "remote add")


def test_host_that_is_not_awss_needs_a_written_yes(laptop, s3):
    """Nothing is sent to it."""
    laptop.home.settings("", trusted=())
    failed(
        laptop.run("remote", "add", URL, "--endpoint-url", s3.url),
        6,
        "not AWS's own for S3",
        "--trust-endpoint",
    )
    assert s3.requests == []


def test_denied_bucket_names_the_policy(laptop, s3):
    s3.denies = {"PUT"}
    failed(laptop.run("remote", "add", URL, *laptop.at), 7, "AccessDenied", "--print-policy")


def test_bucket_that_cannot_be_reached(laptop, s3):
    away = ("--endpoint-url", "http://127.0.0.1:9", "--trust-endpoint")
    failed(laptop.run("remote", "add", URL, *away), 8, "cannot connect to 127.0.0.1:9")
    assert s3.requests == []


def test_without_credentials_nothing_is_sent(laptop, s3):
    """The hint names both ways."""
    without = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    failed(laptop.run("remote", "add", URL, *laptop.at, **without), 6, "no credentials", "--profile")
    assert s3.requests == []


def test_second_remote_is_refused(laptop):
    laptop.remote()
    failed(laptop.run("remote", "add", URL + "2", *laptop.at), 10, "has a remote", "remote remove")


def test_remote_is_removed_and_added_again(laptop, s3):
    """The object stays, and the vault is merged with it."""
    laptop.remote()
    failed(laptop.run("remote", "remove"), 10, "--yes")
    laptop.ok("remote", "remove", "--yes")
    assert list(s3.objects) == ["laptop/vault.avlt"]
    failed(laptop.run("remote", "remove", "--yes"), 5, "this vault has no remote")
    laptop.remote()
    assert list(laptop.entries()) == ["dev"]


def machines(machine):
    """Whether each was removed, by its ID."""
    return {one["id"]: one["removed"] for one in machine.sync()["machines"]}


def me(machine):
    return json.loads(machine.ok("remote", "show", "--json").stdout)["machines"][0]["id"]


def test_machine_that_leaves_is_waited_for_no_more(laptop, desktop, s3):
    """Its line is marked by one read and one write; adding the remote again makes it a new machine."""
    laptop.remote()
    desktop.join()
    former = me(desktop)
    laptop.sync()
    s3.requests.clear()
    done = desktop.ok("remote", "remove", "--yes", "--json")
    assert json.loads(done.stdout) == {"url": URL, "warnings": []}
    assert "Warning" not in done.stderr
    assert [method for method, _ in s3.requests] == ["GET", "PUT"]
    assert machines(laptop) == {me(laptop): False, former: True}
    desktop.remote()
    assert machines(laptop) == {me(laptop): False, former: True, me(desktop): False}
    assert laptop.entries() == desktop.entries()


def test_machine_that_leaves_offline_says_what_stays(laptop, desktop, s3):
    """No error: this machine no longer syncs, and the other one can remove it."""
    laptop.remote()
    desktop.join()
    former = me(desktop)
    s3.fails = True
    done = desktop.ok("remote", "remove", "--yes", "--json")
    (warning,) = json.loads(done.stdout)["warnings"]
    assert f"Warning: {warning}" in done.stderr
    assert "for seven days at most" in warning
    assert f"awsvault-py slots remove {former}" in warning
    failed(desktop.run("sync"), 5, "this vault has no remote")
    s3.fails = False
    assert machines(laptop) == {me(laptop): False, former: False}
    laptop.ok("slots", "remove", former, "--yes", "--stdin", stdin="five other words for all")


def test_machine_that_leaves_without_credentials(laptop):
    """Nobody is asked for any."""
    laptop.remote()
    without = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    done = laptop.ok("remote", "remove", "--yes", **without)
    assert "there are no credentials" in done.stderr


def test_policy_is_printed_without_a_vault(desktop, s3):
    """It asks nobody."""
    policy = json.loads(desktop.ok("remote", "add", URL, "--print-policy").stdout)
    assert policy["Version"] == "2012-10-17"
    assert s3.requests == []


def test_hostile_url_is_refused(laptop):
    failed(laptop.run("remote", "add", "s3://b/\x1b[2Jx"), 2, "not a bucket's name")


def test_command_for_the_other_machine_can_be_pasted():
    """Whatever the endpoint's path has, a shell reads it as one word."""
    place = BucketPlace(url=URL, endpoint="https://s3.example.com/a;b", region="eu-west-1")
    assert "--endpoint-url 'https://s3.example.com/a;b' --trust-endpoint" in remote._join_command(place)
