"""The commands that open a page in the user's browser, for ``login`` and ``sso login``."""

from __future__ import annotations

import shlex
import shutil
import sys

from vault.errors import Usage
from vault.profiles.credential_variables import without_credentials
from vault.system.programs import ProgramFailed, start_in_background
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vault.context import Context
    from vault.signin.flows import Opens

_OPENERS = ("xdg-open", "wslview", "x-www-browser")


def openers(context: Context, browser: str | None) -> list[list[str]]:
    """The commands to try for opening a URL, without the URL: --browser, otherwise those of $BROWSER, otherwise the desktop's."""
    which = "--browser" if browser is not None else "BROWSER"
    named = [browser] if browser is not None else context.env.get("BROWSER", "").split(":")
    if any(named):
        return [_words(text, which) for text in named if text]
    if sys.platform == "darwin":
        return [["open"]]
    if not has_display(context):
        return []
    found = next((n for n in _OPENERS if shutil.which(n, path=context.env.get("PATH"))), None)
    return [[found]] if found is not None else []


def has_display(context: Context) -> bool:
    """Whether a browser can show a window."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME")
    return sys.platform == "darwin" or any(context.env.get(name) for name in names)


def _words(text: str, which: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    if not words:
        raise Usage(
            f"{which} is {safe(text, limit=80)!r}, which is not a command",
            hint="use the command of a browser, such as firefox",
        )
    return words


def opener(context: Context, commands: Sequence[Sequence[str]]) -> Opens:
    """What opens a URL with the first of ``commands`` that can be started; %s in one stands for the URL."""
    env = without_credentials(context.child_env())

    def opens(url: str) -> Callable[[], bool]:
        problem = None
        for words in commands:
            marked = [word.replace("%s", url) for word in words]
            try:
                return start_in_background(marked if marked != list(words) else [*words, url], env=env)
            except ProgramFailed as error:
                problem = error
        raise problem if problem is not None else ProgramFailed("no browser can be opened here")

    return opens
