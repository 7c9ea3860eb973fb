"""Agents of one vault in several places: a login knows its runtime folder; cron, su and services do not name it."""

from __future__ import annotations

import os

import pytest

from tests.home import PASSPHRASE, failed
from tests.patience import PATIENCE
from tests.unit.agent.failing import STOPPED, Failing
from tests.unit.agent.serving import Running, session
from tests.unit.conftest import Desk, hand_over
from vault import limits, warm
from vault.agent.client import Agent
from vault.agent.link import AgentLink
from vault.agent_process import vault_answers
from vault.credentials import forget_sessions
from vault.inspect import status
from vault.system.paths import from_env
from vault.unlocking import agent_keys, all_agents, lock_unlock


@pytest.fixture
def desk(home, aws, tmp_path_factory, monkeypatch):
    """A desk whose home has the platform's own places, with a runtime folder of the user's login."""
    monkeypatch.setattr(warm, "RUNTIMES", str(tmp_path_factory.mktemp("r")))
    home.root = home.env["HOME"] = str(tmp_path_factory.mktemp("h"))  # a socket's path must be short
    home.env["AWSVAULT_HOME"], home.env["AWSVAULT_AGENT"] = "", "auto"
    home.env["XDG_RUNTIME_DIR"] = f"{warm.RUNTIMES}/{os.geteuid()}"
    os.mkdir(home.root + "/.aws", mode=0o700)
    home.config_path = home.root + "/.aws/config"
    home.scenario()
    home.make_vault()
    for function in (AgentLink.__init__, Agent.reach.__func__):
        monkeypatch.setitem(function.__kwdefaults__, "answer", PATIENCE)
    return Desk(home, aws)


def agent_of(desk, **env):
    """An agent that was started with these variables changed."""
    paths = from_env(desk.home.with_env(env))
    made = Running(None, answerer=lambda page: vault_answers.answerer(paths, page, made.state), paths=paths)
    made.clock.unix = desk.clock.time()
    made.answers._about["version"] = all_agents.__version__  # else unlock ends it
    return made


@pytest.fixture
def login(desk):
    with agent_of(desk) as made:
        yield made


@pytest.fixture
def cron(desk, monkeypatch):
    """Started before anybody logged in."""
    with monkeypatch.context() as patch:
        patch.setattr(warm, "RUNTIMES", "/there/is/none")
        made = agent_of(desk, XDG_RUNTIME_DIR=None)
    assert made.paths.socket.startswith(desk.home.root)
    with made:
        yield made


def whys(*running):
    return [one.client().ask("HELLO")["why"] for one in running]


def opened(desk):
    return desk.keys(desk.context()).opened


def test_an_agent_of_a_login_answers_who_does_not_name_its_folder(desk, login):
    """cron and su: its keys, its warm answers, and the cache's key are there as in the login."""
    assert hand_over(desk.context(), opened(desk), login.client(), person=True)
    bare = desk.context(XDG_RUNTIME_DIR=None)
    assert bare.paths.socket == login.paths.socket
    keys = agent_keys.keys_from_agent(bare)
    assert keys.has_entry("shared-services")
    keys.close()
    now = int(desk.clock.time())
    line, seen = session("dev"), warm.fingerprint(bare.env, paths=bare.paths)
    assert login.client().put_session("dev", seen, line, issued=now, expires=now + 3600)
    assert warm.ask(["export", "dev"], bare.env) == line


def test_a_socket_that_is_another_user_s_is_no_place(desk, login, monkeypatch):
    """Nor is a runtime folder without an agent: a new one begins below the user's home."""
    uid = os.geteuid()
    os.rename(f"{warm.RUNTIMES}/{uid}", f"{warm.RUNTIMES}/{uid + 1}")
    home = desk.home.root
    assert from_env({"HOME": home}).socket.startswith(home)
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: uid + 1)
        assert from_env({"HOME": home}).socket.startswith(home)
    os.rename(f"{warm.RUNTIMES}/{uid + 1}", f"{warm.RUNTIMES}/{uid}")
    assert from_env({"HOME": home}).socket == login.paths.socket
    assert from_env({"HOME": home, "AWSVAULT_HOME": "/v"}).socket == "/v/run/agent.sock"


@pytest.mark.parametrize("env", [{}, {"XDG_RUNTIME_DIR": None}], ids=["in a login", "elsewhere"])
def test_what_one_is_told_all_are_told(desk, login, cron, env):
    """unlock opens both and ends the lock of both, clear forgets in both, lock closes both."""
    context = desk.context(**env)
    lock_unlock.unlock_vault(context)
    assert whys(login, cron) == ["", ""]
    now = int(desk.clock.time())
    for one in (login, cron):
        assert one.client().put_session("dev", b"f", session("dev"), issued=now, expires=now + 3600)
    forget_sessions.forget_files(desk.context(**env))
    assert [len(one.sessions) for one in (login, cron)] == [0, 0]
    after = forget_sessions.replace_cache_key(context, opened(desk))
    keys = [one.client().cache_key().key.reveal() for one in (login, cron)]
    assert keys == [after.cache_key.reveal()] * 2
    assert lock_unlock.lock_vault(desk.context(**env)).was_open
    assert whys(login, cron) == ["held", "held"]
    lock_unlock.unlock_vault(desk.context(**env))
    assert whys(login, cron) == ["", ""]


def test_status_names_the_others(desk, login, cron):
    """One open agent that commands with other variables ask is not overlooked; nor is its vault taken for another's."""
    lock_unlock.unlock_vault(desk.context())
    said = status.look(desk.context()).warnings
    assert any("another agent has the vault unlocked" in one and cron.paths.socket in one for one in said)
    cron.client().ask("LOCK", hold=True)
    assert any("another agent is locked" in one for one in status.look(desk.context()).warnings)
    other = desk.home.with_env({"XDG_DATA_HOME": desk.home.root + "/other"})
    elsewhere = desk.context(**other)
    assert list(all_agents.others(elsewhere)) == []
    assert all_agents.drop_sessions(elsewhere, "") == 0


def test_an_agent_of_an_older_version_elsewhere_is_ended_by_unlock(desk, login, cron):
    """As the one that the command asks is."""
    cron.answers._about["version"] = "0.0.1"
    lock_unlock.unlock_vault(desk.context())
    cron.thread.join(PATIENCE)
    assert not cron.thread.is_alive()
    assert whys(login) == [""]


def test_one_that_does_not_answer_is_named(desk, login, here, monkeypatch):
    """clear ends with 6, since it may go on handing out what it holds; unlock and status say what ends it."""
    lock_unlock.unlock_vault(desk.context())
    path = all_agents.sockets(desk.home.env)[1]
    assert path.startswith(desk.home.root)
    with Failing(path, STOPPED):
        monkeypatch.setattr(limits, "AGENT_TALK", 0.3)
        for line in (["clear"], ["clear", "dev"]):
            done = here(desk.home, *line, AWSVAULT_PASSPHRASE=PASSPHRASE)
            done.stderr = "".join(done.stderr.splitlines(keepends=True)[-2:])
            failed(
                done,
                6,
                f"the agent at {path} (process {os.getpid()}) does not answer",
                "awsvault-py lock",
            )
        assert any(path in one for one in lock_unlock.unlock_vault(desk.context()).warnings)
        assert any(path in one for one in status.look(desk.context()).warnings)
