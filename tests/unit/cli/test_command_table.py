"""Commands and options that fingers know from aws-vault, granted and the AWS CLI: each spelling runs here."""

from __future__ import annotations

import json

import pytest

from tests.fakes.example import KEY_ID
from tests.home import failed
from vault.cli import export, login, main, shared_options
from vault.cli.exec_ import command as exec_command
from vault.cli.profile_argument import repeated
from vault.profiles import command_words
from vault.profiles.command_words import OwnCall, own_call

DEVELOPER = "arn:aws:iam::222222222222:role/DeveloperRole"


@pytest.fixture
def ready(home):
    home.scenario()
    home.make_vault()
    return home


def shown(done):
    """The variables of a command that ran ``env``."""
    assert done.returncode == 0, done.stderr
    return dict(line.partition("=")[::2] for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    "words",
    [
        ["-p", "dev"],
        ["-pdev"],
        ["--profile", "dev"],
        ["-d", "1h", "dev"],
        ["-d3600", "dev"],
        ["dev", "-d", "1h"],
        ["-s", "dev"],
        ["--ecs-server", "dev"],
        ["-sd1h", "-p", "dev"],
    ],
    ids=" ".join,
)
def test_exec(ready, words):
    """Short options run the command as the profile; -s is the server."""
    env = shown(ready.run("exec", *words, "--", "env"))
    assert env["AWSVAULT_PROFILE"] == "dev"
    assert ("AWS_CONTAINER_CREDENTIALS_FULL_URI" in env) == (words[0][:2] == "-s" or "server" in words[0])


def test_the_duration_of_exec_and_export(ready, aws):
    """-d is --duration: STS hears it."""
    ready.run("exec", "-d", "20m", "dev", "--", "true")
    ready.export("dev", "-d1800")
    assert [call.parameters["DurationSeconds"] for call in aws.calls.of("AssumeRole")] == ["1200", "1800"]


def test_no_session(ready):
    """-n on export and exec gives the key itself."""
    assert ready.export("-n", "shared-services")["AccessKeyId"] == KEY_ID
    assert shown(ready.run("exec", "-n", "shared-services", "--", "env"))["AWS_ACCESS_KEY_ID"] == KEY_ID


@pytest.mark.parametrize(
    "spelled", [["-t", "{}"], ["-t{}"], ["--mfa-token", "{}"], ["--mfa-token={}"], ["--mfa-code={}"]]
)
def test_the_code(home, aws, spelled):
    """-t and aws-vault's --mfa-token give the code that STS gets."""
    home.scenario()
    home.make_vault(seed=None)
    code = aws.code()
    home.export("dev", *(word.format(code) for word in spelled))
    assert aws.calls.codes() == [code]


def test_the_code_of_exec_and_login(home, aws):
    """The same on exec and login."""
    home.scenario()
    home.make_vault(seed=None)
    code = aws.code()
    assert home.run("exec", "-t", code, "dev", "--", "true").returncode == 0
    assert aws.calls.codes() == [code]
    failed(home.run("login", "-t", "12", "dev"), 2, "--mfa-code")


@pytest.mark.parametrize("more", [["-j"], ["--json"], ["-j", "--format", "process"], ["-nj"]], ids=" ".join)
def test_json_of_export(ready, here, more):
    """-j is what an SDK reads, which is the default; with another format it is a contradiction."""
    profile = "shared-services" if more == ["-nj"] else "dev"
    assert json.loads(here(ready, "export", *more, profile).stdout)["Version"] == 1
    failed(here(ready, "export", "-j", "--format", "env", "dev"), 2, "--format env")


def test_variables_for_a_shell(ready, here):
    """export-env is aws-vault's name for env; ``env PROFILE`` prints the same, and more options may follow."""
    wanted = here(ready, "export", "--format", "env", "dev").stdout
    assert "export AWS_ACCESS_KEY_ID=" in wanted
    for words in (["export", "--format=export-env", "dev"], ["env", "dev"], ["env", "-p", "dev"]):
        assert here(ready, *words).stdout == wanted
    assert "AWS_ACCESS_KEY_ID=" in here(ready, "env", "dev", "--format", "dotenv").stdout


def test_env_fails_as_export_does(ready, started):
    """Two lines of ASCII, nothing on stdout; and it never takes the short way, which prints JSON."""
    done = ready.run("env", "dév")
    failed(done, 5)
    assert done.stderr.isascii()
    failed(ready.run("env"), 2, "PROFILE")


@pytest.mark.parametrize("command", ["login", "console"])
@pytest.mark.parametrize("printed", ["-s", "--stdout", "--print"])
def test_login(ready, here, command, printed):
    """login and console, with the URL printed under each of its names."""
    done = here(ready, command, printed, "-p", "dev", "-d", "1h")
    assert done.returncode == 0, done.stderr
    assert "Action=login" in done.stdout


def test_shell_is_exec(ready):
    """``shell PROFILE`` starts the user's shell with the credentials."""
    env = shown(ready.run("shell", "dev", stdin="env\n", SHELL="/bin/sh"))
    assert env["AWSVAULT_PROFILE"] == "dev"


def test_remove_by_its_other_names(ready, here):
    """rm and delete take --profile too."""
    failed(here(ready, "delete", "--profile", "nothing", "--yes"), 5, "nothing")
    assert here(ready, "delete", "-p", "shared-services", "--yes").returncode == 0
    failed(here(ready, "rm", "shared-services", "--yes"), 5, "shared-services")


def test_clear(ready, here):
    """clear --profile one, --all all; both is usage."""
    ready.export("dev")
    assert "of dev" in here(ready, "clear", "--profile", "dev").stderr
    ready.export("dev")
    assert "all cached sessions" in here(ready, "clear", "--all").stderr
    failed(here(ready, "clear", "--all", "dev"), 2, "--all")


@pytest.mark.parametrize("words", [["version"], ["-V"], ["-v"], ["--version"]], ids=" ".join)
def test_version(home, here, words):
    """Each of its spellings, and nothing else is done."""
    assert here(home, *words).stdout == here(home, "--version").stdout
    assert here(home, *words).stdout.startswith("awsvault-py ")


def test_the_last_records(ready, here):
    """log -n N: the newest of those that the filters leave."""
    for profile in ("dev", "prod", "dev"):
        ready.export(profile)

    def times(*words):
        return [r["profile"] for r in json.loads(here(ready, "log", "--json", *words).stdout)["records"]]

    assert times("-n", "2") == ["prod", "dev"]
    assert times("-n1", "--profile", "prod") == ["prod"]
    assert len(times("--last=9")) == 3
    failed(here(ready, "log", "-n", "0"), 2)


@pytest.mark.parametrize("words", [["delete"], ["console"], ["env"], ["shell"], ["version"]], ids=" ".join)
def test_other_names_stay_out_of_the_list(home, here, words):
    """The program's help has one screen; ``help WORD`` knows them."""
    assert f"\n  {words[0]} " not in here(home, "--help").stdout
    assert "Usage: awsvault-py" in here(home, "help", *words).stdout


# ── what reads command lines ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("argv", "again"),
    [
        (["exec", "-t", "123456"], ["exec"]),
        (["exec", "-t123456", "--", "x", "-t1"], ["exec", "--", "x", "-t1"]),
        (["exec", "-nt", "123456"], ["exec", "-n"]),
        (["exec", "-nt123456", "--fresh"], ["exec", "-n", "--fresh"]),
        (["exec", "--mfa-token", "123456"], ["exec"]),
        (["login", "--mfa-token=123456", "-s"], ["login", "-s"]),
        (["exec", "-d", "-t", "--fresh"], ["exec", "-d", "-t", "--fresh"]),
        (["exec", "-d1h", "-st", "123456"], ["exec", "-d1h", "-s"]),
        (["login", "--service", "-t", "-t", "123456"], ["login", "--service", "-t"]),
        (["exec", "-t"], ["exec"]),
    ],
)
def test_no_spelling_repeats_a_code(argv, again):
    """A code is good once; what only looks like the option stays."""
    words = repeated(argv, "dev")
    assert words == [*again[: again.index("--")], "dev", *again[again.index("--") :]] if "--" in again else [*again, "dev"]  # fmt: skip


@pytest.mark.parametrize("command", [exec_command, login.command], ids=["exec", "login"])
def test_options_with_a_value_are_known(command):
    """To those who read a command line before click does: each option that takes one, by each name."""
    valued = {name for p in command.params if p.opts[0][0] == "-" and not p.is_flag for name in p.opts}
    assert valued <= set(shared_options.TAKES_VALUE)


def test_a_credential_process_is_read_as_the_command_reads_it():
    """Every option of export, long and short, with and without a value."""
    options = [p for p in export.command.params if p.opts[0][0] == "-"]
    valued = {name for p in options if not p.is_flag for name in p.opts if name[:2] == "--"}
    assert valued <= command_words.VALUED
    flags = {name for p in options if p.is_flag for name in p.opts if name[:2] == "--"}
    assert not flags & command_words.VALUED
    short = {name: p.opts for p in options for name in p.opts if name[:2] != "--"}
    assert short.keys() == command_words.SHORT.keys()
    assert all(command_words.SHORT[name] in short[name] for name in short)


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("export -d 1h dev", OwnCall("dev", True, "1h")),
        ("export -d1h -p dev", OwnCall("dev", True, "1h")),
        ("export -pdev -nj", OwnCall("dev", False, None)),
        ("export -njd 20m dev", OwnCall("dev", False, "20m")),
        ("export -t 123456 --profile=dev", OwnCall("dev", True, None)),
        ("export --mfa-token 123456 -- -n", OwnCall("-n", True, None)),
        ("export dev --region eu-west-1", OwnCall("dev", True, None)),
    ],
)
def test_own_calls_with_short_options(line, call):
    """The profile, the session and the duration that the command itself would see."""
    assert own_call(f"awsvault-py {line}") == call


@pytest.mark.parametrize("line", ["env dev", "shell dev", "export", "export -p dev prod", "console dev"])
def test_what_prints_no_json_is_no_credential_process(line):
    """Another word than export, no profile, or two."""
    with pytest.raises(ValueError, match="export PROFILE"):
        own_call(f"awsvault-py {line}")


def test_setup_keeps_the_options_of_a_call():
    """A call with --profile is written again with its other options."""
    from vault.migrate.own_command import options

    assert options("awsvault-py export -p dev -n --duration=1h") == ("--no-session", "--duration", "1h")
    assert options("awsvault-py export --duration=1h dev -n") == ("--duration=1h", "-n")


def test_unknown_words_are_still_unknown(home, here):
    """What is no command stays one."""
    failed(here(home, "envv", "dev"), 2, "envv")
    assert main.ALIASES["env"] == "export"
