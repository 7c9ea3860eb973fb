"""Which of several keys of a profile each family of tools signs with (tests/clients asks the tools themselves)."""

from __future__ import annotations

import pytest

from tests.unit.profiles.files import config_of
from vault.profiles import sdk_precedence

CLI, SCRIPT, JAVA = sdk_precedence.READERS
ONE, TWO = "AKIAIOSFODNN7EXAMPLE", "AKIAI44QH8DHBEXAMPLE"


def key(key_id):
    return f"aws_access_key_id = {key_id}\naws_secret_access_key = of {key_id}\n"


PROCESS = "credential_process = /opt/tool\n"
IN_CONFIG, IN_CREDENTIALS = "[profile a]\n" + key(ONE), "[a]\n" + key(TWO)


def used(reader, config="", credentials=""):
    found = sdk_precedence.supply(config_of(config, credentials), "a", reader)
    return found and (found.key or found.command)


@pytest.mark.parametrize(
    ("config", "credentials", "by_tool"),
    [
        (IN_CONFIG, "", (ONE, ONE, ONE)),
        (IN_CONFIG, IN_CREDENTIALS, (TWO, TWO, TWO)),
        ("[profile a]\n" + PROCESS, "", ("/opt/tool",) * 3),
        ("[profile a]\n" + PROCESS + key(ONE), "", ("/opt/tool", ONE, "/opt/tool")),
        ("[profile a]\n" + PROCESS, IN_CREDENTIALS, (TWO, TWO, "/opt/tool")),
        ("[profile a]\nregion = us-east-1\n", "", (None, None, None)),
    ],
)
def test_what_each_tool_uses(config, credentials, by_tool):
    """The file of credentials before the process for the CLI; any key for scripts; the process first for Java."""
    assert tuple(used(reader, config, credentials) for reader in (CLI, SCRIPT, JAVA)) == by_tool


def test_the_process_of_the_credentials_file_comes_first():
    """For every tool."""
    both = "[profile a]\n" + PROCESS, "[a]\ncredential_process = /opt/other\n"
    assert {used(reader, *both) for reader in (CLI, SCRIPT, JAVA)} == {"/opt/other"}


def test_halves_in_two_files():
    """Scripts put them together; the CLI stops at half a key, and has no secret to sign with."""
    config, credentials = f"[profile a]\naws_access_key_id = {ONE}\n", "[a]\naws_secret_access_key = s\n"
    found = sdk_precedence.supply(config_of(config, credentials), "a", SCRIPT)
    assert (found.key, found.secret.reveal_text(), found.origin) == (ONE, "s", ("config", 2))
    half = sdk_precedence.supply(
        config_of(f"[profile a]\n{PROCESS}", f"[a]\naws_access_key_id = {ONE}\n"), "a", CLI
    )
    assert (half.key, half.secret, half.command) == (ONE, None, None)


def test_an_empty_half_is_none_for_scripts():
    """They go on to the process."""
    text = f"[profile a]\naws_access_key_id = {ONE}\naws_secret_access_key =\n{PROCESS}"
    assert used(SCRIPT, text) == "/opt/tool"


def test_the_same_credentials_in_another_place():
    """The line does not matter; another secret of the same ID does."""
    one = sdk_precedence.supply(config_of(IN_CONFIG), "a", CLI)
    assert one.same(sdk_precedence.supply(config_of("", "[a]\n" + key(ONE)), "a", CLI))
    other = "[a]\n" + key(ONE).replace("of ", "not of ")
    assert not one.same(sdk_precedence.supply(config_of("", other), "a", CLI))


@pytest.mark.parametrize(
    ("config", "credentials", "tools"),
    [
        (PROCESS + key(ONE), "", "the SDKs of JavaScript and Go"),
        (PROCESS, key(TWO), "the AWS CLI and boto3 and the SDKs of JavaScript and Go"),
        (PROCESS, "", None),
    ],
)
def test_what_keeps_tools_from_the_process(config, credentials, tools):
    """The key, and who takes it in its place."""
    files = config_of("[profile a]\n" + config, "[a]\n" + credentials if credentials else "")
    found = sdk_precedence.before_process(files, "a")
    assert (found and found[1]) == tools
