"""The way to sign in: what the command line, the sso-session and config.toml say about it."""

from __future__ import annotations

import pytest

from tests.home import failed
from tests.signins import browser, config, use_identity_center, visits

pytestmark = pytest.mark.usefixtures("unmeasured")


@pytest.fixture
def home(home, aws):
    use_identity_center(home, aws)
    return home


def in_section(home, *lines):
    home.config(
        config().replace("sso_region = us-east-1\n", "\n".join(("sso_region = us-east-1", *lines, "")), 1)
    )


def login(home, *more, **env):
    done = home.run("sso", "login", "corp", *more, **env)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_config_toml_chooses_the_browser(home):
    """Also over SSH, where auto would take a device code; its browser comes before BROWSER."""
    home.settings(f'sso_flow = "browser"\nsso_browser = "{browser(home)}"\n')
    assert "device code" not in login(home, BROWSER="/nonexistent", SSH_CONNECTION="a b")
    assert len(visits(home)) == 1


def test_the_section_comes_before_config_toml(home):
    """Both keys, always with the prefix."""
    home.settings('sso_flow = "device"\nsso_browser = "/nonexistent"\n')
    in_section(home, "awsvault_sso_flow = Browser", f"awsvault_sso_browser = {browser(home)}")
    login(home)
    assert len(visits(home)) == 1


def test_the_command_line_comes_first(home):
    """--device before flow = browser, --browser before flow = device."""
    in_section(home, "awsvault_sso_flow = browser", "awsvault_sso_browser = /nonexistent")
    assert "only if you started this sign-in" in login(home, "--device")
    in_section(home, "awsvault_sso_flow = device")
    login(home, "--browser", browser(home))
    assert len(visits(home)) == 1


def test_flow_device_opens_nothing(home):
    """Where a browser could be opened."""
    home.settings('sso_flow = "device"\n')
    assert "Using a device code" not in login(home, BROWSER=browser(home))
    assert visits(home) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "awsvault_sso_flow = pkce",
            "config:3: awsvault_sso_flow must be auto, browser or device, not 'pkce'",
        ),
        ("awsvault_sso_browser =", "config:3: awsvault_sso_browser is '', which is not a command"),
        ("awsvault_sso_flw = device", "did you mean awsvault_sso_flow?"),
    ],
)
def test_a_wrong_key_of_the_section_is_an_error(home, line, said):
    """Before anything is asked or opened."""
    in_section(home, line)
    failed(home.run("sso", "login", "corp", BROWSER=browser(home)), 6, said)
    assert visits(home) == []


def test_a_wrong_setting_is_an_error(home):
    home.settings('sso_flow = "pkce"\n')
    failed(home.run("sso", "login", "corp"), 6, "config.toml:1: sso_flow must be")
