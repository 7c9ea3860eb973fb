"""Which way to sign in: a browser on this machine, or a code that the user types into any browser. Pure but for two marks."""

from __future__ import annotations

import os

from vault.errors import ConfigError
from vault.profiles.aws_files import PREFIX, Origin
from vault.records import NamedTuple
from vault.settings import AUTO, SSO_FLOWS, command_words
from vault.system.machine import CONTAINER_MARKS
from vault.text import nearest, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.profiles.aws_files import Config
    from vault.profiles.ini import Property, Section
    from vault.settings import Settings

# Keys of an sso-session that only awsvault-py has, always with the prefix: botocore requires a profile and its session to agree.
SESSION_KEYS = ("sso_flow", "sso_browser")


class SignInWay(NamedTuple):
    """``flow`` is one of SSO_FLOWS; ``browser`` is the command of a browser, empty for the default one."""

    flow: str = AUTO
    browser: tuple[str, ...] = ()


def preferred(config: Config, session: str | None, settings: Settings) -> SignInWay:
    """The way that the sso-session chooses or, where it does not, config.toml. ConfigError with file and line."""
    section = config.sso_sessions.get(session) if session is not None else None
    found = SignInWay(settings.sso_flow, settings.sso_browser)
    if section is None:
        return found
    for name, value in section.properties.items():
        if not name.startswith(PREFIX):
            continue
        place = Origin(config.config_path, value.line)
        key = name.removeprefix(PREFIX)
        if key == "sso_flow":
            found = found._replace(flow=_flow(name, value, place))
        elif key == "sso_browser":
            found = found._replace(browser=_browser(name, value, place))
        else:
            raise _unknown(section, name, place)
    return found


def _flow(name: str, value: Property, place: Origin) -> str:
    flow = value.value.lower()
    if flow not in SSO_FLOWS:
        raise ConfigError(
            f"{place}: {name} must be {', '.join(SSO_FLOWS[:-1])} or {SSO_FLOWS[-1]}, not {safe(value.value)!r}"
        )
    return flow


def _browser(name: str, value: Property, place: Origin) -> tuple[str, ...]:
    try:
        return command_words(value.value)
    except ValueError:
        raise ConfigError(
            f"{place}: {name} is {safe(value.value, limit=80)!r}, which is not a command",
            hint="use the command of a browser, such as firefox",
        ) from None


def _unknown(section: Section, name: str, place: Origin) -> ConfigError:
    near = nearest(name.removeprefix(PREFIX), list(SESSION_KEYS))
    return ConfigError(
        f"{place}: sso-session {safe(section.name)} has {safe(name)}, which is not a known key",
        hint=f"did you mean {PREFIX}{near}?" if near is not None else "remove the line",
    )


def reason_for_device(
    env: Mapping[str, str], *, opens: bool, marks: tuple[str, ...] = CONTAINER_MARKS
) -> str | None:
    """Why a browser could not come back to this machine, or None if it can. ``opens``: whether there is a browser's command."""
    if env.get("SSH_CONNECTION") or env.get("SSH_TTY"):
        return "this is an SSH session"
    if env.get("WSL_DISTRO_NAME") or env.get("WSL_INTEROP"):
        return "this is WSL"
    if env.get("container") or env.get("KUBERNETES_SERVICE_HOST") or any(map(os.path.exists, marks)):
        return "this is a container"
    return None if opens else "no browser can be opened here"
