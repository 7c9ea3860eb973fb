"""Which line decides whether the key's session is made, and how long it lasts."""

import pytest

from tests.unit.profiles.files import DEV, PROD, SCENARIO, chain_of


@pytest.mark.parametrize(
    ("asked", "between", "source", "session", "line"),
    [
        ("", "", "", True, None),
        ("off", "", "", False, 2),
        ("", "off", "", False, 2),
        ("", "", "off", False, 2),
        ("off", "", "on", False, 2),
        ("on", "", "off", True, 2),
        ("", "on", "off", True, 2),
        ("on", "off", "off", True, 2),
    ],
)
def test_the_nearest_line_decides_whether_a_session_is_made(asked, between, source, session, line):
    """On the profile that is asked for as on the source, and between: what stands nearest to the asker counts."""
    lines = {"a": asked, "b": between, "k": source}
    text = "".join(
        f"[profile {name}]\n" + (f"awsvault_session = {value}\n" if value else "") + rest
        for (name, value), rest in zip(
            lines.items(),
            (f"role_arn = {PROD}\nsource_profile = b\n", f"role_arn = {DEV}\nsource_profile = k\n", ""),
            strict=True,
        )
    )
    chain = chain_of("a", text, entries=("k",))
    assert chain.session is session
    decided = next((name for name, value in lines.items() if value), None)
    expected = text.splitlines().index(f"[profile {decided}]") + line if decided else None
    assert (chain.session_origin.line if chain.session_origin is not None else None) == expected


def test_a_command_between_decides_too():
    """A profile that is followed in place of its command is taken as the command says."""
    text = (
        f"[profile a]\nrole_arn = {PROD}\nsource_profile = b\n"
        "[profile b]\ncredential_process = awsvault-py export --no-session k\n[profile k]\n"
    )
    chain = chain_of("a", text, entries=("k",))
    assert (chain.session, chain.session_origin.line) == (False, 5)
    assert chain_of("b", text, entries=("k",)).session  # asked for itself, without the option


def test_the_nearest_line_decides_how_long_it_lasts():
    """awsvault_session_duration of the profile that is asked for comes before the source's."""
    text = SCENARIO.replace("region = us-east-1\n", "awsvault_session_duration = 4h\n")
    text = text.replace("region = us-west-2\n", "awsvault_session_duration = 1h\n")
    assert chain_of("dev", text, entries=("shared-services",)).session_duration == 3600
    assert chain_of("prod", text, entries=("shared-services",)).session_duration == 14_400
