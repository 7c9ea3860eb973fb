"""What explain knows without a prompt: the stored device, cached sessions, and which settings count."""

from __future__ import annotations

import pytest

from tests.fakes.example import DEVELOPER, SERIAL
from tests.unit.agent.serving import TIMES
from tests.unit.inspect.chains import BARE, KEYS, facts, locked
from vault import errors
from vault.credentials import obtain
from vault.credentials.request import Request
from vault.inspect.explain import UNKNOWN, explain
from vault.secret import Secret


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"role_arn = {DEVELOPER}\nsource_profile = b\n[profile b]\nrole_arn = {DEVELOPER}\nsource_profile = a\n",
         "config:6: profile loop: a -> b -> a"),
        (f"role_arn = {DEVELOPER}\nsource_profile = gone\n", "config:3: profile a names source_profile 'gone'"),
        (f"role_arn = {DEVELOPER}\ncredential_source = ec2instancemetadata\n", "config:3: credential_source"),
        (f"role_arn = {DEVELOPER}\nsource_profile = a\nduration_seconds = ten\n" + KEYS, "config:4: duration_seconds must be a number of seconds, not 'ten'"),
        ("region = us_east_1\n" + KEYS, "config:2: region 'us_east_1' is not a valid region name"),
    ],
)  # fmt: skip
def test_mistakes_have_their_line(at_home, text, said):
    """A broken chain is an error with its file and line."""
    with pytest.raises(errors.ConfigError) as caught:
        explain(at_home("[profile a]\n" + text), "a")
    assert said in caught.value.message


def test_the_vault_is_opened_if_that_needs_no_prompt(desk, home):
    """A passphrase is available: explain knows whether the key exists and which device is stored with it."""
    home.config(BARE)
    found = explain(desk.context(), "dev")
    assert "assumed" not in facts(found.steps[0])
    assert facts(found.steps[1])["device"] == (SERIAL, "stored with the key")
    assert facts(found.steps[1])["session"][0] == "not cached"


def test_a_missing_key_is_an_error(desk, home):
    """explain looked into the vault, so the missing key is an error, as in an export."""
    home.config("[profile other]\nregion = us-east-1\n")
    with pytest.raises(errors.ConfigError, match="has no credentials"):
        explain(desk.context(), "other")
    assert "assumed" in facts(explain(locked(desk), "other").steps[0])


def test_a_wrong_passphrase_counts_as_a_locked_vault(desk):
    """The chain is shown as for a locked vault."""
    context = locked(desk)
    context.passphrase = Secret("wrong horse battery staple")
    assert "assumed" in facts(explain(context, "dev").steps[0])


def test_without_a_vault_there_is_no_device(at_home):
    """Nothing is locked, so nothing is unknown."""
    assert facts(explain(at_home(BARE), "dev").steps[1])["MFA"][0].startswith("none")


def test_the_device_that_is_stored_with_the_key(desk, beside, home):
    """No file names it: the agent does, so explain says what an export would do."""
    home.config(BARE)
    beside.give()
    found = explain(desk.context(), "dev")
    assert [step.title for step in found.steps][1] == "MFA session of the key"
    assert facts(found.steps[1])["device"] == (SERIAL, "stored with the key")
    assert facts(found.steps[1])["session"][0] == "not cached"


def test_a_cached_session_is_shown_without_the_vault(desk, beside):
    """The agent has only the cache key: explain shows the expiry of the profile's own session, and nothing of the key."""
    obtain.credentials(desk.context(AWSVAULT_AGENT="off"), Request("dev"), purpose="")
    opened = desk.keys(desk.context()).opened
    beside.client().unlock(
        vault_id=opened.vault_id, main=None, cache=opened.cache_key, times=TIMES, person=True
    )
    key, role = (facts(step)["session"][0] for step in explain(locked(desk), "dev").steps[1:])
    assert key == UNKNOWN
    assert role.startswith("cached, expires in 5")
    (other,) = (facts(step)["session"][0] for step in explain(locked(desk), "prod").steps[2:])
    assert other == "not cached"


def settings_of(found):
    return [(fact.name, fact.value, fact.place) for fact in found.facts if fact.name != "region"]


def test_the_line_that_decides_about_a_session(at_home):
    """The role's own line counts; the source's is shown as overridden. What does not count for the role is not shown."""
    text = (
        "[profile k]\nawsvault_credential = k\nawsvault_session = on\nawsvault_environment = sandbox\n"
        f"[profile a]\nrole_arn = {DEVELOPER}\nsource_profile = k\nawsvault_session = off\n"
    )
    found = explain(at_home(text), "a")
    assert settings_of(found) == [
        ("awsvault_session", "off", "~/.aws/config:8"),
        ("awsvault_session", "on (overridden by ~/.aws/config:8)", "~/.aws/config:3"),
        ("awsvault_credential", "k", "~/.aws/config:2"),
    ]
    assert [item["type"] for item in found.document["chain"]] == ["access-key", "assume-role"]
    assert ("awsvault_environment", "sandbox", "~/.aws/config:4") in settings_of(explain(at_home(text), "k"))


def test_no_session_in_a_command_is_shown(at_home):
    """--no-session in the source's own command decides, like an awsvault_session line."""
    text = (
        "[profile k]\ncredential_process = awsvault-py export k --no-session\n"
        f"[profile a]\nrole_arn = {DEVELOPER}\nsource_profile = k\n"
    )
    assert settings_of(explain(at_home(text), "a")) == [
        ("--no-session", "in credential_process", "~/.aws/config:2")
    ]
    text += "[profile b]\nrole_arn = {DEVELOPER}\nsource_profile = c\n"
    text += "[profile c]\ncredential_process = awsvault-py export --no-session d\n"
    text += "[profile d]\nawsvault_credential = d\nawsvault_session = on\n"
    assert settings_of(explain(at_home(text), "b")) == [
        ("awsvault_session", "on (overridden by ~/.aws/config:10)", "~/.aws/config:13"),
        ("awsvault_credential", "d", "~/.aws/config:12"),
        ("--no-session", "in credential_process", "~/.aws/config:10"),
    ]


def test_a_session_setting_without_a_session(at_home):
    """A key in a file has no MFA session: the line is shown with this reason."""
    text = "[profile a]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\nawsvault_session = off\n"
    ((name, value, _),) = settings_of(explain(at_home(text), "a"))
    assert (name, value[:3]) == ("awsvault_session", "off")
    assert "no effect" in value
