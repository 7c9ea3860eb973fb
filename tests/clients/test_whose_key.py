"""Which key each real tool signs with where a profile has several, by ``vault/profiles/sdk_precedence.py`` and after import; indented files."""

from __future__ import annotations

import itertools
import json
import os

import pytest

from tests.clients.tools import TOOLS
from vault.profiles import aws_files, sdk_precedence

pytestmark = [pytest.mark.usefixtures("unmeasured"), pytest.mark.timeout(600)]

FIRST = ("AKIAFIRSTFIRSEXAMPLE", "FIRSTXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
SECOND = ("AKIASECONDSECEXAMPLE", "SECONDUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
PROGRAM = ("AKIAPROGRAMPREXAMPLE", "PROGRAMtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
USERS = {FIRST: "first", SECOND: "second", PROGRAM: "program"}
FAMILY = {
    "cli-v1": 0, "cli-v2": 0, "boto3": 0, "javascript": 1, "go": 1, "java": 2, "rust": 2,
}  # fmt: skip


TELLING = [
    "p4",
    "p7",
    "p10",
]  # a program in the config file beside a key in the credentials file, in its own, in both


def key(pair):
    return f"aws_access_key_id = {pair[0]}\naws_secret_access_key = {pair[1]}\n"


@pytest.fixture
def users(home, aws):
    """Three users at AWS, and a program that prints the key of one."""
    for pair, name in USERS.items():
        aws.world.add_user(name, account="111111111111", key=pair)
    path = os.path.join(home.root, "program")
    answer = {"Version": 1, "AccessKeyId": PROGRAM[0], "SecretAccessKey": PROGRAM[1]}
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o755)) as file:
        file.write(f"#!/bin/sh\necho '{json.dumps(answer)}'\n")
    return path


def credentials(home, text):
    path = os.path.join(os.path.dirname(home.config_path), "credentials")
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(text)


def whose(tool, home, names, url):
    """The user that the tool is under each profile; Go says on stderr which key it took before which."""
    runs = [names] if tool.several else [[name] for name in names]
    done = [tool.run(home, first, url, *more) for first, *more in runs]
    assert all(one.returncode == 0 for one in done), [one.stderr for one in done]
    answers = (
        [json.loads(one.stdout) for one in done]
        if not tool.several
        else map(json.loads, done[0].stdout.splitlines())
    )
    return {name: who["Arn"].rpartition("/")[2] for name, who in zip(names, answers, strict=True)}


def test_the_order_of_each_tool(users, tool, home, aws):
    """Every pair of places with a key, and each with a program in either file."""
    reader = sdk_precedence.READERS[next(n for name, n in FAMILY.items() if TOOLS[name] is tool)]
    config, creds = "", ""
    for at, (in_config, in_credentials, process) in enumerate(
        itertools.product((None, SECOND), (None, FIRST), ("none", "config", "credentials"))
    ):
        call = f"credential_process = {users}\n"
        config += f"[profile p{at}]\nregion = us-east-1\n" + (key(in_config) if in_config else "")
        config += call if process == "config" else ""
        creds += f"[p{at}]\n" + (key(in_credentials) if in_credentials else "")
        creds += call if process == "credentials" else ""
    home.config(config)
    credentials(home, creds)
    read = aws_files.load(home.env, home=home.root)
    wanted = {}
    for name in read.profiles:
        found = sdk_precedence.supply(read, name, reader)
        if found is not None:
            wanted[name] = next(user for pair, user in USERS.items() if pair[0] == (found.key or PROGRAM[0]))
    assert len(wanted) == 11
    names = list(wanted) if tool.several else TELLING  # a start of the AWS CLI costs a second or more
    assert whose(tool, home, names, aws.url) == {name: wanted[name] for name in names}


@pytest.mark.parametrize("name", ["boto3", "javascript", "go", "java", "rust"])
def test_import_uncovers_no_other_key(users, name, home, aws):
    """A second key in the config file, a program beside the key: each tool is the same user after import."""
    home.config(
        f"[default]\nregion = us-east-1\n{key(SECOND)}"
        f"[profile served]\nregion = us-east-1\ncredential_process = {users}\n"
        f"[profile mine]\nregion = us-east-1\n{key(SECOND)}credential_process = {users}\n"
    )
    credentials(home, f"[default]\n{key(FIRST)}[served]\n{key(FIRST)}")
    tool, names = TOOLS[name], ["default", "served", "mine"]
    before = whose(tool, home, names, aws.url)
    done = home.run("import", "--yes")
    assert done.returncode == 1, done.stderr
    assert "in plaintext: served, mine" in done.stderr
    assert whose(tool, home, names, aws.url) == before
    with open(home.config_path, encoding="utf-8") as file:
        assert file.read().count(SECOND[1]) == 1


@pytest.mark.parametrize("name", ["boto3", "javascript", "go", "java", "rust"])
def test_a_file_that_is_indented_throughout(users, name, home, aws):
    """As we read it where the tool does; Java and Rust refuse the file, as our note says."""
    rows = [
        "[default]",
        "region = us-east-1",
        *key(FIRST).splitlines(),
        "[profile other]",
        "region = us-west-2",
        *key(SECOND).splitlines(),
    ]
    home.config("".join(f"    {row}\n" for row in rows))
    read = aws_files.load(home.env, home=home.root)
    (note,) = read.notes
    names = {"default": "first", "other": "second"}
    if name in ("java", "rust"):
        assert name.capitalize() in note.message
        assert TOOLS[name].run(home, "default", aws.url).returncode != 0
    else:
        assert whose(TOOLS[name], home, list(names), aws.url) == names
    assert [sdk_precedence.supply(read, n, sdk_precedence.READERS[0]).key for n in names] == [
        FIRST[0],
        SECOND[0],
    ]
