"""config.toml: every key, its bounds, and the line of what is wrong."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault import limits, settings
from vault.errors import ConfigError, UnsafeFile
from vault.settings import Settings


def parsed(text: str) -> Settings:
    return settings.parse(text.encode(), path="config.toml")


def test_no_file_is_the_defaults(tmp_path):
    """config.toml is optional."""
    assert settings.load(str(tmp_path / "none.toml"), env={}) == Settings()


def test_every_setting_is_read():
    """All settings, each with a value that differs from its default."""
    got = parsed(
        'agent = "off"\nagent_idle = "1h30m"\nagent_max = 36000\nallow_http = ["STS.example.internal:8080"]\n'
        'confirm_agents = ["claude", "my-agent"]\nconfirm_for = "program"\n'
        'kernel_keyring = true\nkeyring = "off"\nlock_on_suspend = false\nlog = false\n'
        'passphrase_command = "pass show \'my vault\'"\npinentry = "/usr/bin/pinentry-qt"\nprompt = "tty"\n'
        'role_duration = "2h"\nsession_duration = "36h"\nsso_browser = "firefox --new-window %s"\nsso_flow = "device"\n'
        'sync = "manual"\ntrusted_hosts = ["Sts.example.internal", "[::1]:4566"]\n'
    )
    assert got == Settings(
        agent="off",
        agent_idle=5_400,
        agent_max=36_000,
        allow_http=("sts.example.internal:8080",),
        confirm_agents=("claude", "my-agent"),
        confirm_for="program",
        kernel_keyring=True,
        keyring="off",
        lock_on_suspend=False,
        log=False,
        passphrase_command=("pass", "show", "my vault"),
        pinentry="/usr/bin/pinentry-qt",
        prompt="tty",
        role_duration=7_200,
        session_duration=129_600,
        sso_browser=("firefox", "--new-window", "%s"),
        sso_flow="device",
        sync="manual",
        trusted_hosts=("sts.example.internal", "[::1]:4566"),
    )
    assert set(got._asdict()) == set(settings._CHECKS)


def test_agent_idle_follows_a_shorter_agent_max():
    """If only agent_max is set, the longer default of agent_idle was not asked for."""
    assert parsed("agent_max = '1h'\n").agent_idle == 3_600
    assert parsed("agent_max = '8h'\n").agent_idle == limits.AGENT_IDLE


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("# x\n\nagnet = 'off'\n", 3, 'unknown setting "agnet"'),
        ("agent = 'on'\n", 1, 'agent must be "auto" or "off", not "on"'),
        ("log = 1\n", 1, "log must be true or false, not 1"),
        ("log = true\nlog = false\n", 2, "overwrite"),
        ("agent = 'off'\nagent_idle = '4 hours'\n", 2, "agent_idle must be a time from 60"),
        ("agent_idle = 10\n", 1, "agent_idle must be a time from 60"),
        ("agent_idle = true\n", 1, "agent_idle must be a time from 60"),
        ("session_duration = '37h'\n", 1, "session_duration must be a time from 900 to 129600"),
        ("role_duration = 899\n", 1, "role_duration must be a time from 900 to 43200"),
        (
            "agent_idle = '5h'\nagent_max = '4h'\n",
            1,
            "agent_idle (18000 s) is longer than agent_max (14400 s)",
        ),
        ('passphrase_command = "pass \'x"\n', 1, "closed quotes"),
        ("passphrase_command = []\n", 1, "passphrase_command must be a command"),
        ("passphrase_command = ['']\n", 1, "passphrase_command must be a command"),
        ("allow_http = ['http://x/']\n", 1, "allow_http must be a list of host names"),
        ("allow_http = 'x'\n", 1, "allow_http must be a list of host names"),
        ("trusted_hosts = ['https://x']\n", 1, "trusted_hosts must be a list of host names"),
        ("trusted_hosts = ['*.example']\n", 1, "trusted_hosts must be a list of host names"),
        ("trusted_hosts = ['']\n", 1, "trusted_hosts must be a list of host names"),
        ("trusted_hosts = true\n", 1, "trusted_hosts must be a list of host names"),
        ("pinentry = ''\n", 1, "pinentry must be the name or path"),
        ("prompt = 'ask'\n", 1, "prompt must be"),
        ("confirm_for = 'hours'\n", 1, "confirm_for must be"),
        ("confirm_agents = 'claude'\n", 1, "confirm_agents must be a list of names"),
        ("confirm_agents = ['/usr/bin/claude']\n", 1, "confirm_agents must be a list of names"),
        ("confirm_agents = ['']\n", 1, "confirm_agents must be a list of names"),
        ("confirm_agents = [1]\n", 1, "confirm_agents must be a list of names"),
        (f"confirm_agents = {['x'] * 65}\n", 1, "confirm_agents must be a list of names"),
        ("agent = \n", 1, "Invalid value"),
        ("a = 1\n[profile dev]\n", 2, ""),
        ("log = true\n[profile]\nx = 1\n", 2, 'unknown setting "profile"'),
        ("agent = 'o\x1bff'\n", 1, ""),
        ("agent", 1, ""),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text, line, said):
    """A wrong key, value or syntax gives file:line and the value; a path alone is not enough."""
    with pytest.raises(ConfigError) as caught:
        parsed(text)
    assert caught.value.message.startswith(f"config.toml:{line}: ")
    assert said in caught.value.message
    assert "\x1b" not in caught.value.message


def test_a_text_names_the_path_of_the_file():
    """Where only the name is; not in another path, and not for another file."""
    path = "/home/a b/config.toml"
    assert settings.with_place("in config.toml, (config.toml)", path) == f"in {path}, ({path})"
    for other in ("/etc/config.toml", path):
        assert settings.with_place(other, path) == other


def test_a_near_setting_is_offered():
    """The hint names the setting that was meant."""
    with pytest.raises(ConfigError) as caught:
        parsed('passphrase_comand = "x"\n')
    assert caught.value.hint == 'did you mean "passphrase_command"?'


def test_bytes_that_are_not_utf8_are_named_by_line():
    """The error says that the file has another encoding."""
    with pytest.raises(ConfigError, match=r"config\.toml:2: not UTF-8 text"):
        settings.parse(b"log = true\nagent = '\xe9'\n", path="config.toml")


@given(st.binary(max_size=200))
@hypothesis.settings(max_examples=300, deadline=None)
def test_any_bytes_give_settings_or_a_config_error(raw):
    """No input raises anything else."""
    try:
        settings.parse(raw, path="c")
    except ConfigError:
        return


@given(st.integers(1, 604_800))
@hypothesis.settings(max_examples=100, deadline=None)
def test_a_duration_reads_the_same_in_each_form(seconds):
    """Seconds, and days, hours, minutes and seconds written out, mean the same."""
    d, h, m, s = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60, seconds % 60
    written = "".join(f"{n}{u}" for n, u in ((d, "d"), (h, "h"), (m, "m"), (s, "s")) if n)
    assert (
        settings.duration(seconds) == settings.duration(str(seconds)) == settings.duration(written) == seconds
    )


@pytest.mark.parametrize(
    "text", ["", "h", "1h1h", "1m1h", "1.5h", "-1", "1h30", "٣h", "1 h", "9" * 13, None, 1.5]
)
def test_what_is_no_time_is_refused(text):
    """Only falling units, each once; ASCII digits."""
    with pytest.raises(ValueError, match="a time from"):
        settings.duration(text)


@pytest.mark.parametrize(
    ("env", "key", "value"),
    [
        ({"AWSVAULT_AGENT": "off"}, "agent", "off"),
        ({"AWSVAULT_KEYRING": "off"}, "keyring", "off"),
        ({"AWSVAULT_PROMPT": "pinentry"}, "prompt", "pinentry"),
        ({"AWSVAULT_PROMPT": ""}, "prompt", "auto"),
        ({"CI": "true"}, "prompt", "none"),
        ({"CI": "true", "AWSVAULT_PROMPT": "tty"}, "prompt", "tty"),
    ],
)
def test_the_environment_overrides_the_file(env, key, value, tmp_path):
    """A variable that is set wins; an empty one counts as unset; in CI there are no prompts."""
    assert settings.load(str(tmp_path / "none"), env=env)._asdict()[key] == value


def test_a_wrong_variable_is_named(tmp_path):
    """The variable, its value, and the allowed values."""
    with pytest.raises(ConfigError, match='AWSVAULT_AGENT is "on", not one of auto, off'):
        settings.load(str(tmp_path / "none"), env={"AWSVAULT_AGENT": "on"})


def test_a_file_that_all_may_write_is_refused(tmp_path):
    """config.toml holds a command, so other users must not write it."""
    path = tmp_path / "config.toml"
    path.write_text("log = true\n")
    path.chmod(0o666)
    with pytest.raises(UnsafeFile):
        settings.load(str(path), env={})


def test_a_key_that_is_written_with_escapes_has_a_line_all_the_same():
    """Its line cannot be found by its name: the error names the first line, and nothing else fails."""
    with pytest.raises(ConfigError, match=r"config\.toml:1: prompt"):
        parsed('log = true\n"pr\\u006fmpt" = "maybe"\n')
