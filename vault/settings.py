"""Reads config.toml in the vault's folder into Settings. Decides nothing, and knows no profile.

The settings are not in AWS's file because AWS_CONFIG_FILE can point anywhere, and one of them is a command. An unknown
key or a wrong value is an error with its line. tomllib is imported only if the file exists.
"""

from __future__ import annotations

from vault import limits
from vault.errors import ConfigError
from vault.records import NamedTuple
from vault.system import user_files
from vault.text import nearest, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

AUTO, OFF = "auto", "off"
PROMPTS = ("auto", "tty", "pinentry", "notification", "none")
SSO_FLOWS = ("auto", "browser", "device")
SYNCS = (AUTO, "manual")
CONFIRM_FOR = ("auto", "once", "minutes", "program")
# Coding agents, and the editors and editors' servers in which they run.
CODING_AGENTS = (
    "aider", "amp", "claude", "cline", "code", "code-insiders", "code-server", "codex", "copilot", "crush", "cursor",
    "cursor-agent", "cursor-server", "gemini", "goose", "opencode", "openvscode-server", "qwen", "windsurf", "zed-editor",
)  # fmt: skip


class Settings(NamedTuple):
    """The program's settings, each with its default. Times are seconds."""

    agent: str = AUTO  # auto or off
    agent_idle: int = limits.AGENT_IDLE
    agent_max: int = limits.AGENT_MAX
    allow_http: tuple[str, ...] = ()  # hosts, with a port unless it is 80
    confirm_agents: tuple[str, ...] = CODING_AGENTS  # names of programs
    confirm_for: str = AUTO  # one of CONFIRM_FOR
    kernel_keyring: bool = False
    keyring: str = AUTO  # auto or off
    lock_on_suspend: bool = True
    log: bool = True
    passphrase_command: tuple[str, ...] = ()  # a program and its arguments, run without a shell
    pinentry: str = "pinentry"
    prompt: str = AUTO  # one of PROMPTS
    role_duration: int = limits.ROLE_DURATION
    session_duration: int = limits.SESSION_DURATION
    sso_browser: tuple[str, ...] = ()  # a program and its arguments, run without a shell
    sso_flow: str = AUTO  # one of SSO_FLOWS
    sync: str = AUTO  # one of SYNCS
    trusted_hosts: tuple[str, ...] = ()  # hosts, with or without a port, that count as AWS's own


def load(path: str, *, env: Mapping[str, str]) -> Settings:
    """The settings in ``path`` (defaults if it does not exist), overridden by environment variables.

    Raises ConfigError, which names the file and line or the variable. The file must belong to the user or root, and must
    not be writable by everyone.
    """
    raw = user_files.read_users_file(path, limit=limits.MAX_SETTINGS_FILE)
    settings = parse(raw, path=path) if raw else Settings()
    for variable, key, known in (
        ("AWSVAULT_AGENT", "agent", (AUTO, OFF)),
        ("AWSVAULT_KEYRING", "keyring", (AUTO, OFF)),
        ("AWSVAULT_PROMPT", "prompt", PROMPTS),
    ):
        value = env.get(variable, "")
        if value and value not in known:
            raise ConfigError(
                f'{variable} is "{safe(value, limit=60)}", not one of {", ".join(known)}',
                hint=f"unset {variable}, or set it to one of these values",
            )
        if value:
            settings = Settings(**{**settings._asdict(), key: value})
    if env.get("CI") and not env.get("AWSVAULT_PROMPT"):
        settings = settings._replace(prompt="none")  # nobody can answer prompts in CI
    return settings


def wants_log(path: str) -> bool:
    """The setting ``log`` alone, for a disk hit. A file without that word is not parsed. Raises the same errors as ``load``."""
    raw = user_files.read_users_file(path, limit=limits.MAX_SETTINGS_FILE)
    return not raw or b"log" not in raw or parse(raw, path=path).log


def with_place(text: str, path: str) -> str:
    """``text``, in which ``path`` replaces the bare name config.toml: users ask where that file is."""
    import re  # 4 ms, and only an error or doctor needs it

    return re.sub(r"(?<![\w./])config\.toml", lambda _: safe(path), text)


def parse(raw: bytes, *, path: str) -> Settings:
    """Parse the bytes of a config.toml. Raises ConfigError, which names ``path`` and line."""
    import tomllib  # 6 ms, and most users have no config.toml

    try:
        text = raw.decode("utf-8")
        table = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{safe(path)}:{line}: not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        line, reason = _where(str(error), text)
        raise ConfigError(f"{safe(path)}:{line}: {safe(reason)}", hint="write TOML: key = value") from None
    found: dict[str, Any] = {}
    for key, value in table.items():
        place = f"{safe(path)}:{_line_of(key, text)}"
        check = _CHECKS.get(key)
        if check is None:
            near = nearest(key, list(_CHECKS))
            raise ConfigError(
                f'{place}: unknown setting "{safe(key, limit=60)}"',
                hint=f'did you mean "{near}"?' if near else "known settings: " + ", ".join(_CHECKS),
            )
        try:
            found[key] = check(value)
        except ValueError as error:
            raise ConfigError(f"{place}: {key} must be {error}, not {_shown(value)}") from None
    if "agent_idle" not in found and "agent_max" in found:  # the user did not ask for the longer default
        found["agent_idle"] = min(limits.AGENT_IDLE, found["agent_max"])
    settings = Settings(**found)
    if settings.agent_idle > settings.agent_max:
        place = f"{safe(path)}:{_line_of('agent_idle', text)}"
        raise ConfigError(
            f"{place}: agent_idle ({settings.agent_idle} s) is longer than agent_max ({settings.agent_max} s)",
            hint="make agent_max at least as long, or agent_idle shorter",
        )
    return settings


def duration(value: object, *, least: int = 1, most: int = limits.LONGEST_SETTING) -> int:
    """``3600``, ``"90m"``, ``"1h30m"`` or ``"7d"`` in seconds. Raises ValueError; its text says what is allowed."""
    expected = f'a time from {least} to {most} seconds, such as "90m", "4h" or 3600'
    seconds = -1
    if isinstance(value, int) and not isinstance(value, bool):
        seconds = value
    elif isinstance(value, str):
        seconds = _seconds(value.strip().lower())
    if not least <= seconds <= most:
        raise ValueError(expected)
    return seconds


_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def _seconds(text: str) -> int:
    """``text`` in seconds, or -1, which no range allows, if it is not a time. Units descend, each used at most once."""
    total, digits, last = 0, "", 10**6
    if len(text) > 12 or not text.isascii():
        return -1
    for character in text:
        if character.isdigit():
            digits += character
        elif digits and character in _UNITS and _UNITS[character] < last:
            last = _UNITS[character]
            total, digits = total + int(digits) * last, ""
        else:
            return -1
    if not digits:
        return total if text else -1
    return int(digits) if total == 0 else -1


def _choice(*known: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not isinstance(value, str) or value not in known:
            raise ValueError(" or ".join(f'"{k}"' for k in known))
        return value

    return check


def _between(least: int, most: int) -> Callable[[object], int]:
    return lambda value: duration(value, least=least, most=most)


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")  # noqa: TRY004  # parse() turns ValueError into file and line
    return value


def command_words(value: object) -> tuple[str, ...]:
    """The words of a command, the program first, from a list of strings or a string that is split like a shell command.

    Raises ValueError; its text says what is allowed.
    """
    expected = "a command with its arguments, or a list of strings"
    words: list[str] | None = None
    if isinstance(value, str):
        import shlex

        try:
            words = shlex.split(value)
        except ValueError:
            raise ValueError(expected + ", with closed quotes") from None
    elif isinstance(value, list) and all(isinstance(word, str) for word in value):
        words = value
    if not words or not words[0] or any("\0" in word for word in words):
        raise ValueError(expected)
    return tuple(words)


def _hosts(value: object) -> tuple[str, ...]:
    """A list of host names as they appear in a URL. A URL or a pattern is refused, because it would never match."""
    if not isinstance(value, list) or not all(isinstance(host, str) and _is_host(host) for host in value):
        raise ValueError('a list of host names, such as ["sts.example.internal:8080"]')
    return tuple(host.lower() for host in value)


def _is_host(text: str) -> bool:
    return bool(text) and text.isascii() and all(c.isalnum() or c in "-._:[]" for c in text)


def _names(value: object) -> tuple[str, ...]:
    """A list of names of programs. A path is refused, because it would never match."""
    if (
        not isinstance(value, list)
        or len(value) > limits.CODING_AGENTS
        or not all(isinstance(name, str) and 0 < len(name) <= limits.CODING_AGENT_NAME for name in value)
        or any("/" in name or "\0" in name for name in value)
    ):
        raise ValueError('a list of names of programs, such as ["claude", "codex"]')
    return tuple(value)


def _program(value: object) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("the name or path of a program")
    return value


_CHECKS: dict[str, Callable[[object], object]] = {
    "agent": _choice(AUTO, OFF),
    "agent_idle": _between(60, limits.LONGEST_SETTING),
    "agent_max": _between(60, limits.LONGEST_SETTING),
    "allow_http": _hosts,
    "confirm_agents": _names,
    "confirm_for": _choice(*CONFIRM_FOR),
    "kernel_keyring": _yes_or_no,
    "keyring": _choice(AUTO, OFF),
    "lock_on_suspend": _yes_or_no,
    "log": _yes_or_no,
    "passphrase_command": command_words,
    "pinentry": _program,
    "prompt": _choice(*PROMPTS),
    "role_duration": _between(900, 43_200),  # the range of AssumeRole
    "session_duration": _between(900, 129_600),  # the range of GetSessionToken
    "sso_browser": command_words,
    "sso_flow": _choice(*SSO_FLOWS),
    "sync": _choice(*SYNCS),
    "trusted_hosts": _hosts,
}


def _where(message: str, text: str) -> tuple[int, str]:
    """The line and the reason in tomllib's message: ``reason (at line 3, column 7)`` or ``(at end of document)``."""
    reason, _, place = message.rpartition(" (at ")
    words = place.rstrip(")").replace(",", "").split()
    if len(words) >= 2 and words[0] == "line" and words[1].isdigit():
        return int(words[1]), reason
    return text.count("\n") + (not text.endswith("\n")), reason or message


def _line_of(key: str, text: str) -> int:
    """The number of the first line that has ``key`` as a key or a table; 1 if there is none."""
    for number, line in enumerate(text.splitlines(), start=1):
        start = line.lstrip(" \t[").replace('"', "").replace("'", "")
        if start.startswith(key) and start[len(key) :].lstrip()[:1] in ("=", ".", "]"):
            return number
    return 1


def _shown(value: object) -> str:
    return f'"{safe(value, limit=60)}"' if isinstance(value, str) else safe(str(value).lower(), limit=60)
