"""Where a disk hit gets the cache key without opening the vault, and what a manual lock does to each place."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.home import COMMAND, Home, failed
from tests.keyrings import Desktop
from tests.patience import PATIENCE
from tests.unit.agent.at_home import UNLOCK, stop, unlock, until, with_agent
from tests.unit.agent.test_process import modules_after
from vault.system import kernel_keyring


@pytest.fixture
def home(tmp_path_factory, aws):
    made = with_agent(Home(tmp_path_factory.mktemp("h"), url=aws.url))
    yield made
    stop(made)
    from vault.system.paths import from_env
    from vault.unlocking import cache_key

    cache_key.forget(from_env(made.env))


@pytest.fixture
def desktop(tmp_path_factory):
    made = Desktop(tmp_path_factory.mktemp("d"))
    made.log_in()
    yield made
    made.end()


def test_the_kernel_keeps_a_secret_for_its_time():
    """What is put is read by another process of the user, and gone after its time-out or when it is forgotten."""
    name = f"awsvault-py:test:{os.getpid()}"
    assert kernel_keyring.read(name) is None
    assert kernel_keyring.put(name, b"secret", seconds=5)
    assert kernel_keyring.read(name) == b"secret"
    until(lambda: kernel_keyring.read(name) is None)
    assert kernel_keyring.put(name, b"other", seconds=60)
    assert kernel_keyring.forget(name)
    assert kernel_keyring.read(name) is None
    assert not kernel_keyring.forget(name)


def test_with_the_key_in_the_kernel_a_hit_needs_no_agent(home, aws):
    """kernel_keyring = true: one unlock, and exports come from disk with neither agent nor passphrase."""
    home.settings("kernel_keyring = true\nagent = 'off'\n")
    first = home.export("dev", **UNLOCK)
    calls = len(aws.calls)
    answer, modules = modules_after(home, "export", "dev")
    assert answer == first
    assert len(aws.calls) == calls
    assert not {
        m for m in modules if m.startswith(("vault.store", "vault.aws", "secretstorage", "keyring", "click"))
    }
    assert home.run("lock").returncode == 0
    failed(home.run("export", "dev"), 3)
    unlock(home)
    assert home.export("dev") == first


KEPT = "kernel_keyring = true\nagent = 'off'\n"
NO_FORK = """
import os, sys
def fork(): raise OSError(11, "no")
os.fork = fork
from vault.__main__ import main
sys.argv = ["awsvault-py", "export", "dev"]
main()
"""


def logged(home):
    return len(json.loads(home.run("log", "--json", **UNLOCK).stdout)["records"])


def test_a_reader_that_ends_us_at_its_line_does_not_end_the_log(home):
    """Each answer that was read is a record, also where SIGKILL comes with the first byte of it."""
    home.settings(KEPT)
    home.export("dev", **UNLOCK)
    for _ in range(20):
        with subprocess.Popen([COMMAND, "export", "dev"], env=home.env, stdout=subprocess.PIPE) as export:
            assert export.stdout.read(1) == b"{"
            export.kill()
    until(lambda: logged(home) == 21)


@pytest.mark.skipif(sys.platform != "linux", reason="PID namespaces are Linux's")
def test_the_first_process_of_a_container_logs_what_it_answers(home):
    """At its end the kernel ends all that it started."""
    home.settings(KEPT)
    first = home.export("dev", **UNLOCK)
    alone = ["unshare", *([] if os.getuid() == 0 else ["-Ur"]), "--pid", "--fork", COMMAND, "export", "dev"]
    for _ in range(5):
        done = subprocess.run(alone, env=home.env, capture_output=True, check=True, timeout=PATIENCE)
        assert json.loads(done.stdout) == first
    assert logged(home) == 6


def test_where_no_process_can_be_had_the_answer_is_logged_first(home):
    """A limit of processes makes no answer without a record."""
    home.settings(KEPT)
    first = home.export("dev", **UNLOCK)
    alone = [sys.executable, "-c", NO_FORK]
    done = subprocess.run(alone, env=home.env, capture_output=True, check=True, timeout=PATIENCE)
    assert json.loads(done.stdout) == first
    assert logged(home) == 2


def test_without_the_setting_the_kernel_gets_nothing(home):
    """It is an opt-in."""
    home.export("dev", **UNLOCK)
    failed(home.run("export", "dev"), 3)


def test_with_an_item_in_the_os_keyring_a_hit_opens_no_vault(home, aws, desktop):
    """The keyring's own item for the cache key spares the vault; after lock neither it nor the slot opens anything."""
    home.env |= desktop.env | {"AWSVAULT_KEYRING": "auto", "AWSVAULT_AGENT": "off"}
    assert home.run("slots", "add", "keyring", **UNLOCK).returncode == 0
    first = home.export("dev")
    until(lambda: os.path.exists(home.file("state/cache-key-item")))
    calls = len(aws.calls)
    answer, modules = modules_after(home, "export", "dev")
    assert answer == first
    assert len(aws.calls) == calls
    assert not {m for m in modules if m.startswith(("vault.store", "vault.aws", "keyring", "secretstorage"))}
    assert home.run("lock").returncode == 0
    failed(home.run("export", "dev"), 3, "you ran awsvault-py lock")


def test_after_a_time_limit_the_keyring_opens_the_vault_again(home, desktop):
    """A limit is not a manual lock: the keyring may open the vault, and starts the agent again."""
    home.env |= desktop.env | {"AWSVAULT_KEYRING": "auto"}
    assert home.run("slots", "add", "keyring", **UNLOCK).returncode == 0
    first = home.export("dev")
    from tests.unit.agent.at_home import reach, told

    until(lambda: told(home).get("why") == "")
    agent = reach(home)
    assert agent.ask("LOCK", hold=False)["ok"]  # what a limit does
    agent.close()
    assert home.export("dev") == first
    assert home.export("prod")
    until(lambda: told(home).get("why") == "")
