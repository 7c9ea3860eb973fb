"""Credentials beside an agent: who opens the vault where it opens, locks or is overtaken in between, and disk hits."""

from __future__ import annotations

import json
import os
import socket
import time

from tests.patience import PATIENCE
from tests.unit.conftest import on_disk
from vault.agent_process import systemd_units
from vault.credentials import disk_hit, obtain
from vault.credentials.request import Request
from vault.inspect import explain, key_status, profile_table

NAME = "shared-services"


def fill(desk, profile="dev", **env):
    """The session of a profile in the cache, had without the agent."""
    return obtain.credentials(desk.context(AWSVAULT_AGENT="off", **env), Request(profile), purpose="")


def test_a_socket_that_nobody_listens_at_is_no_agent(desk, home):
    """What a killed agent leaves behind: no hit, no error."""
    home.env.pop("AWSVAULT_AGENT")
    paths = desk.context().paths
    os.makedirs(os.path.dirname(paths.socket), mode=0o700, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(paths.socket)
    fill(desk)
    assert on_disk(home.env, "dev") is None
    now = int(time.time())
    disk_hit.tell_agent(
        desk.context().agent, disk_hit.Hit(b"{}\n", False, "dev", b"f", now, now + 60, None, "1", paths)
    )


def test_a_broken_config_hides_sessions_and_no_keys(desk, beside):
    """status and list show the keys; which sessions belong to them cannot be told until the file is fixed."""
    fill(desk)
    beside.give()
    context = desk.context()
    assert [one.profile for one in profile_table.on_disk(context, None)] == ["dev"]
    desk.home.config("[profile\n")
    assert list(profile_table.on_disk(context, None)) == []
    found = key_status.look(context)
    assert [entry.name for entry in found.entries] == [NAME]
    assert found.shortened == ()


def test_explain_needs_no_vault_that_the_agent_can_open(desk, beside):
    """What lies there is damaged now: explain tells what AWS's files tell, as it does without an agent."""
    beside.give()
    with open(desk.context().paths.vault, "wb") as file:
        file.write(b"no vault")
    told = explain.explain(desk.context(), "dev")
    assert json.dumps(told.document).count("assume-role") == 1
    assert any(explain.UNKNOWN in fact.value for step in told.steps for fact in step.facts)


def test_systemds_units_replace_an_agent_that_runs(desk, beside, tmp_path):
    """The one that was started before ends, so that systemd's own takes the place."""
    units = systemd_units.install(desk.context(XDG_CONFIG_HOME=str(tmp_path / "config")))
    assert len(units) == 2
    assert all(os.path.exists(unit) for unit in units)
    beside.thread.join(PATIENCE)
    assert not beside.thread.is_alive()
