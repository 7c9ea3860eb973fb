"""The log beside a running agent, by the installed command: every warm export stands in it, whatever happens to the agent."""

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


def test_a_warm_export_is_logged_with_who_ran_it(home):
    """Role, key id, end and `cache` as for any other; the asking process is whoever ran the client, and its parent."""
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


def test_the_warm_export_itself_does_nothing_for_it(home):
    """It imports no more than it must for its answer: the agent notes it, and writes later."""
    home.export("dev")
    _, modules = modules_after(home, "export", "dev")
    assert modules in ({"_socket", "vault", "vault.warm"}, {"_socket", "awsvault_warm"})
    assert len(records(home)) == 2


def test_a_hundred_at_once_are_a_hundred_records(home):
    """None is lost and the chain is whole, with the disk hits of those that were not answered in time among them."""
    home.export("dev")
    done = at_once(home, 100, "dev")
    assert {d.returncode for d in done} == {0}
    until(lambda: len(records(home)) == 101)


def test_a_session_from_disk_is_logged_by_a_process_that_is_left_behind(home):
    """The export does not wait for its log; the record names the one who ran it all the same."""
    home.export("dev")
    agent = reach(home)
    agent.ask("DROP_SESSIONS", profile="")  # the cache key is at hand, the answer is on disk
    agent.close()
    _, modules = modules_after(home, "export", "dev")
    assert "vault.credentials.disk_hit" in modules
    assert "vault.cache.audit_log" not in modules
    until(lambda: len(records(home)) == 2)
    assert records(home)[1]["pid"] == os.getpid()


def test_lock_and_a_killed_login_lose_nothing(home):
    """`lock`, and SIGTERM as the end of a login sends it, come after the log is written."""
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


def test_log_false_holds_for_the_agent(home):
    """config.toml log = false: nothing is written for warm exports either."""
    home.export("dev")
    home.settings("log = false\n")
    home.export("dev")  # config.toml decides answers, so this one is from disk
    home.export("dev")
    home.export("dev")
    assert len(records(home)) == 1


def test_clear_in_between_keeps_one_log(home, clock):
    """`clear` renews the key that the log is sealed by, while the agent has answers in hand: nothing is put aside."""
    stop(home)  # the next one lives by the clock: after `clear` a second code is needed
    unlock(home)
    home.export("dev")
    home.export("dev")
    assert home.run("clear").returncode == 0
    home.export("dev")
    home.export("dev")
    assert len(records(home)) == 4
    assert not [name for name in os.listdir(home.file("log")) if name.startswith("unreadable")]
