"""No command fails for its agent's sake: stopped, full, gone, or killed at any byte of its answer, it gives no answer."""

from __future__ import annotations

import contextlib
import os
import time

import pytest

from tests.fakes.aws import StandIn
from tests.home import PASSPHRASE, Home
from tests.unit.agent.failing import FULL, GONE, STOPPED, Failing
from tests.unit.agent.serving import Running
from tests.vaults import soon
from vault import __version__, limits, warm
from vault.agent.client import Agent, Limits
from vault.agent.link import AgentLink
from vault.agent_process import vault_answers
from vault.cli.command_table import COMMANDS
from vault.secret import Secret
from vault.shell.prompt_data import shell_state
from vault.store import vault
from vault.system.paths import fingerprint, from_env

PROFILES = """\
[profile key]
region = us-east-1
credential_process = awsvault-py export key

[profile open]
region = us-west-2
awsvault_role_arn = arn:aws:iam::222222222222:role/OpenRole
awsvault_source_profile = key
"""

# Every command, as one that needs no person; {out} is a file that is not there.
LINES = """\
login --print open
whoami open
list
list --used
status
status --policy
explain open
which 222222222222
doctor
log
log --verify
mfa list
otp key
slots list
remote show
remote add --print-policy s3://my-bucket/vault.avlt
sync
sso status
pick
completion bash
shell-init bash
setup --dry-run
import --dry-run
backup {out}
restore
clear open
clear
init
add key
passwd
unlock
lock
unlock
rotate --dry-run
""".splitlines()
CHANGES = ["rekey --yes", "rotate --yes", "remove --yes key", "panic --yes"]
BY_THEMSELVES = (
    "help",
    "export",
    "exec",
    "prompt",
    "serve",
)  # they put a command in the place of this process, or end it
ABOUT_THE_AGENT = (
    "unlock",
    "lock",
    "clear",
    "panic",
    "doctor",
    "status",
)  # they say that it may still hold something


def test_no_command_is_left_out():
    """A new one must be put here."""
    assert {line.split()[0] for line in LINES + CHANGES} | set(BY_THEMSELVES) == set(COMMANDS)


@pytest.fixture
def pair(tmp_path_factory):
    """``pair()``: two homes alike, each with an AWS of its own; the first has no agent, the second an open one, ``behind``."""
    made = []

    def make():
        stands = [StandIn().__enter__() for _ in range(2)]
        homes = [Home(tmp_path_factory.mktemp("h"), url=one.url) for one in stands]
        made.extend(stands)
        for home in homes:
            home.config(PROFILES)
            home.make_vault("key", seed=None, serial=None)
        homes[1].env["AWSVAULT_AGENT"] = "auto"
        return homes

    yield make
    for one in made:
        one.__exit__(None, None, None)


class Behind(Running):
    """The agent of a home, open, out of the way of what stands at its socket."""

    def __init__(self, home):
        super().__init__(
            home.awsvault_home, answerer=lambda page: vault_answers.answerer(self.paths, page, self.state)
        )
        self.clock.unix = time.time()
        self.answers._about["version"] = __version__  # else unlock replaces it
        self.socket = self.paths.socket + ".real"
        self.home = home

    def __enter__(self):
        super().__enter__()
        opened = vault.open_with_passphrase(self.paths, Secret(PASSPHRASE), deadline=soon())
        client = self.client()
        times = Limits(3600, 3600, 300, sleep=True)
        keys = {"vault_id": opened.vault_id, "main": opened.k_main, "cache": opened.cache_key}
        assert client.unlock(**keys, times=times, person=True)["ok"]
        self.put(client)
        os.rename(self.paths.socket, self.socket)
        return self

    def put(self, client):
        """A session of each profile, with terms, which a command will have kept only later."""
        begun = int(time.time())
        for profile in ("key", "open"):
            line = self.home.run("export", profile, AWSVAULT_AGENT="off").stdout.encode()
            terms = f"{profile}\tus-west-2\t10\t\n".encode()
            seen = fingerprint(self.home.env, paths=from_env(self.home.env))
            assert client.put_session(profile, seen, line + terms, issued=begun, expires=begun + 3600)

    def __exit__(self, *given):
        assert self.thread.is_alive(), "the agent ended, so that nothing was tried"
        os.rename(self.socket, self.paths.socket)
        super().__exit__(*given)


def hasty(monkeypatch):
    """Who gets no answer need not wait long for it."""
    for function in (AgentLink.__init__, Agent.reach.__func__, warm.exchange, warm.dial):
        monkeypatch.setitem(function.__kwdefaults__, "answer", 0.01)
    for name in ("AGENT_ANSWER", "AGENT_TALK", "AGENT_WORKER_ANSWER", "PROMPT_ANSWER"):
        monkeypatch.setattr(limits, name, 0.01)


def alike(here, homes, lines):
    """Each line ends in the second home as in the first, and neither says that something unexpected happened."""
    for line in lines:
        done = [
            here(home, *line.replace("{out}", home.root + f"/copy-{time.monotonic_ns()}").split())
            for home in homes
        ]
        said = [
            (one.returncode, one.stderr.replace(home.root, "")) for one, home in zip(done, homes, strict=True)
        ]
        assert said[1][0] != 70, (line, said)
        if line.split()[0] not in ABOUT_THE_AGENT:
            assert said[0][0] == said[1][0], (line, said)


@pytest.mark.parametrize("how", [STOPPED, FULL, GONE])
def test_commands_beside_an_agent_that_does_not_answer(how, pair, here, monkeypatch):
    """All that the agent is asked for is had without it."""
    hasty(monkeypatch)
    homes = pair()
    lines = [line for line in LINES if how != GONE or line != "unlock"]  # that would start one
    with Failing(homes[1].file("run/agent.sock"), how):
        alike(here, homes, lines + (CHANGES if how == STOPPED else []))


KILLS = [
    0,
    1,
    3,
    4,
    5,
    20,
    52,
    53,
    100,
    200,
    300,
    400,
]  # HELLO's answer has some 250 bytes, the cache key's 53


def test_commands_whose_agent_is_killed_in_its_answer(pair, here):
    """At its first bytes, in the middle and near its end, another time for each command."""
    homes = pair()
    with Behind(homes[1]) as agent:
        for number, line in enumerate(LINES):
            with Failing(agent.paths.socket, KILLS[number % len(KILLS)], behind=agent.socket):
                alike(here, homes, [line])


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_commands_whose_agent_is_killed_at_each_byte(pair, here):
    """All commands beside each other, a few bytes more of the answer each time."""
    homes = pair()
    with Behind(homes[1]) as agent:
        for most in range(450):
            line = LINES[most % len(LINES)]
            with Failing(agent.paths.socket, most, behind=agent.socket):
                alike(here, homes, [line])
        for number, line in enumerate(CHANGES):
            with Failing(agent.paths.socket, 20 + number, behind=agent.socket):
                alike(here, homes, [line])


@pytest.mark.parametrize("how", [STOPPED, FULL, GONE, 0, 4, 300])
def test_what_is_asked_the_warm_way_goes_the_longer_one(how, pair):
    """An export, an exec and a prompt in processes of their own: each ends as it does without an agent."""
    _, home = pair()
    with Behind(home) as agent, Failing(agent.paths.socket, how, behind=agent.socket):
        assert home.export("open")["AccessKeyId"].startswith("ASIA")
        done = home.run("exec", "open", "--", "sh", "-c", "echo $AWS_REGION")
        assert (done.returncode, done.stdout, done.stderr) == (0, "us-west-2\n", "")
        done = home.run("prompt", AWS_PROFILE="open")
        assert (done.returncode, done.stdout.split()[:1], done.stderr) == (0, ["open"], "")


def test_no_answer_for_an_agent_that_is_killed_at_any_byte(pair):
    """Whatever is asked, and however much of the answer has come: None, and nothing to catch; all of it is an answer."""
    _, home = pair()
    seen = {}
    with Behind(home) as agent:
        path, env = agent.paths.socket, home.env

        def ask(question):
            with contextlib.closing(Agent.reach(path)) as client:
                return question(client)

        asks = {
            "export": lambda: warm.answered(b"E", "open", env),
            "exec": lambda: warm.answered(b"X\x04true", "open", env),
            "prompt": lambda: (
                shell_state({**env, "AWS_PROFILE": "open"}, home=home.root, socket=path, time=0.0).left
            ),
            "hello": lambda: ask(lambda client: client.ask("HELLO")),
            "cache key": lambda: ask(Agent.cache_key),
            "sessions": lambda: ask(Agent.sessions),
        }
        for name, asked in asks.items():
            for most in range(2000):
                with Failing(path, most, behind=agent.socket):
                    if (found := asked()) is not None:
                        seen[name] = most, found
                        break
    assert seen["cache key"][0] == 4 + 1 + 32 + 16
    assert seen["export"][0] == 4 + len(seen["export"][1])
    assert seen["exec"][0] > seen["export"][0]
    assert min(seen[name][0] for name in ("hello", "prompt", "sessions")) > 30


def test_an_answer_is_asked_for_where_nothing_can_be_had(monkeypatch, tmp_path):
    """No folder to stand in, no descriptor left, a name that no bytes can hold: no answer, and no error."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert warm.answered(b"E", "dev", {"HOME": "/", "AWSVAULT_HOME": "here"}) is None
    assert warm.answered(b"E", "\ud800", {"HOME": "/", "AWSVAULT_HOME": "/there/is/none"}) is None
