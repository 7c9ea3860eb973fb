"""The command line's frame: the lazy table, two-line errors, exit codes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import import_module

import click
import pytest

from tests.patience import PATIENCE
from vault import errors
from vault.cli import exits, main
from vault.cli.command_table import ALIASES, COMMANDS, SECTIONS, CommandRow

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def awsvault(*argv: str, env: dict[str, str] | None = None, **more) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vault", *argv],
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, **(env or {})},
        **more,
    )


@click.command(name="raise")
@click.argument("kind")
def raising(kind: str) -> None:
    secret = SECRET  # a local that a traceback must not show
    if kind == "interrupt":
        raise KeyboardInterrupt
    if kind == "foreign":
        raise ValueError(f"bad value {secret}")
    if kind == "chained":
        try:
            int(secret)
        except ValueError as error:
            raise errors.Refused("AWS said no") from error
    raise getattr(errors, kind)("profile \u202edev\n\x1b[31m has \u00e9", hint="do\rthis")


@click.command(name="many")
@click.argument("word", nargs=1)
def one_word(word: str) -> None:
    click.echo("data\n" * 100_000)


@pytest.fixture
def with_rows(monkeypatch):
    """The table with two commands of this file in it."""
    monkeypatch.setitem(COMMANDS, "raise", CommandRow("use", f"{__name__}:raising", "raises"))
    monkeypatch.setitem(COMMANDS, "many", CommandRow("use", f"{__name__}:one_word", "prints"))


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("CheckFailed", 1),
        ("Usage", 2),
        ("Locked", 3),
        ("WrongPassphrase", 4),
        ("NotFound", 5),
        ("ConfigError", 6),
        ("UnsafeFile", 6),
        ("Refused", 7),
        ("Unreachable", 8),
        ("Damaged", 9),
        ("RolledBack", 9),
        ("Declined", 10),
        ("AlreadyExists", 10),
        ("RotationStopped", 11),
    ],
)
def test_an_error_is_two_lines_and_its_exit(kind, code, capsys, with_rows):
    """Each class of the tree gives its own exit code; hostile text in a message is escaped, a letter is shown."""
    assert main.run(["raise", kind]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "awsvault-py: error: profile \\u202edev\\x0a\\x1b[31m has \u00e9\nawsvault-py: hint: do\\x0dthis\n"
    )


def test_a_bug_is_70_without_traceback_or_text(capsys, with_rows):
    """The text of an unexpected exception may hold a secret, so only its type is named."""
    assert main.run(["raise", "foreign"]) == 70
    err = capsys.readouterr().err
    assert err.startswith("awsvault-py: error: unexpected error: ValueError\nawsvault-py: hint: ")
    assert len(err.splitlines()) == 2
    assert SECRET not in err


@pytest.mark.parametrize("argv", [["--debug", "raise", "chained"], ["raise", "chained", "--debug"]])
def test_debug_shows_places_and_no_secret(argv, capsys, with_rows):
    """--debug, first or last, names files, lines and types, and no value of any local or foreign message."""
    assert main.run(argv) == 7
    err = capsys.readouterr().err
    assert "test_main.py:" in err
    assert "in raising" in err
    assert "ValueError" in err
    assert "Refused: AWS said no" in err
    assert SECRET not in err
    assert all(line.startswith("awsvault-py: ") for line in err.splitlines())


def test_interrupt_is_130_and_silent(capsys, with_rows):
    """Ctrl-C is not an error to talk about."""
    assert main.run(["raise", "interrupt"]) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["exprot"], 'there is no command "exprot"'),
        (["--nonsense"], "error: no such option"),
        (["raise"], "error: missing argument"),
        (["many", "a", "b"], "unexpected extra argument"),
    ],
)
def test_wrong_usage_is_two_lines_and_exit_2(argv, said, capsys, with_rows):
    """The parser's errors have the same form as the program's other errors."""
    assert main.run(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.splitlines()[1].startswith("awsvault-py: hint: run: awsvault-py")
    assert len(err.splitlines()) == 2


@pytest.mark.parametrize(
    "argv", [["many", "x", SECRET], [SECRET], ["AKIAIOSFODNN7EXAMPLE"], ["many", "x", "AKIAIOSFODNN7EXAMPLE"]]
)
def test_a_key_given_as_an_argument_is_not_repeated(argv, capsys, with_rows):
    """A usage error that quotes its argument must not put a key into a log."""
    assert main.run(argv) == 2
    err = capsys.readouterr().err
    assert SECRET not in err
    assert "AKIAIOSFODNN7EXAMPLE" not in err


@pytest.mark.parametrize("group", ["mfa", "slots"])
def test_a_group_alone_names_its_commands(group, capsys):
    """Not its whole help pressed into one line."""
    assert main.run([group]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    first, second = err.splitlines()
    assert f"awsvault-py {group} needs a subcommand: " in first
    assert "add, " in first
    assert second == f"awsvault-py: hint: run: awsvault-py {group} --help"


def test_a_near_name_is_offered(capsys, monkeypatch):
    """A mistyped command names the one that was meant, and does not run it."""
    monkeypatch.setitem(COMMANDS, "export", CommandRow("use", f"{__name__}:one_word", "prints"))
    assert main.run(["exprot"]) == 2
    assert 'did you mean "export"?' in capsys.readouterr().err


def test_help_lists_the_table_without_importing_a_command():
    """--help costs no command's imports."""
    code = (
        "import sys; from vault.cli.main import run; run(['--help']);"
        "from vault.cli.command_table import COMMANDS;"
        "mods = {r.target.split(':')[0] for r in COMMANDS.values()} & set(sys.modules);"
        "assert not mods, mods; assert 'boto3' not in sys.modules and 'rich' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    for name, row in COMMANDS.items():
        assert re.search(rf"\b{name}\b", done.stdout), name
        if f"  {name} " in done.stdout:
            assert row.summary.split()[0] in done.stdout


@pytest.mark.parametrize("name", list(COMMANDS))
def test_each_row_of_the_table_is_a_working_command(name, capsys):
    """A name in the table loads a click command that has help and a known section."""
    row = COMMANDS[name]
    module, _, attribute = row.target.partition(":")
    assert isinstance(getattr(import_module(module), attribute), click.Command)
    assert row.section in SECTIONS
    assert row.summary.endswith(".")
    assert len(row.summary) <= 76
    assert main.run([name, "--help"]) == 0
    assert "Usage: awsvault-py " + name in capsys.readouterr().out


def test_aliases_name_commands_of_the_table():
    """ls and rm lead somewhere."""
    assert set(ALIASES.values()) <= set(COMMANDS)


def test_version_is_data():
    """--version goes to stdout."""
    done = awsvault("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("awsvault-py 0.")


def test_a_reader_that_went_away_is_no_traceback(tmp_path):
    """`awsvault-py … | head -1` ends as other programs do: 141 and silent."""
    script = tmp_path / "wide.py"
    script.write_text(
        "import sys, click\nfrom vault.cli import main\nfrom vault.cli.command_table import COMMANDS, CommandRow\n"
        "@click.command()\ndef wide():\n    for _ in range(20000): click.echo('x' * 100)\n"
        "COMMANDS['wide'] = CommandRow('use', '__main__:wide', 'prints')\nsys.exit(main.run(['wide']))\n"
    )
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(PATIENCE) == exits.BROKEN_PIPE


def test_a_full_disk_behind_stdout_is_said():
    """Data that could not be written is an error, not a success."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "vault", "--version"],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
        )
    assert done.returncode == 6
    assert "standard output: No space left on device" in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_closed_descriptors_are_survived():
    """A caller that closed 1 and 2 gets an exit code all the same."""
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" -m vault nonsense >&- 2>&-', sys.executable],
        timeout=PATIENCE,
        check=False,
        capture_output=True,
    )
    assert done.returncode == 2
