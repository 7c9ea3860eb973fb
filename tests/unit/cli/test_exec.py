"""``exec``: a command as if it had been started directly, with the credentials of a profile. Plain and with --server."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.fakes.example import SECRET
from tests.home import COMMAND, PASSPHRASE, failed
from tests.patience import PATIENCE

pytestmark = pytest.mark.usefixtures("unmeasured")

SHOW = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))"
BOTH = pytest.mark.parametrize("way", [[], ["--server"]], ids=["plain", "server"])


@pytest.fixture
def ready(home):
    home.scenario()
    home.make_vault()
    return home


def run(home, *arguments, **env):
    return home.run("exec", *arguments, **env)


@BOTH
@pytest.mark.parametrize("code", [0, 1, 2, 127, 130, 255])
def test_the_exit_code_is_the_commands_own(ready, way, code):
    """Whatever the command says at its end is what exec says."""
    done = run(ready, *way, "dev", "--", "sh", "-c", f"exit {code}")
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


@BOTH
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGSEGV])
def test_a_signals_end_is_a_signals_end(ready, way, number):
    """A command killed by a signal makes exec end by that signal, which a shell shows as 128 and its number."""
    done = run(ready, *way, "dev", "--", "sh", "-c", f"kill -{int(number)} $$")
    assert done.returncode == -number
    assert done.stderr == ""


@BOTH
def test_there_is_no_such_command(ready, way):
    """127 as in shells, with the name; a directory is 126."""
    failed(run(ready, *way, "dev", "--", "no-such-command-here"), 127, "no-such-command-here")
    failed(run(ready, *way, "dev", "--", "/"), 126, "'/'")


@BOTH
def test_arguments_arrive_as_they_were_given(ready, way):
    """Blanks, quotes, newlines, empty ones, options and bytes that are no text: no shell touches them."""
    arguments = ["a b", "'q' \"d\"", "two\nlines", "", "$HOME `id` *", "--help", "-x", "--", "é", "\udcff"]
    done = subprocess.run(
        [COMMAND, "exec", *way, "dev", "--", sys.executable, "-c", SHOW, *arguments],
        env=ready.env, capture_output=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)[0] == arguments


@BOTH
def test_no_passphrase_and_no_key_reach_the_child(ready, way):
    """Its environment holds neither the passphrase nor a way to it, nor the long-lived secret."""
    done = run(ready, *way, "dev", "--", sys.executable, "-c", SHOW, AWS_PROFILE="prod")
    env = json.loads(done.stdout)[1]
    assert not [name for name in env if name.startswith("AWSVAULT_PASSPHRASE")]
    assert PASSPHRASE not in done.stdout
    assert SECRET not in done.stdout
    assert "AWS_PROFILE" not in env
    assert ("AWS_SESSION_TOKEN" in env) == (not way)
    assert ("AWS_CONTAINER_AUTHORIZATION_TOKEN" in env) == bool(way)


@BOTH
def test_an_environment_of_64_kib(ready, way):
    """One variable of 64 KiB goes through whole."""
    done = run(ready, *way, "dev", "--", "sh", "-c", 'printf %s "$BIG" | wc -c', BIG="x" * 65_536)
    assert (done.returncode, done.stdout.strip()) == (0, "65536")


@BOTH
def test_in_a_pipe(ready, way):
    """stdin, stdout and stderr are the command's own, byte for byte."""
    done = run(
        ready, *way, "dev", "--", "sh", "-c", "cat; echo talk >&2", stdin=b"\x00data\xff".decode("latin-1")
    )
    assert (done.returncode, done.stderr) == (0, "talk\n")
    assert done.stdout.encode() == "\x00data\xff".encode()


@BOTH
def test_a_reader_that_goes_away(ready, way):
    """`yes | head`: the command is ended by SIGPIPE as everywhere else."""
    done = subprocess.run(
        ["sh", "-c", f"{COMMAND} exec {' '.join(way)} dev -- yes | head -1"],
        env=ready.env, capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, b"y\n", b"")


@BOTH
def test_other_descriptors_are_passed_on(ready, way):
    """What the caller opened for the command, as `<(…)` does, is open in it."""
    reader, writer = os.pipe()
    os.write(writer, b"by descriptor")
    os.close(writer)
    done = subprocess.run(
        [COMMAND, "exec", *way, "dev", "--", sys.executable, "-c", f"import os; print(os.read({reader}, 99))"],
        env=ready.env, pass_fds=(reader,), capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    os.close(reader)
    assert (done.returncode, done.stdout) == (0, b"b'by descriptor'\n")


@BOTH
@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        signal.SIGHUP,
        signal.SIGUSR1,
        signal.SIGINT,
        signal.SIGALRM,
        signal.SIGABRT,
        signal.SIGRTMIN,
    ],
)
def test_a_signal_sent_to_us_reaches_the_command(ready, way, number):
    """`kill` of the process that was started is `kill` of the command, which may do something about it."""
    child = (
        f"import signal, sys, time\nsignal.signal({int(number)}, lambda *_: sys.exit(42))\n"
        "print('up', flush=True)\nwhile True: time.sleep(0.1)\n"  # pause() would miss one that comes just before it
    )
    process = ready.start("exec", *way, "dev", "--", sys.executable, "-c", child)
    assert process.stdout.readline() == b"up\n"
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (42, b"")


@BOTH
def test_in_the_background(ready, way):
    """`&` of a script, where SIGINT is ignored: the command runs, ignores it too, and `wait` has its exit code."""
    script = (
        f"{COMMAND} exec {' '.join(way)} dev -- {sys.executable} -c "
        '"import signal; print(signal.getsignal(2) is signal.SIG_IGN); exit(7)" & wait $!; echo "$?"'
    )
    done = subprocess.run(
        ["sh", "-c", script], env=ready.env, capture_output=True, timeout=PATIENCE, check=False
    )
    assert done.stdout.split() == [b"True", b"7"]


@pytest.mark.parametrize("way", ["", "--server"], ids=["plain", "server"])
def test_a_nest_of_three(ready, aws, way):
    """dev in shared-services in prod: the innermost wins, in its environment and in AWS's eyes."""
    who = (
        f"{sys.executable} -c \"import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])\"; "
        'echo "$AWSVAULT_PROFILE $AWS_REGION"'
    )
    nested = [
        "exec",
        *way.split(),
        "shared-services",
        "--",
        COMMAND,
        "exec",
        *way.split(),
        "dev",
        "--",
        "sh",
        "-c",
        who,
    ]
    held = {"AWSVAULT_PASSPHRASE": None, "AWSVAULT_PASSPHRASE_FILE": None}
    secret = os.path.join(ready.root, "passphrase")
    with open(secret, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(PASSPHRASE)
    # The children have no way to the passphrase, so a command gives it: config.toml is read by each of them.
    ready.settings(f'passphrase_command = ["cat", "{secret}"]\n')
    done = run(ready, *way.split(), "prod", "--", COMMAND, *nested, **held)
    assert done.returncode == 0, done.stderr
    arn, place = done.stdout.splitlines()
    assert arn.startswith("arn:aws:sts::222222222222:assumed-role/DeveloperRole/")
    assert place == "dev us-west-2"
    assert done.stderr == ""  # where one is, is said on a terminal only


def test_options_end_where_the_command_begins(ready):
    """What follows --, or the first word of the command, is never an option of exec."""
    assert run(ready, "dev", "--", "echo", "--server").stdout == "--server\n"
    assert run(ready, "dev", "echo", "-x").stdout == "-x\n"
    failed(run(ready, "dev", "echo", "--", "x"), 2, "'echo'")
    failed(run(ready, "dev", "--nope", "--", "x"), 2, "--nope")


def test_an_unknown_profile_runs_nothing(ready):
    """The command is not started where there are no credentials for it."""
    failed(run(ready, "prdo", "--", "touch", ready.file("ran")), 5, "prod")
    assert not os.path.exists(ready.file("ran"))


def test_the_server_serves_no_key_that_never_ends(ready):
    """A long-lived key has no expiry, which SDKs demand of an endpoint."""
    failed(run(ready, "--server", "--no-session", "shared-services", "--", "true"), 2, "--server")


def test_the_server_ends_with_its_command(ready):
    """Nothing listens any more once the command has ended, whatever the command left behind."""
    done = run(
        ready,
        "--server",
        "dev",
        "--",
        "sh",
        "-c",
        'sleep 300 >/dev/null 2>&1 & echo "$! $AWS_CONTAINER_CREDENTIALS_FULL_URI"',
    )
    left, url = done.stdout.split()
    try:
        port = int(url.split(":")[2].split("/")[0])
        import socket

        with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
            probe.connect(("127.0.0.1", port))
    finally:
        os.kill(int(left), signal.SIGKILL)


@BOTH
def test_exec_costs_no_more_than_its_export(ready, aws, way):
    """One MFA session and one role, both from the cache the second time."""
    for _ in range(2):
        assert run(ready, *way, "dev", "--", "true").returncode == 0
    assert aws.calls.actions() == ["GetSessionToken", "AssumeRole"]


def test_a_stopped_command_stops_us_and_goes_on_with_us(ready):
    """--server: SIGSTOP of the command stops the job that the caller sees; SIGCONT to us is SIGCONT to it."""
    child = "import os, signal; print(os.getpid(), flush=True); os.kill(os.getpid(), signal.SIGSTOP); print('on', flush=True)"
    process = ready.start("exec", "--server", "dev", "--", sys.executable, "-c", child)
    process.stdout.readline()
    ends = time.monotonic() + PATIENCE
    while _state(process.pid) != "T":
        assert time.monotonic() < ends
        time.sleep(0.02)
    process.send_signal(signal.SIGCONT)
    out, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (0, b"on\n")


def _state(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]
