"""Words of other programs: an unknown command whose meaning is known leads to what does the same here."""

from __future__ import annotations

import pytest

from tests.home import failed
from vault.cli import main
from vault.cli.command_table import ALIASES, COMMANDS
from vault.cli.foreign_commands import INSTEAD
from vault.cli.shell_hooks import SWITCH


def hint(capsys, *words):
    assert main.run(words) == 2
    out, err = capsys.readouterr()
    said, hint = err.splitlines()
    assert out == ""
    assert said == f'awsvault-py: error: there is no command "{words[0]}"'
    return hint.removeprefix("awsvault-py: hint: ")


@pytest.mark.parametrize("word", ["switch", "assume"])
def test_a_switch_of_the_profile_is_avp_or_a_shell(word, capsys):
    """The function of shell-init for this shell, and the alias of exec for a new one."""
    said = hint(capsys, word, "dev")
    assert f"{SWITCH} PROFILE" in said
    assert "awsvault-py shell PROFILE" in said


@pytest.mark.parametrize(
    ("words", "instead"),
    [
        (("sso-tokens", "list"), "awsvault-py sso status"),
        (("generate",), "awsvault-py setup"),
        (("credentials", "add"), "awsvault-py add NAME"),
        (("cache", "clear"), "awsvault-py clear"),
        (("refresh",), "awsvault-py export --fresh PROFILE"),
        (("server",), "awsvault-py exec --server PROFILE -- CMD"),
        (("proxy", "--stop"), "awsvault-py exec --server PROFILE -- CMD"),
        (("settings", "print"), "config.toml"),
        (("aws-vault", "exec", "dev"), "awsvault-py import --aws-vault"),
        (("granted",), "awsvault-py import --granted"),
        (("sts", "get-caller-identity"), "awsvault-py whoami PROFILE"),
    ],
)
def test_a_command_of_another_program_leads_to_the_one_here(words, instead, capsys):
    """By its meaning: none of them is spelled like the command that does it."""
    assert instead in hint(capsys, *words)


@pytest.mark.parametrize("word", sorted(INSTEAD))
def test_no_word_is_a_command_here(word):
    """Its hint would never be shown, and would be wrong."""
    assert word not in COMMANDS
    assert word not in ALIASES


@pytest.mark.parametrize(
    ("words", "said", "hint"),
    [
        (("sso", "populate"), 'awsvault-py sso has no subcommand "populate"', "awsvault-py setup --sso SESSION"),
        (("sso", "generate", "--prefix", "x"), 'has no subcommand "generate"', "awsvault-py setup --sso SESSION"),
        (("sso", "logn"), 'awsvault-py sso has no subcommand "logn"; did you mean "login"?', "awsvault-py sso --help"),
        (("help", "mfa", "ad"), 'awsvault-py mfa has no subcommand "ad"; did you mean "add"?', "awsvault-py mfa --help"),
        (("slots", "xyzzy"), 'awsvault-py slots has no subcommand "xyzzy"', "awsvault-py slots --help"),
    ],
)  # fmt: skip
def test_an_unknown_subcommand_is_told_like_an_unknown_command(words, said, hint, capsys):
    """By its meaning if it is granted's, otherwise with the one that is spelled like it."""
    assert main.run(words) == 2
    out, err = capsys.readouterr()
    error, advice = err.splitlines()
    assert out == ""
    assert error.endswith(said)
    assert hint in advice


def test_help_with_such_a_word_says_the_same(capsys):
    """``help token`` is answered like ``token``."""
    assert main.run(["help", "token"]) == 2
    assert "awsvault-py sso status" in capsys.readouterr().err


def test_a_similar_spelling_is_still_found(capsys):
    """Other words are compared by their letters."""
    assert main.run(["exprot"]) == 2
    assert 'did you mean "export"?' in capsys.readouterr().err


@pytest.mark.parametrize("words", [("dev",), ("dev", "--", "true")])
def test_the_name_of_a_profile_is_not_a_command(words, home):
    """It is told what takes a profile, not a command that is spelled like it."""
    home.scenario()
    done = home.run(*words)
    failed(done, 2, '"dev" is a profile, not a command', "awsvault-py exec dev -- CMD")
    failed(home.run("shared-service"), 2, 'there is no command "shared-service"')
