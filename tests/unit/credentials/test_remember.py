"""Edits that a file's size and times do not show: nothing that was learned before one is answered after it."""

import pytest

from tests.fakes.example import SERIAL, role
from tests.patience import PATIENCE
from tests.unit.conftest import on_disk
from vault import warm
from vault.agent.link import AgentLink
from vault.aws import credential_json
from vault.credentials import disk_hit, obtain
from vault.credentials.request import Request
from vault.system.paths import fingerprint

DEV = "[profile dev]\nawsvault_role_arn = {}\nawsvault_source_profile = shared-services\n"
SOURCE = f"[profile shared-services]\nregion = us-east-1\nmfa_serial = {SERIAL}\n"
SECOND = 10**9


@pytest.fixture
def ext3(desk, beside, aws, monkeypatch):
    """A user at work on a file system of one-second times, with a clock that stands until it is advanced."""
    monkeypatch.setitem(warm.dial.__kwdefaults__, "answer", PATIENCE)
    monkeypatch.setattr(warm, "CONNECT", PATIENCE)
    aws.world.clock.freeze(aws.world.now() // 30 * 30 + 5.25)  # so that no code has to wait for its step
    beside.give()
    person = Person(desk, beside, aws)
    real = warm._identity

    def coarse(path):
        parts = real(path).split(b".")
        return b".".join((*parts[:3], *[b"%d" % (int(person.edited) * SECOND)] * len(parts[3:])))

    monkeypatch.setattr(warm, "_identity", coarse)
    return person


class Person:
    """Who edits the config and asks for dev."""

    def __init__(self, desk, beside, aws):
        self.desk, self.beside, self.clock, self.world = desk, beside, aws.world.clock, aws.world
        self.edited = 0.0

    def edit(self, name):
        """Let dev lead to the role ``name``; the file is written in place, and keeps its size."""
        self.desk.home.config(DEV.format(role(name)) + SOURCE)
        self.edited = self.clock.now()

    def ask(self, *, agent=True):
        """The role that an export is given, and by whom: the agent, the disk or the whole way."""
        self.beside.clock.unix = self.clock.now()
        env = self.desk.context().env
        if not agent:
            self.beside.client().ask("DROP_SESSIONS", profile="")
        way, line = "agent", warm.ask(["export", "dev"], env)
        if line is None:
            found = on_disk(env, "dev")
            if found is not None:
                way, line = "disk", found.line
                disk_hit.tell_agent(AgentLink.of(env, found.paths), found)
            else:
                way, line = "whole", self.whole()
        return self.world.sessions[credential_json.fields(line)["AccessKeyId"]].arn.split("/")[1], way

    def whole(self):
        context = self.desk.context()
        obtained = obtain.obtain(context, Request("dev"), purpose="", use="export")
        obtained.access.keys.close()
        return obtained.issued.line


@pytest.mark.parametrize("agent", [True, False], ids=["agent", "disk"])
def test_an_edit_of_equal_length_in_the_second_of_an_export_is_seen(ext3, agent):
    """The second role is handed out, not the first again; once the second is over, answers are warm as ever."""
    ext3.edit("LongRole")
    assert ext3.ask(agent=agent) == ("LongRole", "whole")
    ext3.clock.advance(0.25)
    before = fingerprint(ext3.desk.context().env, paths=ext3.desk.context().paths)
    ext3.edit("OpenRole")
    assert fingerprint(ext3.desk.context().env, paths=ext3.desk.context().paths) == before  # nothing shows it
    assert ext3.ask(agent=agent) == ("OpenRole", "whole")
    ext3.clock.advance(3)
    assert ext3.ask(agent=agent) == ("OpenRole", "whole")
    assert ext3.ask(agent=agent) == ("OpenRole", "agent" if agent else "disk")


def test_a_refresh_keeps_nothing_under_it_either(ext3):
    """The new session is in the cache; whose it is must be looked up."""
    ext3.edit("LongRole")
    ext3.clock.advance(3)
    assert ext3.ask() == ("LongRole", "whole")
    ext3.clock.advance(3600 - 960 - 100)
    ext3.edit("LongRole")
    got = obtain.refresh_ahead(ext3.desk.context(AWSVAULT_AGENT="off"), "dev")
    assert got is not None
    assert got.remember is None
    assert ext3.ask(agent=False) == ("LongRole", "whole")


def test_it_takes_no_other_answer_than_before(ext3):
    """An export in the same second is what it was, from the cache: no call is made for it again."""
    ext3.edit("LongRole")
    first = ext3.desk.ask("dev")
    calls = len(ext3.desk.aws.calls)
    assert ext3.desk.ask("dev").line == first.line
    assert len(ext3.desk.aws.calls) == calls
    assert first.remember is None
    ext3.clock.advance(3)
    assert ext3.desk.ask("dev").remember is not None
