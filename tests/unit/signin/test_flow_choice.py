"""Browser or device code: what the environment says about the user's browser."""

from __future__ import annotations

import pytest

from tests.unit.profiles.files import config_of
from vault.settings import Settings
from vault.signin.flow_choice import SignInWay, preferred, reason_for_device

SECTION = "[sso-session corp]\nsso_region = us-east-1\n"


def test_a_section_overrides_what_it_sets():
    """Each key by itself; another session and the older form have config.toml's."""
    config = config_of(SECTION + "awsvault_sso_flow = device\n[sso-session other]\nsso_region = us-east-1\n")
    settings = Settings(sso_flow="browser", sso_browser=("firefox",))
    assert preferred(config, "corp", settings) == SignInWay("device", ("firefox",))
    assert preferred(config, "other", settings) == SignInWay("browser", ("firefox",))
    assert preferred(config, None, settings) == SignInWay("browser", ("firefox",))
    assert preferred(config, "corp", Settings()).browser == ()


@pytest.mark.parametrize(
    ("env", "opens", "why"),
    [
        ({}, True, None),
        ({"DISPLAY": ":0"}, True, None),
        ({}, False, "no browser"),
        ({"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, True, "SSH"),
        ({"SSH_TTY": "/dev/pts/0"}, True, "SSH"),
        ({"WSL_DISTRO_NAME": "Debian"}, True, "WSL"),
        ({"WSL_INTEROP": "/run/WSL/1"}, True, "WSL"),
        ({"container": "podman"}, True, "container"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, True, "container"),
        ({"SSH_CONNECTION": ""}, True, None),
    ],
)
def test_where_the_browser_comes_back(env, opens, why):
    found = reason_for_device(env, opens=opens, marks=())
    assert (found is None) if why is None else (found is not None and why in found)


def test_the_mark_of_a_container_counts(tmp_path):
    mark = tmp_path / ".dockerenv"
    assert reason_for_device({}, opens=True, marks=(str(mark),)) is None
    mark.touch()
    assert "container" in reason_for_device({}, opens=True, marks=(str(mark),))
