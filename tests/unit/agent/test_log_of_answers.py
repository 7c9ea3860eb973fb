"""The log beside a running agent, by the installed command: every warm export is in it, whatever happens to the agent."""

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.home import COMMAND
from tests.patience import PATIENCE
from tests.unit.agent.at_home import UNLOCK, at_once, gone, pid_of, reach, running, stop, unlock, until
from tests.unit.agent.test_process import modules_after

pytestmark = pytest.mark.usefixtures("unmeasured")


@pytest.fixture
def home(tmp_path_factory, aws):
    with running(tmp_path_factory.mktemp("h"), aws) as made:
        yield made


def records(home, **env):
    done = home.run("log", "--json", "--verify", **env)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["records"]


def test_a_warm_export_is_logged_with_its_caller(home):
    """Role, key ID, expiry and `cache` as in any other record; the process is the one that ran the client, and its parent."""
    first = home.export("dev")
    asker = subprocess.run(
        [sys.executable, "-c",
         f"import os, subprocess; print(os.getpid(), flush=True); subprocess.run([{COMMAND!r}, 'export', 'dev'])"],
        env=home.env, capture_output=True, check=True, timeout=PATIENCE,
    ).stdout.split()[0]  # fmt: skip
    cold, warm = records(home)
    assert (cold["from"], warm["from"], warm["use"]) == ("sts", "cache", "export")
    assert warm["role"] == "arn:aws:iam::222222222222:role/DeveloperRole"
    assert (warm["access_key_id"], warm["expires"]) == (first["AccessKeyId"], first["Expiration"])
    assert warm["pid"] == int(asker)
    assert warm["asker"].startswith("python")
    assert warm["parent_pid"] == os.getpid()
    assert first["SecretAccessKey"] not in json.dumps(warm)


def test_the_warm_export_does_not_write_the_log(home):
    """It imports only what its answer needs: the agent notes the export and writes the log later."""
    home.export("dev")
    _, modules = modules_after(home, "export", "dev")
    assert modules in ({"_socket", "vault", "vault.warm"}, {"_socket", "awsvault_warm"})
    assert len(records(home)) == 2


def test_a_hundred_exports_at_once_are_a_hundred_records(home):
    """None is lost and the chain is complete, with the disk hits of exports that the agent did not answer in time among them."""
    home.export("dev")
    done = at_once(home, 100, "dev")
    assert {d.returncode for d in done} == {0}
    until(lambda: len(records(home)) == 101)


def test_a_disk_hit_is_logged_by_a_background_process(home):
    """The export does not wait for its log; the record still names the process that ran the export."""
    home.export("dev")
    agent = reach(home)
    agent.ask("DROP_SESSIONS", profile="")  # the cache key is available, the answer is on disk
    agent.close()
    _, modules = modules_after(home, "export", "dev")
    assert "vault.credentials.disk_hit" in modules
    assert "vault.cache.audit_log" not in modules
    until(lambda: len(records(home)) == 2)
    assert records(home)[1]["pid"] == os.getpid()


def test_lock_and_a_logout_lose_no_record(home):
    """`lock`, and SIGTERM as sent at the end of a login session, take effect after the log is written."""
    home.export("dev")
    home.export("dev")
    assert home.run("lock").returncode == 0
    unlock(home)
    assert len(records(home)) == 2
    home.export("dev")
    home.export("dev")
    pid = pid_of(home)
    os.kill(pid, signal.SIGTERM)
    assert len(records(home, **UNLOCK)) in (3, 4)
    gone(pid)
    assert len(records(home, **UNLOCK)) == 4


def test_log_false_applies_to_the_agent(home):
    """With log = false in config.toml, warm exports write nothing either."""
    home.export("dev")
    home.settings("log = false\n")
    home.export("dev")  # config.toml decides answers, so this one is from disk
    home.export("dev")
    home.export("dev")
    assert len(records(home)) == 1


def test_clear_between_exports_keeps_one_log(home, clock):
    """`clear` replaces the key that seals the log while the agent has answers to record: nothing is put aside."""
    stop(home)  # the next one lives by the clock: after `clear` a second code is needed
    unlock(home)
    home.export("dev")
    home.export("dev")
    assert home.run("clear").returncode == 0
    home.export("dev")
    home.export("dev")
    assert len(records(home)) == 4
    assert not [name for name in os.listdir(home.file("log")) if name.startswith("unreadable")]
