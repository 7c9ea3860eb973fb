"""A source key that AWS refuses, because another machine has replaced it: one sync of all processes brings the new one."""

from __future__ import annotations

import json
import threading

import pytest

from tests.fakes.example import KEY_ID
from tests.home import failed
from tests.patience import PATIENCE
from tests.unit.agent.at_home import stop
from vault import limits
from vault.machines import refused_key
from vault.system.files import Folder

OLD = "AKIAI44QH8DHBEXAMP01"
NO_KEY = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
PROFILE = """\
[profile dev]
region = us-east-1

[profile open]
region = us-west-2
awsvault_role_arn = arn:aws:iam::222222222222:role/OpenRole
awsvault_source_profile = dev
"""


@pytest.fixture
def same(laptop, desktop, s3):
    """The desktop: its vault has a key that AWS does not know, and so has the laptop's."""
    laptop.add("dev", 1, "--replace")
    laptop.remote()
    desktop.home.config(PROFILE)
    desktop.join("--profile", "dev")
    laptop.sync()
    desktop.sync()
    desktop.syncs_by_itself()
    s3.requests.clear()
    return desktop


@pytest.fixture
def behind(same, laptop, s3):
    """The laptop has replaced the key."""
    laptop.add_known("dev", "--replace")
    laptop.sync()
    s3.requests.clear()
    return same


def gets(s3):
    return [method for method, _ in s3.requests].count("GET")


def test_export_continues_with_the_new_key(behind, s3):
    """Its JSON, and nothing on stderr; the next export has no reason to sync."""
    assert behind.home.export("dev")["SessionToken"]
    assert gets(s3) == 1
    s3.requests.clear()
    behind.home.export("dev", "--fresh")
    assert s3.requests == []
    assert behind.entries() == {"dev": KEY_ID}


@pytest.mark.parametrize(
    "words",
    ["export --format env dev", "exec open -- true", "login --print open", "login --print dev"],
)
def test_other_commands_that_issue_do_the_same(behind, s3, words):
    """Those with click, and those in front of a user."""
    behind.ok(*words.split())
    assert gets(s3) == 1


def test_whoami_only_reports(behind, s3):
    """It issues nothing."""
    failed(behind.run("whoami", "dev", **NO_KEY), 7, "InvalidClientTokenId")
    assert s3.requests == []


def test_sixty_processes_sync_once(behind, s3, aws):
    """All of them succeed, with one session of the new key."""
    running = [behind.home.start("export", "dev") for _ in range(60)]
    for one in running:
        out, err = one.communicate(timeout=PATIENCE)
        assert (one.returncode, err) == (0, b"")
        assert json.loads(out)["SessionToken"]
    assert gets(s3) == 1
    assert [call.access_key_id for call in aws.calls.of("GetSessionToken")].count(KEY_ID) == 1


def test_edit_that_waits_goes_too(behind, laptop, s3):
    """It is kept, and so is what came."""
    behind.home.settings('sync = "manual"\n')
    behind.add("prod", 2)
    behind.syncs_by_itself()
    behind.home.export("dev")
    assert behind.entries() == {"dev": KEY_ID, "prod": "AKIAI44QH8DHBEXAMP02"}
    laptop.sync()
    assert laptop.entries() == behind.entries()


@pytest.mark.parametrize("env", [{"AWS_ACCESS_KEY_ID": OLD}, NO_KEY], ids=["environment", "profile"])
def test_bucket_that_is_read_with_the_same_key(behind, s3, env):
    """No request is made; with other credentials, the next export succeeds."""
    failed(
        behind.run("export", "dev", **env),
        7,
        "InvalidClientTokenId",
        "AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=... awsvault-py sync",
    )
    assert s3.requests == []
    behind.home.export("dev")


def test_manual_only_says_how(behind, s3):
    behind.home.settings('sync = "manual"\n')
    failed(behind.run("export", "dev"), 7, "InvalidClientTokenId", 'sync = "manual"', "run: awsvault-py sync")
    assert s3.requests == []


def test_key_that_nobody_replaced(same, s3):
    """AWS's error and a hint; for a while, other exports do not ask again."""
    failed(same.run("export", "dev"), 7, "InvalidClientTokenId", "brought no other key")
    assert gets(s3) == 1
    s3.requests.clear()
    failed(same.run("export", "dev"), 7, "InvalidClientTokenId", "brought no other key")
    assert s3.requests == []


def test_two_keys_that_nobody_replaced(same, s3):
    """One sync for each, however their exports take turns."""
    same.home.config(PROFILE + "[profile prod]\nregion = us-east-1\n")
    same.home.settings('sync = "manual"\n')
    same.add("prod", 2)
    same.sync()
    same.syncs_by_itself()
    s3.requests.clear()
    for profile in ("dev", "prod", "dev", "prod"):
        failed(same.run("export", profile), 7, "InvalidClientTokenId", "brought no other key")
    assert gets(s3) == 2


def test_bucket_that_refuses(behind, s3):
    s3.denies = {"GET", "PUT"}
    failed(behind.run("export", "dev"), 7, "InvalidClientTokenId", "remote were refused")


def test_bucket_that_is_out_of_order(behind, s3):
    s3.fails = True
    failed(behind.run("export", "dev"), 7, "InvalidClientTokenId", "could not be reached")


def test_object_that_is_no_vault(behind, s3):
    s3.serve(b"x" * 5000)
    failed(behind.run("export", "dev"), 7, "InvalidClientTokenId", "a sync just now failed")


def test_bucket_that_hangs(behind, s3):
    """AWS's error comes before the bucket answers, also for those that waited."""
    s3.waits = threading.Event()
    try:
        running = [behind.home.start("export", "dev", TEST_QUIET_SYNC="3") for _ in range(4)]
        ended = [one.communicate(timeout=PATIENCE) for one in running]
    finally:
        s3.waits.set()
    assert [one.returncode for one in running] == [7] * 4
    assert all(b"InvalidClientTokenId" in err and b"could not be reached" in err for _, err in ended)
    assert len(s3.requests) <= 1  # none if this machine was too busy to send it in time


def test_other_refusals_do_not_sync(behind, aws, s3):
    """Another key would not help."""
    aws.faults.add("GetSessionToken", "refuse", code="AccessDenied", message="as arranged", status=403)
    failed(behind.run("export", "dev"), 7, "AccessDenied")
    assert s3.requests == []


def test_vault_without_a_remote(laptop, s3):
    """AWS's error as it is."""
    laptop.home.config(PROFILE)
    laptop.syncs_by_itself()
    laptop.add("dev", 1, "--replace")
    done = laptop.run("export", "dev")
    failed(done, 7, "InvalidClientTokenId", "IAM console")
    assert "sync" not in done.stderr
    assert s3.requests == []


@pytest.fixture
def with_agent(behind):
    """The agent has the vault unlocked."""
    del behind.home.env["AWSVAULT_AGENT"]
    behind.ok("unlock")
    yield behind
    stop(behind.home)


def test_agent_gives_the_new_key(with_agent, s3):
    """The vault is opened for the sync; the rest is the agent's."""
    assert with_agent.home.export("dev")["SessionToken"]
    assert gets(s3) == 1


def test_agent_alone_cannot_sync(with_agent, s3):
    """It does not give out the main key, and nobody is asked for the passphrase."""
    failed(
        with_agent.run("export", "dev", AWSVAULT_PASSPHRASE=None),
        7,
        "InvalidClientTokenId",
        "needs the vault's main key, which the agent does not give out",
        "run: awsvault-py sync",
    )
    assert s3.requests == []


# ── the note ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def state(tmp_path):
    with Folder.open(str(tmp_path / "state"), create=True) as folder:
        yield folder


@pytest.mark.parametrize(
    ("mark", "now", "found"),
    [
        ("a", 1000, refused_key.SYNCED),
        ("a", 1000 + limits.REFUSED_KEY_AGAIN - 1, refused_key.SYNCED),
        ("a", 1000 + limits.REFUSED_KEY_AGAIN, None),
        ("a", 999, None),  # the clock was set back
        ("b", 1000, None),
    ],
)
def test_note_holds_for_a_key_and_a_while(state, mark, now, found):
    refused_key.write(state, "a", refused_key.SYNCED, now=1000)
    assert refused_key.read(state, mark, now=now) == found


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b'{"a":{"at":true,"came":"synced"}}', b'{"a":{"at":1000,"came":"nonsense"}}',
     b'{"a":{"at":1000,"came":["synced"]}}', b'{"a":{}}', b'{"a":1000}', b'{"key":"a","at":1000,"came":"synced"}',
     b'{"a":{"at":1000,"came":"synced"}}' + b" " * 20_000],
)  # fmt: skip
def test_damaged_note_is_none(state, raw):
    """It costs one more sync."""
    state.write_atomic(refused_key.NOTE, raw, durable=False)
    assert refused_key.read(state, "a", now=1000) is None


def test_note_is_of_many_keys_and_forgets_one(state):
    """The newest ones; what the same key came to is not kept."""
    for number in range(limits.MAX_REFUSED_KEYS + 1):
        refused_key.write(state, f"{number:064}", refused_key.UNREACHABLE, now=1000 + number / 10)
    known = [refused_key.read(state, f"{number:064}", now=1007) for number in (0, 1, limits.MAX_REFUSED_KEYS)]
    assert known == [None, refused_key.UNREACHABLE, refused_key.UNREACHABLE]
    refused_key.write(state, f"{1:064}", None, now=1007)
    assert refused_key.read(state, f"{1:064}", now=1007) is None
    assert refused_key.read(state, f"{2:064}", now=1007) == refused_key.UNREACHABLE


def test_note_does_not_name_the_key(same):
    """The file says that a key was refused, not which."""
    same.run("export", "dev")
    path = same.home.file(f"state/{refused_key.NOTE}")
    with open(path, encoding="utf-8") as file:
        assert OLD not in file.read()
