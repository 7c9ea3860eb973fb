"""Flows in this process: a context whose clock is the stand-in's, so that a test moves both at once."""

import pytest

from tests.home import PASSPHRASE
from tests.patience import PATIENCE
from tests.quick import read_models_once
from tests.unit.agent.serving import Running
from tests.vaults import CHEAP, soon
from vault.agent.client import Agent
from vault.agent.link import AgentLink, Hello
from vault.agent_process import vault_answers
from vault.aws import hosts
from vault.context import Context
from vault.credentials import cached, disk_hit, obtain, planned
from vault.credentials.request import Refetch, Request
from vault.secret import Secret
from vault.store import vault
from vault.store.slots.passphrase import PassphraseSlot
from vault.system.clock import Deadline
from vault.system.paths import from_env
from vault.unlocking import key_handover
from vault.unlocking.keys import OpenedKeys


class SharedClock:
    """The stand-in's clock and this one move together: sleeping moves both on."""

    def __init__(self, world):
        self.world = world
        self.slept = 0.0

    def time(self):
        return self.world.now()

    def monotonic(self):
        return self.world.now()

    def sleep(self, seconds):
        self.slept += seconds
        self.world.clock.advance(seconds)


class Desk:
    """Everything that one run needs, made again for each ``ask`` as each process would."""

    def __init__(self, home, aws):
        self.home, self.aws = home, aws
        self.clock = SharedClock(aws.world)
        self.k_main = None

    def context(self, **env):
        merged = self.home.with_env(env)
        merged.pop("AWSVAULT_PASSPHRASE", None)
        return Context(
            env=merged,
            paths=from_env(merged),
            clock=self.clock,
            deadline=Deadline.after(50, clock=self.clock),
            passphrase=Secret(PASSPHRASE),
        )

    def keys(self, context):
        try:
            opened = vault.open_with_main_key(context.paths, self.k_main) if self.k_main is not None else None
        except vault.KeysChanged:
            opened = None
        if opened is None:
            opened = vault.open_with_passphrase(context.paths, Secret(PASSPHRASE), deadline=soon())
            self.k_main = opened.k_main
        return OpenedKeys(opened, paths=context.paths, clock=context.clock)

    def ask(self, profile, *, refetch=None, env=None, **request):
        context = self.context(**(env or {}))
        keys = self.keys(context)
        return obtain.issue(
            context, Request(profile, refetch=refetch or Refetch(), **request), keys, planned.load(context)
        )

    def cache(self):
        context = self.context()
        return cached.open_cache(context, self.keys(context))

    def credentials(self, profile):
        return obtain.credentials(self.context(), Request(profile), purpose="")


@pytest.fixture(scope="session", autouse=True)
def models_read_once():
    """botocore's models."""
    read_models_once()


@pytest.fixture
def awss_own(monkeypatch):
    """The stand-in counts as a host of AWS's own: what it lacks is gone."""
    monkeypatch.setattr(hosts, "is_aws_host", lambda *_args, **_more: True)


@pytest.fixture
def desk(home, aws):
    home.scenario()
    home.make_vault()
    home.settle()
    return Desk(home, aws)


@pytest.fixture
def bench(desk, home, aws):
    """A desk of the example's user that rotates; a module with another one has its own."""
    from tests.unit.benches import Bench

    return Bench(home, aws)


def on_disk(env, profile):
    """The disk hit of ``export PROFILE`` in this environment, or None."""
    paths = from_env(env)
    return disk_hit.find(env, paths, profile, AgentLink.of(env, paths))


def hand_over(context, opened, agent, **more):
    """Keys for a given agent, as a run hands them to its own."""
    return key_handover.hand_over(context, opened, agent=agent, hello=Hello.of(agent.ask("HELLO")), **more)


class Beside(Running):
    """An agent in a thread, beside the desk's home: locked, until ``give`` hands it the keys of the desk's vault."""

    def __init__(self, desk):
        super().__init__(
            desk.home.awsvault_home,
            answerer=lambda page: vault_answers.answerer(self.paths, page, self.state),
        )
        self.desk = desk
        self.clock.unix = desk.clock.time()
        desk.home.env.pop("AWSVAULT_AGENT")

    def give(self):
        context = self.desk.context()
        opened = self.desk.keys(context).opened
        assert hand_over(context, opened, self.client(), person=True)

    def lock(self, *, hold=False):
        assert self.client().ask("LOCK", hold=hold)["ok"]


@pytest.fixture
def beside(desk, monkeypatch):
    """The desk's agent. Its clients are as patient as a busy machine needs."""
    for function in (AgentLink.__init__, Agent.reach.__func__):
        monkeypatch.setitem(function.__kwdefaults__, "answer", PATIENCE)
    with Beside(desk) as running:
        yield running


@pytest.fixture
def cheaply(monkeypatch):
    """Slots of a passphrase are made in milliseconds."""
    given = PassphraseSlot.__init__
    monkeypatch.setattr(given, "__kwdefaults__", {**given.__kwdefaults__, "kdf": CHEAP})
