"""rotate with a remote, as a user runs it: what is synced when, who is waited for, and the bucket's own key."""

from __future__ import annotations

import json

import pytest

from tests.fakes.example import KEY_ID
from tests.fakes.s3 import URL, refusal
from tests.home import failed

pytestmark = pytest.mark.usefixtures("clock")

DAY = 86_400
PROFILE = "[profile dev]\nregion = us-east-1\n"
WITHOUT = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


@pytest.fixture
def both(laptop, desktop, aws, clock):
    """Two machines that have the same, and one clock, so that waits take no time."""
    clock.drive(desktop.home, aws.world)
    for machine in (laptop, desktop):
        machine.home.config(PROFILE)
    laptop.remote()
    desktop.join()
    laptop.sync()
    return laptop, desktop


@pytest.fixture
def by_own_key(laptop, desktop, s3, aws, clock):
    """The bucket takes the keys of AWS's users and their sessions, and the key dev itself syncs."""
    s3.world = aws.world
    clock.drive(desktop.home, aws.world)
    laptop.home.config(PROFILE)
    laptop.remote("--profile", "dev")
    desktop.home.config(PROFILE)
    desktop.join("--profile", "dev")
    for machine in (laptop, desktop):
        for name in WITHOUT:
            machine.home.env.pop(name)
        machine.sync()
    return laptop, desktop


def rotate(machine, *words, code=0, **env):
    """What rotate says of the key dev as JSON, and on stderr."""
    done = machine.ok("rotate", "dev", "--yes", "--json", *words, code=code, **env)
    (found,) = json.loads(done.stdout)["keys"]
    return found, done.stderr


def status(aws):
    return {key.id: key.status for key in aws.world.keys_of(aws.world.user("yourself"))}


def test_others_get_the_new_key_before_the_old_one_dies(both, aws):
    """Who has not synced is named, and until when the old key stays; each run continues."""
    laptop, desktop = both
    found, said = rotate(laptop)
    new = found["access_key_id"]
    assert (found["result"], found["replaced"], len(found["waiting"])) == ("rotated", KEY_ID, 1)
    assert "kept_until" not in found
    assert found["active_until"].endswith("Z")
    assert f"dev: {KEY_ID} stays active until " in said
    assert f"may still use it: {found['waiting'][0]}." in said
    assert "run: awsvault-py sync; then here: awsvault-py rotate dev" in said
    assert status(aws) == {KEY_ID: "Active", new: "Active"}
    idle, said = rotate(laptop, "--older-than", "90d")
    assert (idle["result"], idle["waiting"]) == ("unchanged", found["waiting"])
    assert "nothing to do" not in said
    assert desktop.entries() == {"dev": KEY_ID}
    desktop.sync()
    assert desktop.entries() == {"dev": new}
    ended, said = rotate(laptop, "--older-than", "90d")
    assert (ended["waiting"], "active_until" in ended, "kept_until" in ended) == ([], False, True)
    assert "the old key is inactive and kept until" in said
    assert status(aws)[KEY_ID] == "Inactive"


def test_status_and_list_say_who_is_waited_for(both):
    """After the rotation, and after the sync that ends the wait."""
    laptop, desktop = both
    found, _ = rotate(laptop)
    said = laptop.ok("status").stderr
    assert f"dev: its old key {KEY_ID} stays active until " in said
    assert f"may still use it: {found['waiting'][0]}. On each of them, run: awsvault-py sync" in said
    assert f"waits for: {found['waiting'][0]}" in laptop.ok("list", "--used").stdout
    assert "interrupted" not in said + desktop.ok("status").stderr
    desktop.sync()
    laptop.sync()
    assert "no machine is waited for" in laptop.ok("status").stderr


def test_machines_of_one_name_are_told_apart(both):
    """Both are called as the host here: the ID says which one is missing, and removes it."""
    laptop, desktop = both
    (other,) = [
        one for one in json.loads(laptop.ok("remote", "show", "--json").stdout)["machines"] if not one["here"]
    ]
    found, _ = rotate(laptop)
    assert found["waiting"] == [f"{other['name']} ({other['id']})"]
    done = desktop.run("rotate", "dev", "--yes")
    assert f"another machine ({other['name']} (" in done.stderr


def test_a_machine_that_left_is_not_waited_for(both, aws):
    """Nor is it after it has come back."""
    laptop, desktop = both
    desktop.ok("remote", "remove", "--yes")
    desktop.remote()
    laptop.sync()
    desktop.sync()
    laptop.sync()
    found, _ = rotate(laptop)
    assert len(found["waiting"]) == 1
    desktop.sync()
    ended, _ = rotate(laptop)
    assert ended["waiting"] == []
    assert status(aws)[KEY_ID] == "Inactive"


def test_a_question_says_who_is_waited_for(both):
    """Before it begins; while it only waits, there is nothing to ask."""
    laptop, _ = both
    other = json.loads(laptop.ok("remote", "show", "--json").stdout)["machines"][1]
    name = f"{other['name']} ({other['id']})"
    said = laptop.ok("rotate", "dev", "--dry-run").stderr
    assert (
        f"keep the old key active until these machines have synced, then inactive for seven days: {name}."
        in said
    )
    assert (
        f"delete the old key without waiting for {name}."
        in laptop.ok("rotate", "dev", "--dry-run", "--delete-now").stderr
    )
    rotate(laptop)
    said = laptop.ok("rotate", "dev", "--dry-run", "--delete-now").stderr
    assert f"would delete the old key {KEY_ID} without waiting for {name}." in said
    said = laptop.ok("rotate", "dev", "--dry-run").stderr
    assert f"would keep the old key {KEY_ID} active until these machines have synced: {name}." in said
    assert laptop.ok("rotate", "dev").stdout == ""


def test_a_dry_run_asks_no_bucket(both, s3):
    laptop, _ = both
    s3.requests.clear()
    laptop.ok("rotate", "dev", "--dry-run")
    assert s3.requests == []


@pytest.mark.parametrize(
    ("broken", "code", "said"), [("denied", 7, "--print-policy"), ("failing", 8, "could not complete")]
)
def test_no_rotation_without_a_sync(both, s3, aws, monkeypatch, broken, code, said):
    """The bucket refuses, or fails: AWS is asked nothing, and no key changes."""
    laptop, _ = both
    if broken == "denied":
        s3.denies = {"GET"}
    else:
        monkeypatch.setattr(s3, "_get", lambda *_: refusal(500, "InternalError"))
    aws.calls.clear()
    done = laptop.run("rotate", "dev", "--yes")
    assert (done.returncode, done.stdout) == (code, "")
    assert "no key was rotated, because the vault could not be synced: " in done.stderr
    assert said in done.stderr
    assert list(aws.calls) == []


def test_another_machine_rotates_the_key(both):
    laptop, desktop = both
    rotate(laptop)
    done = desktop.run("rotate", "dev", "--yes")
    assert done.returncode == 11
    assert "is rotating this key" in done.stderr
    assert "on that machine: awsvault-py rotate --finish" in done.stderr
    # A job by age has nothing to do there: the key that has just come is young.
    idle, _ = rotate(desktop, "--older-than", "90d")
    assert idle["result"] == "unchanged"


def test_the_key_that_syncs_is_rotated(by_own_key, aws):
    """One session serves all syncs of the run; if it ends with the old key, the new key gives another."""
    laptop, desktop = by_own_key
    aws.calls.clear()
    found, _ = rotate(laptop)
    assert aws.calls.count("GetSessionToken") == 0
    desktop.sync()
    assert desktop.entries() == {"dev": found["access_key_id"]}
    ended, _ = rotate(laptop)
    assert ended["waiting"] == []
    assert status(aws)[KEY_ID] == "Inactive"
    desktop.sync()
    aws.faults.hook("DeleteAccessKey", "after", aws.world.sessions.clear, skip=1)
    gone, said = rotate(laptop, "--delete-now")
    assert gone["deleted"] == [KEY_ID, found["access_key_id"]]
    assert gone["replaced"] == found["access_key_id"]
    assert list(status(aws).values()) == ["Active"]
    assert "could not tell" not in said


def test_a_machine_that_was_away_for_eight_days(by_own_key, aws, clock):
    """Its key is dead (7), and the hint names the way back: a sync with other credentials."""
    laptop, desktop = by_own_key
    other = aws.world.add_key(aws.world.user("colleague"))
    rotate(laptop)
    clock.move(6 * DAY)
    desktop.ok("export", "dev", "--fresh-all")
    clock.move(2 * DAY)
    assert rotate(laptop, "--finish")[0]["waiting"] == []
    desktop.home.settings('sync = "auto"\n')
    done = desktop.run("export", "dev", "--fresh-all")
    failed(done, 7, "InvalidClientTokenId", "AWS_SECRET_ACCESS_KEY=... awsvault-py sync")
    desktop.ok("sync", AWS_ACCESS_KEY_ID=other.id, AWS_SECRET_ACCESS_KEY=other.secret)
    desktop.ok("export", "dev", "--fresh-all")


def test_delete_now_is_said_to_wait_for_nobody(laptop):
    """In the help of rotate; that of panic says what it means for other machines."""
    assert "do not wait for other machines" in " ".join(laptop.ok("rotate", "--help").stdout.split())
    assert "The keys end for all machines" in " ".join(laptop.ok("panic", "--help").stdout.split())


def test_a_remote_that_is_removed_while_a_machine_is_waited_for(both):
    """It is said whom nothing waits for any more, before the question."""
    laptop, desktop = both
    (name,) = rotate(laptop)[0]["waiting"]
    done = laptop.ok("remote", "remove", "--yes", "--json")
    assert f"Warning: the old key of dev stays active for {name}." in done.stderr
    assert done.stderr.index("Warning: ") < done.stderr.index("no longer syncs")
    (warning,) = json.loads(done.stdout)["warnings"]
    assert f"stays active for {name}." in warning
    assert "Warning" not in desktop.ok("remote", "remove", "--yes").stderr


def test_remote_of_the_vault_is_named_nowhere_in_a_rotation_without_one(laptop):
    """A vault of one machine is rotated as before."""
    done = laptop.ok("rotate", "dev", "--yes")
    assert "machines" not in done.stderr
    assert URL not in done.stderr
