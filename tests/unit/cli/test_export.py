"""``export`` as SDKs run it: one JSON object or nothing, never stdin, never a hang, and each mistake named."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.fakes.example import KEY_ID, SECRET, SEED, role
from tests.home import COMMAND, PASSPHRASE
from tests.patience import PATIENCE

pytestmark = pytest.mark.usefixtures("unmeasured", "clock")


@pytest.fixture
def ready(home):
    home.scenario()
    home.make_vault()
    return home


def test_success_is_one_object_on_stdout_and_nothing_on_stderr(ready):
    """The line has every key that SDKs ask for, in order, ASCII, with whole seconds of UTC."""
    done = ready.run("export", "dev")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("}\n")
    assert done.stdout.count("\n") == 1
    assert done.stdout.isascii()
    found = json.loads(done.stdout)
    assert list(found) == [
        "Version",
        "AccessKeyId",
        "SecretAccessKey",
        "SessionToken",
        "Expiration",
        "AccountId",
    ]
    assert found["Version"] == 1
    assert found["AccountId"] == "222222222222"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["Expiration"])


def test_the_answer_is_one_write(ready):
    """strace counts the writes to stdout: one, from the cache and from STS alike."""
    for _ in range(2):
        log = os.path.join(ready.root, "strace")
        done = subprocess.run(
            ["strace", "-f", "-e", "trace=write,read", "-e", "signal=none", "-o", log, COMMAND, "export", "dev"],
            capture_output=True, env=ready.env, timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        with open(log) as file:
            lines = file.read().splitlines()
        assert sum("write(1," in line for line in lines) == 1
        assert not any("write(2," in line for line in lines)
        assert not any("read(0," in line for line in lines)


def test_stdin_is_left_alone(ready):
    """What the caller's stdin holds is still there after an export, a good one and a failing one."""
    for profile in ("dev", "nope"):
        reader, writer = os.pipe()
        os.write(writer, b"the caller's own data")
        os.close(writer)
        subprocess.run(
            [COMMAND, "export", profile],
            stdin=reader,
            capture_output=True,
            env=ready.env,
            timeout=PATIENCE,
            check=False,
        )
        assert os.read(reader, 100) == b"the caller's own data"
        os.close(reader)


def test_python_m_vault_works_too(ready):
    """The package runs as a module where the script is not on the PATH."""
    done = subprocess.run(
        [sys.executable, "-m", "vault", "export", "dev"],
        capture_output=True,
        env=ready.env,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["AccountId"] == "222222222222"


def test_sixty_at_once_on_a_cold_cache(ready, aws):
    """60 processes: none fails, one GetSessionToken, one AssumeRole a role, and one answer for each role."""
    running = [(p, ready.start("export", p)) for p in ("dev", "prod") * 30]
    answers = {"dev": set(), "prod": set()}
    for profile, process in running:
        out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err) == (0, b"")
        answers[profile].add(out)
    assert [len(found) for found in answers.values()] == [1, 1]
    assert aws.calls.count("GetSessionToken") == 1
    assert aws.calls.count("AssumeRole") == 2


def test_killing_the_one_in_flight_lets_another_take_over(ready, aws):
    """kill -9 of the process that talks to STS frees its locks: the next one finishes within two seconds of it."""
    before = time.monotonic()
    ready.run("whoami", "--help")
    one_run = time.monotonic() - before  # what the machine takes for a run at this moment
    pause = aws.faults.pause("GetSessionToken", "before")
    first = ready.start("export", "dev")
    assert pause.wait_reached()
    others = [ready.start("export", "dev") for _ in range(5)]
    time.sleep(1)
    asked = aws.calls.count("GetSessionToken")
    first.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    first.communicate(timeout=PATIENCE)
    while aws.calls.count("GetSessionToken") == asked:
        assert time.monotonic() - killed < PATIENCE, "nobody took over"
        time.sleep(0.02)
    took = time.monotonic() - killed
    pause.release()
    for process in others:
        out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err) == (0, b"")
        assert json.loads(out)["AccountId"] == "222222222222"
    # The code of the killed process was taken: the successor may wait for the next step's, which takes no time here.
    assert took < max(15, 10 * one_run)
    codes = aws.calls.codes()
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("action", ["GetSessionToken", "AssumeRole"])
def test_killing_a_call_without_a_code_lets_another_take_over_at_once(home, aws, action):
    """Where no code is needed the successor does not wait: the lock dies with its holder."""
    home.config(
        "[profile shared-services]\nregion = us-east-1\n[profile dev]\nregion = us-west-2\n"
        f"awsvault_role_arn = {role('OpenRole')}\nawsvault_source_profile = shared-services\n"
    )
    home.make_vault(serial=None, seed=None)
    before = time.monotonic()
    home.export("dev")
    one_run = time.monotonic() - before  # what the machine takes for a run at this moment
    assert home.run("clear", "dev").returncode == 0
    asked = aws.calls.count(action)
    pause = aws.faults.pause(action, "before")
    first = home.start("export", "dev")
    assert pause.wait_reached()
    others = [home.start("export", "dev") for _ in range(3)]
    time.sleep(3 * one_run)
    first.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    first.communicate(timeout=PATIENCE)
    while aws.calls.count(action) < asked + 2:
        assert time.monotonic() - killed < PATIENCE, "nobody took over"
        time.sleep(0.01)
    took = time.monotonic() - killed
    pause.release()
    for process in others:
        out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err) == (0, b"")
        assert json.loads(out)["AccountId"] == "222222222222"
    assert aws.calls.count(action) == asked + 2
    assert took < max(15, 10 * one_run)  # the lock is polled every tenth of a second


def files_under(folder):
    for where, _, names in os.walk(folder):
        for name in names:
            yield os.path.join(where, name)


def test_no_file_of_awsvault_py_has_plaintext(ready, aws):
    """No file, and no file's name, under our folder tells a secret, a seed, a key id, a profile or a token."""
    telling = [
        SECRET,
        SEED,
        KEY_ID,
        "shared-services",
        "prod",
        "DeveloperRole",
        "ClosedRole",
        "111111111111",
        "yourself",
        PASSPHRASE,
    ]
    for profile in ("dev", "prod", "shared-services"):
        found = ready.export(profile)
        telling += [found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]]
    with open(ready.config_path, "a") as file:
        file.write(f"[profile closed]\nrole_arn = {role('ClosedRole')}\nsource_profile = shared-services\n")
    assert ready.run("export", "closed").returncode == 7  # what is remembered of a failure has names in it
    seen = 0
    for path in files_under(ready.awsvault_home):
        with open(path, "rb") as file:
            content = file.read()
        seen += 1
        for word in telling:
            assert word.encode() not in content, (path, word)
            assert word not in os.path.relpath(path, ready.awsvault_home), path
    assert seen >= 9


def test_files_are_private_under_umask_zero(ready):
    """All files 0600, all folders 0700, though the caller's umask is 000."""
    old = os.umask(0)
    try:
        ready.export("dev")
    finally:
        os.umask(old)
    for where, folders, names in os.walk(ready.awsvault_home):
        for name in folders + names:
            mode = os.lstat(os.path.join(where, name)).st_mode & 0o7777
            assert mode == (0o700 if name in folders else 0o600), (name, oct(mode))


def test_fresh_duration_and_no_session(ready, aws):
    """--fresh is one new AssumeRole, --duration an answer of its own beside the cached one, --no-session the key itself."""
    first = ready.export("dev")
    fresh = ready.export("dev", "--fresh")
    assert fresh["SessionToken"] != first["SessionToken"]
    assert ready.export("dev") == fresh
    short = ready.export("dev", "--duration", "15m")
    assert short["Expiration"] < fresh["Expiration"]
    assert ready.export("dev", "--duration", "900") == short
    assert ready.export("dev") == fresh
    assert aws.calls.actions() == ["GetSessionToken", *["AssumeRole"] * 3]
    assert [call.parameters.get("DurationSeconds") for call in aws.calls.of("AssumeRole")] == [
        None,
        None,
        "900",
    ]
    whole = json.dumps({"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET})
    assert ready.run("add", "shared-services", "--replace", "--stdin", stdin=whole).returncode == 0
    key = ready.export("shared-services", "--no-session")  # its account is known since `add` asked AWS
    assert list(key) == ["Version", "AccessKeyId", "SecretAccessKey", "AccountId"]
    assert (key["AccessKeyId"], key["SecretAccessKey"]) == (KEY_ID, SECRET)


def test_a_code_of_ones_own(home, aws):
    """--mfa-code where no seed is stored: used once, for the session that every role shares."""
    home.scenario()
    home.make_vault(seed=None)
    assert home.export("dev", "--mfa-code", aws.code())["AccountId"] == "222222222222"
    assert home.export("prod")["AccountId"] == "333333333333"
    assert len(aws.calls.codes()) == 1
