"""`awsvault-py prompt` and `--profile-names` without click, because they run at each prompt and each press of Tab.

If anything fails, they print nothing: a shell prompt must not show an error message.
"""

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.shell.prompt_data import ShellState

NAMES = "--profile-names"
SHELLS = ("plain", "bash", "zsh", "fish", "tmux", "starship")
RED, YELLOW, GREEN, PLAIN = "red", "yellow", "green", ""
# Escape sequences. bash and zsh also need to know which characters have no width.
_ANSI = {RED: "\x1b[1;31m", YELLOW: "\x1b[33m", GREEN: "\x1b[32m"}


def run(argv: "Sequence[str]") -> int | None:
    """Run ``prompt`` or ``--profile-names`` and return the exit code. Returns None for any other command line."""
    if list(argv) == [NAMES]:
        try:
            return _names()
        except Exception:  # noqa: BLE001  # a press of Tab shows nothing rather than an error
            return 0
    if argv[:1] != ["prompt"] or len(argv) > 3 or any(word in ("-h", "--help", "--debug") for word in argv):
        return None
    form, shell = "{profile}{environment}{left}", "plain"
    for word in argv[1:]:
        name, equals, value = word.partition("=")
        if name == "--format" and equals:
            form = value
        elif name == "--for" and value in SHELLS:
            shell = value
        else:
            return None
    try:
        return _prompt(form, shell)
    except Exception:  # noqa: BLE001  # a prompt shows nothing rather than an error
        return 0


def _names() -> int:
    from vault.shell import prompt_data
    from vault.warm import user_home

    found = prompt_data.names(os.environ, home=user_home(os.environ))
    os.write(1, "".join(f"{name}\n" for name in found).encode("utf-8", "replace")) if found else None
    return 0


def _prompt(form: str, shell: str) -> int:
    from vault.shell import prompt_data
    from vault.warm import from_env

    places = from_env(os.environ)
    now = prompt_data.shell_state(os.environ, home=places.home, socket=places.socket, time=time.time())
    if now is not None and now.left != 0:  # an expired session is not shown
        line = rendered(now, form=form, shell=shell, color=not os.environ.get("NO_COLOR")) + "\n"
        # Not by sys.stdout, which Python would try to flush again, and report.
        os.write(1, line.encode(sys.stdout.encoding, sys.stdout.errors or "strict"))
    os._exit(0)  # the normal end of the interpreter takes a tenth of the whole time


def rendered(now: "ShellState", *, form: str, shell: str, color: bool) -> str:
    """The text of the prompt for ``shell``, escaped so that no part of a profile name can act as a command or a color."""
    from vault.limits import PRODUCTION
    from vault.shell.prompt_data import shown

    environment = now.guardrails.environment
    production = environment.strip().lower() in PRODUCTION
    parts = {
        "profile": shown(now.profile, limit=60),
        "environment": f" {environment.upper() if production else environment}" if environment else "",
        "left": "" if now.left is None else f" {_span(now.left)}",
    }
    kind = _kind(now, production=production)
    text = form
    for name, value in parts.items():
        text = text.replace("{" + name + "}", _quoted(value, shell))
    return _colored(text, kind, shell) if color and kind else text


def _kind(now: "ShellState", *, production: bool) -> str:
    """The color: red for production, yellow if it needs a confirmation or expires soon, green if it is read-only."""
    from vault.limits import EXPIRY_RED

    if production:
        return RED
    if now.guardrails.confirm or (now.left is not None and now.left < EXPIRY_RED):
        return YELLOW
    return GREEN if now.guardrails.read_only else PLAIN


def _quoted(text: str, shell: str) -> str:
    """``text`` escaped for the prompt of ``shell``."""
    if shell == "zsh":
        text = text.replace("%", "%%")
    if shell == "tmux":
        text = text.replace("#", "##")
    if shell in ("bash", "zsh"):  # in case the user's PS1 expands the output (eval, prompt_subst)
        text = "".join(c if c not in "$`\\!" else "?" for c in text)
    return text


def _colored(text: str, kind: str, shell: str) -> str:
    match shell:
        case "bash":
            return f"\x01{_ANSI[kind]}\x02{text}\x01\x1b[0m\x02"
        case "zsh":
            return f"%F{{{kind}}}{text}%f"
        case "tmux":
            return f"#[fg={kind}]{text}#[default]"
        case "fish" | "starship":  # a custom module of starship passes escape sequences on
            return f"{_ANSI[kind]}{text}\x1b[0m"
        case _:
            return text


def _span(seconds: int) -> str:
    if seconds >= 3_600:
        return f"{seconds // 3_600}h{seconds % 3_600 // 60:02d}m"
    return f"{seconds // 60}m" if seconds >= 60 else f"{seconds}s"
