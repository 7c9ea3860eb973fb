"""What the shell prompt reads without the parser and without json is the same as with them."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vault import errors
from vault.agent import protocol
from vault.profiles import aws_files
from vault.shell import prompt_data


@pytest.mark.parametrize("name", ["dev", 'a "quoted" name', "Übung"])
def test_the_agent_understands_the_request(name):
    """It is built without json; a plain name and one that must be escaped arrive as they are."""
    request = protocol.parse(prompt_data._question(name))
    assert (request.op, request.fields) == ("ENDS", {"profile": name})


HEADS = ["[profile two]", "[profile  two]", "[ profile two ]", "[profile\ttwo]", '[profile "two"]', "[profile 'two']", "[profile two] ; note"]  # fmt: skip
KEYS = ["awsvault_environment", "Awsvault_Environment", "AWSVAULT_ENVIRONMENT", "awsvault_confirm", "awsvault_read_only"]  # fmt: skip
VALUES = ["production", "Prod", "always", "session", "agent", "never", "true", "yes", "On", "1", "false"]
LINES = st.builds(
    lambda key, before, after, value, note: f"{key}{before}={after}{value}{note}",
    st.sampled_from(KEYS), st.sampled_from(["", " ", "\t"]), st.sampled_from(["", " ", "\t "]),
    st.sampled_from(VALUES), st.sampled_from(["", " ", " ; note", "\t# note", ";note"]),
)  # fmt: skip
BODIES = st.lists(st.one_of(LINES, st.sampled_from(["", "# two]", "region = two", "s3 =\n  awsvault_confirm = always", "include_profile = one", "Include_Profile=two", "awsvault_include_profile = twofold ; note"])), max_size=4)  # fmt: skip
SECTIONS = st.lists(
    st.tuples(st.sampled_from([*HEADS, "[profile twofold]", "[two]", "[profile one]"]), BODIES)
)


@given(SECTIONS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_guard_rails_are_read_as_everywhere_else(tmp_path, sections):
    """In every spelling of the file's grammar: the color of the prompt must not miss a production profile."""
    path = tmp_path / "config"
    path.write_text("".join("\n".join([head, *body, ""]) for head, body in sections))
    path.chmod(0o600)
    env = {"AWS_CONFIG_FILE": str(path), "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    try:
        config = aws_files.load(env, home=str(tmp_path))
        profile = config.profile("two") if "two" in config.profiles else None
    except errors.ConfigError:
        return

    def value(key):
        setting = profile.get(key) if profile is not None else None
        return setting.value if setting is not None else ""

    found = prompt_data.guardrails(env, "two", home=str(tmp_path))
    assert found.environment == value("awsvault_environment")
    assert found.confirm == (value("awsvault_confirm").lower() in ("agent", "always", "session"))
    assert found.read_only == (value("awsvault_read_only").lower() in ("true", "yes", "on", "1"))
