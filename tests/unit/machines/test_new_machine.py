"""init --from: a machine with nothing gets the vault, and what it trusts is said."""

from __future__ import annotations

from tests.fakes.s3 import URL
from tests.home import failed


def test_new_machine_has_the_vault(laptop, desktop):
    """The fingerprint that it shows is that of the first machine."""
    said = laptop.remote().stderr
    joined = desktop.join().stderr
    fingerprint = said.partition("other machine: ")[2].split()[0]
    assert fingerprint in joined
    assert "generation 1" in joined
    assert laptop.entries() == desktop.entries()
    assert len(laptop.sync()["machines"]) == 2


def test_wrong_passphrase(laptop, desktop):
    """Nothing is created."""
    laptop.remote()
    failed(
        desktop.run("init", "--from", URL, *desktop.at, AWSVAULT_PASSPHRASE="another passphrase"),
        4,
        "does not open",
        "with which the remote was added",
    )
    failed(desktop.run("list"), 5)


def test_no_such_object(desktop):
    failed(desktop.run("init", "--from", URL, *desktop.at), 5, "does not exist", "remote show")


def test_by_a_copy_of_the_file(laptop, desktop, s3, tmp_path):
    """Without any key of AWS; the bucket is named later, and both have the same then."""
    laptop.remote()
    copy = tmp_path / "copy"
    copy.write_bytes(s3.vault)
    without = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    s3.requests.clear()
    said = desktop.ok("init", "--from", str(copy), **without).stderr
    assert "no remote yet" in said
    assert s3.requests == []
    assert desktop.entries() == laptop.entries()
    desktop.remote()
    assert len(desktop.sync()["machines"]) == 2


def test_file_that_is_no_vault(desktop, tmp_path):
    (tmp_path / "copy").write_bytes(b"x" * 5000)
    failed(desktop.run("init", "--from", str(tmp_path / "copy")), 9)
    failed(desktop.run("init", "--from", str(tmp_path / "none")), 5, "does not exist", "s3://BUCKET/KEY")


def test_machine_that_has_a_vault(laptop, desktop):
    """It stays as it is."""
    laptop.remote()
    desktop.home.make_vault("other", seed=None, serial=None)
    failed(
        desktop.run("init", "--from", URL, *desktop.at), 10, "already exists", "move this one", "remote add"
    )
    failed(desktop.run("remote", "add", URL, *desktop.at), 9, "another vault", "init --from")
    assert list(desktop.entries()) == ["other"]


def test_options_of_from_alone(desktop):
    failed(desktop.run("init", "--region", "eu-west-1"), 2, "--from")
    failed(desktop.run("init", "--from", URL, "--recovery"), 2, "slots add recovery")


def test_machines_have_the_names_that_their_users_give(laptop, desktop):
    """Two of one name are told apart by their IDs; a name that cannot be is refused before anything is sent."""
    failed(laptop.run("remote", "add", URL, *laptop.at, "--name", "a=b"), 2, "--name", "short name")
    laptop.remote("--name", "same")
    failed(desktop.run("init", "--from", URL, *desktop.at, "--name", "\x1b[2J"), 2, "--name")
    desktop.join("--name", "same")
    machines = desktop.sync()["machines"]
    assert [one["name"] for one in machines] == ["same", "same"]
    assert len({one["id"] for one in machines}) == 2
    shown = desktop.ok("remote", "show").stdout.splitlines()
    assert [line.split("\t")[3] for line in shown if line.startswith("same\t")] == ["this machine", ""]


def test_name_of_the_machine_alone(desktop):
    failed(desktop.run("init", "--name", "desktop"), 2, "--from")


def test_a_vault_from_a_file_keeps_its_name(laptop, desktop, s3, tmp_path):
    """Unless `remote add` gives it another."""
    laptop.remote("--name", "laptop")
    copy = tmp_path / "copy"
    copy.write_bytes(s3.vault)
    desktop.ok("init", "--from", str(copy), "--name", "desktop")
    desktop.remote()
    assert [one["name"] for one in desktop.sync()["machines"]] == ["desktop", "laptop"]
    desktop.ok("remote", "remove", "--yes")
    desktop.remote("--name", "tower")
    assert desktop.sync()["machines"][0]["name"] == "tower"
