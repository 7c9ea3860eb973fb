"""docs/how-to/coding-agents.md: a coding agent reads dev under a policy, is refused prod, and the log says what it did."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from tests.fakes.example import DEV
from tests.home import SCENARIO, failed
from tests.notifications import Notified
from tests.patience import PATIENCE
from tests.trails import log_file
from tests.unit.agent.at_home import stop, unlock, with_agent

pytestmark = pytest.mark.usefixtures("unmeasured")

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
AGENT = "my-agent"  # on the page's list


def page(kind):
    """The first block of a kind on the how-to's page."""
    with open(os.path.join(ROOT, "docs", "how-to", "coding-agents.md"), encoding="utf-8") as file:
        return re.findall(rf"```{kind}\n(.*?)```", file.read(), re.DOTALL)


@pytest.fixture
def settled(home, tmp_path):
    """A home set up as the page says, with an open agent and a desktop."""
    desktop = Notified(tmp_path)
    desktop.notify()
    with_agent(home)
    dev, prod = page("ini")
    source = SCENARIO.partition("[profile dev]")[0]
    home.config(source + dev.replace("awsvault-py export", "{command} export") + prod.replace("awsvault-py export", "{command} export"))  # fmt: skip
    with open(os.path.join(home.root, ".aws", "coding-agent.json"), "w", encoding="utf-8") as file:
        file.write(page("json")[0])
    prompt, names = page("toml")
    home.settings(prompt + names.replace('"claude", "codex", ', ""))  # one of these may run this test
    home.env |= desktop.env
    unlock(home)
    home.env.pop("AWSVAULT_PROMPT")
    home.desktop = desktop
    yield home
    stop(home)
    desktop.end()


def by_agent(home, *words):
    """What a program called as a coding agent runs, through a shell of its own as they all do."""
    path = os.path.join(home.root, AGENT)
    with open(path, "w", opener=lambda p, f: os.open(p, f, 0o700)) as file:
        file.write('#!/bin/sh\nsetsid sh -c \'"$@"; exit $?\' sh "$@"\nexit $?\n')
    return subprocess.run(
        [path, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=home.env, timeout=PATIENCE, check=False
    )  # fmt: skip


def test_a_coding_agent_reads_dev_and_does_not_touch_prod(settled, aws, tmp_path):
    """dev is answered without a question, within the policy; prod is asked about, and a no leaves nothing at AWS."""
    home, desktop = settled, settled.desktop
    done = by_agent(home, "awsvault-py", "export", "dev")
    assert (done.returncode, done.stderr) == (0, "")
    policy = json.loads(aws.calls.of("AssumeRole")[0].parameters["Policy"])
    assert "s3:List*" in policy["Statement"][0]["Action"]
    aws.world.add_user("reader", account=DEV)
    done = by_agent(home, "aws", "sts", "get-caller-identity", "--profile", "dev", "--output", "json")
    assert json.loads(done.stdout)["Account"] == DEV
    done = by_agent(home, "aws", "iam", "list-access-keys", "--user-name", "reader", "--profile", "dev")
    assert done.returncode != 0
    assert "no session policy allows the iam:ListAccessKeys action" in done.stderr

    before = aws.calls.count("AssumeRole")
    with desktop.answering("deny"):
        failed(by_agent(home, "awsvault-py", "export", "prod"), 10, "prod", "you denied it at the desktop")
    assert aws.calls.count("AssumeRole") == before
    text = desktop.shown()[0][4]
    assert "Account: 333333333333" in text
    assert f"This program: {AGENT} (" in text

    with desktop.answering("program", number=2):
        done = by_agent(
            home, "sh", "-c", "awsvault-py export prod >/dev/null && awsvault-py exec prod -- true"
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert home.export("prod")["AccountId"] == "333333333333"  # the user's own
    assert len(desktop.shown()) == 2

    records = json.loads(home.run("log", "--json").stdout)["records"]
    assert {record["profile"] for record in records} == {"dev", "prod"}
    trail = tmp_path / "events.json"
    trail.write_bytes(log_file(aws.calls.of("AssumeRole")))
    events = json.loads(home.run("log", "--cloudtrail", str(trail), "--json").stdout)["events"]
    assert {event["by"] for event in events} == {"awsvault-py"}


def test_the_tools_of_a_coding_agent_get_the_refusal(settled, aws):
    """boto3 in its process tree: the SDK's error has the reason."""
    with settled.desktop.answering("deny"):
        path = os.path.join(settled.root, AGENT)
        with open(path, "w", opener=lambda p, f: os.open(p, f, 0o700)) as file:
            file.write('#!/bin/sh\n"$@"\nexit $?\n')
        script = "import boto3; boto3.Session(profile_name='prod').client('sts').get_caller_identity()"
        done = subprocess.run(
            [path, sys.executable, "-c", script],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, env=settled.env, timeout=PATIENCE, check=False,
        )  # fmt: skip
    assert done.returncode != 0
    assert "you denied it at the desktop" in done.stderr
