"""What an error says of its profile: the name before the message, and commands in the hint that can be copied."""

from __future__ import annotations

import pytest

from tests.unit.profiles.files import KEYS, SCENARIO, chain_of
from vault import errors
from vault.credentials import hints

WRONG = ("InvalidClientTokenId", "SignatureDoesNotMatch")


@pytest.fixture
def dev():
    return chain_of("dev", SCENARIO, entries=("shared-services",))


def refused(code, hint="run: awsvault-py explain PROFILE"):
    error = errors.Refused("refused", hint=hint)
    error.code = code
    return error


def named(error, chain):
    hints.name_profile(error, chain)
    return error


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("explain PROFILE", "explain dev"),
        ("explain --live PROFILE", "explain --live dev"),
        ("login PROFILE", "login dev"),
        ("add NAME", "add shared-services"),
        ("add --replace NAME", "add --replace shared-services"),
        ("mfa add NAME", "mfa add shared-services"),
        ("list", "list"),
    ],
)
def test_the_command_of_a_hint(dev, words, said):
    """Has the profile, or the entry whose key it begins with."""
    assert hints.with_names(f"run: awsvault-py {words}", dev) == f"run: awsvault-py {said}"


def test_an_entry_is_named_only_where_there_is_one():
    """A key in a file is not replaced by `add`."""
    chain = chain_of("a", "[profile a]\nregion = us-east-1\n" + KEYS)
    assert (
        hints.with_names("run: awsvault-py add --replace NAME", chain)
        == "run: awsvault-py add --replace NAME"
    )


def test_what_aws_refuses_is_about_the_profile(dev):
    """In the message, and in the hint's command."""
    error = named(refused("AccessDenied"), dev)
    assert (error.message, error.hint) == ("profile dev: refused", "run: awsvault-py explain dev")


@pytest.mark.parametrize("code", [*WRONG, "ExpiredToken"])
def test_a_key_that_is_in_a_file(code):
    """It is corrected there: the hint has the line."""
    chain = chain_of("a", "[profile a]\nregion = us-east-1\n" + KEYS)
    hint = named(refused(code), chain).hint
    assert "at config:3" in hint
    assert ("expired" in hint) == (code == "ExpiredToken")


@pytest.mark.parametrize("code", WRONG)
def test_a_key_that_is_in_the_environment(code):
    """It is corrected there."""
    chain = chain_of(
        "a",
        "[profile a]\nregion = us-east-1\nrole_arn = arn:aws:iam::222222222222:role/R\ncredential_source = Environment\n",
    )
    assert "fix the key in the environment" in named(refused(code), chain).hint


@pytest.mark.parametrize("code", WRONG)
def test_a_key_that_is_in_the_vault(dev, code):
    """The error's own hint, with the entry."""
    error = named(refused(code, "run: awsvault-py add --replace NAME"), dev)
    assert error.hint == "run: awsvault-py add --replace shared-services"


def test_an_error_of_the_files_names_the_profile_once(dev):
    """Unless its message does already."""
    assert named(errors.ConfigError("no region"), dev).message == "profile dev: no region"


@pytest.mark.parametrize("kind", [errors.ConfigError, errors.Refused, errors.NotSignedIn])
def test_a_message_that_names_the_profile_is_left_as_it_is(dev, kind):
    """A sign-in that is missing, for example. A profile whose name begins alike is another one."""
    more = {"sign_in": "corp"} if kind is errors.NotSignedIn else {}
    for message in ("config:2: profile dev uses it", "config:2: profile dev: x", "config:2: profile dev"):
        assert named(kind(message, hint="h", **more), dev).message == message
    other = "config:2: profile dev-2 uses it"
    assert named(kind(other, hint="h", **more), dev).message == f"profile dev: {other}"
    assert named(errors.ConfigError("profile dev has no region"), dev).message == "profile dev has no region"


@pytest.mark.parametrize("kind", [errors.UnsafeFile, errors.Locked, errors.NotFound])
def test_other_errors_are_not_about_the_profile(dev, kind):
    """A file that others can write concerns every profile."""
    assert named(kind("what it is"), dev).message == "what it is"
