"""A home with the README's profiles and two more: one in production, and one that does not resolve."""

from __future__ import annotations

from tests.home import PASSPHRASE, Home
from tests.terminal_user import Terminal

MORE = """
[profile live]
region = eu-west-1
awsvault_role_arn = arn:aws:iam::333333333333:role/ReadOnlyRole
awsvault_source_profile = shared-services
awsvault_environment = production

[profile broken]
awsvault_role_arn = arn:aws:iam::333333333333:role/ReadOnlyRole
awsvault_source_profile = nobody
"""


def at(home: Home) -> Home:
    """``home`` with the five profiles and a vault."""
    home.scenario()
    with open(home.config_path, "a", encoding="utf-8") as file:
        file.write(MORE)
    home.make_vault()
    return home


def at_terminal(home: Home, *arguments: str, **env: str | None) -> str:
    """What a command that succeeds shows at a terminal."""
    person = Terminal(home, *arguments, **{"AWSVAULT_PASSPHRASE": PASSPHRASE, **env})
    assert person.ends() == 0
    return person.shown
