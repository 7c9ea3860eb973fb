"""The agent as a process beside a user's exports: what each may cost, and what no mishap may break."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from tests.home import failed, uncounted
from tests.patience import PATIENCE
from tests.terminal_user import Terminal
from tests.unit.agent.at_home import (
    UNLOCK,
    at_once,
    pid_of,
    reach,
    socket_of,
    stop,
    told,
    unlock,
    until,
    with_agent,
)

pytestmark = pytest.mark.usefixtures("unmeasured")

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


@pytest.fixture
def home(tmp_path_factory, aws):
    from tests.home import Home

    made = with_agent(Home(tmp_path_factory.mktemp("h"), url=aws.url))
    yield made
    stop(made)


def export(home, profile="dev", **env):
    return home.export(profile, **env)["AccessKeyId"]


def modules_after(home, *argv):
    """The modules in a process of awsvault-py at its end, without those of an interpreter that does nothing."""
    seen, script = home.root + "/modules", os.path.join(ROOT, "scripts", "awsvault-py")
    prelude = (
        f"import os, sys; sys.path.insert(0, {ROOT!r}); sys.path.insert(0, ''); me = os.getpid(); base = set(sys.modules); leave = os._exit; out = os.open({seen!r}, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)\n"
        "def end(code):\n"
        "    os.getpid() == me and os.write(out, '\\n'.join(sorted(set(sys.modules) - base)).encode()); leave(code)\n"
        "os._exit = end\n"
        f"sys.argv = ['awsvault-py', *{list(argv)!r}]\n"
        f"exec(compile(open({script!r}).read(), {script!r}, 'exec'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", prelude], env=uncounted(home.env), capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    with open(seen, encoding="utf-8") as file:
        return json.loads(done.stdout), set(file.read().split())


def test_a_warm_export_imports_only_its_list(home):
    """The imports of the warm path are compared with its list, module by module."""
    unlock(home)
    export(home)
    _, modules = modules_after(home, "export", "dev")
    # an installed wheel has a copy of vault/warm.py as a module of its own (hatch_build.py)
    assert modules in ({"_socket", "vault", "vault.warm"}, {"_socket", "awsvault_warm"})


# cryptography's one library, and small modules of Python's: a module more must be put here to be allowed. Neither typing
# nor enum, re, contextlib, base64 or json: each takes a good part of the time in which Python itself starts.
WITH_A_DISK_HIT = {
    *("cryptography", "cffi_backend", "openssl", "awsvault_warm"),
    *("_future__", "binascii", "errno", "fcntl", "gc", "operator", "sha2", "sha256", "socket"),
    *("types", "warnings"),
}  # fmt: skip
ROOMS_OF_A_DISK_HIT = {"vault." + name for name in (
    "__main__", "agent", "cache", "cli", "crypto", "credentials", "errors", "limits", "records", "secret", "system", "text", "unlocking", "warm",
)}  # fmt: skip


def test_a_disk_hit_imports_no_vault_no_sdk_and_no_click(home):
    """With the cache key available nothing heavy is loaded, and nothing of the vault's format or AWS's files is read."""
    unlock(home)
    first = export(home)
    agent = reach(home)
    agent.ask("DROP_SESSIONS", profile="")
    agent.close()
    answer, modules = modules_after(home, "export", "dev")
    assert answer["AccessKeyId"] == first
    foreign = {name.partition(".")[0].removeprefix("_") for name in modules} - {"vault"}
    assert foreign <= WITH_A_DISK_HIT, sorted(foreign - WITH_A_DISK_HIT)
    rooms = {".".join(name.split(".")[:2]) for name in modules if name.startswith("vault.")}
    assert rooms <= ROOMS_OF_A_DISK_HIT, sorted(rooms - ROOMS_OF_A_DISK_HIT)
    assert "cryptography.hazmat.primitives" not in modules  # every cipher
    assert {m for m in modules if m.startswith(("vault.credentials.", "vault.unlocking.", "vault.cli."))} == {
        *(
            "vault.cli.exits",
            "vault.cli.disk_export",
            "vault.unlocking.manual_lock",
            "vault.unlocking.cache_key",
            "vault.credentials.disk_hit",
        ),
    }


def test_the_first_export_with_a_passphrase_command_starts_the_agent(home, tmp_path):
    """The passphrase command opens the vault once; from then on the agent answers."""
    secret = tmp_path / "secret"
    secret.write_text(UNLOCK["AWSVAULT_PASSPHRASE"])
    first = export(home, AWSVAULT_PASSPHRASE_COMMAND=f"cat {secret}")
    until(lambda: told(home).get("total") == 1)
    assert export(home) == first
    assert export(home, "prod")


def test_a_passphrase_is_typed_once_a_day(home):
    """One export asks at the terminal; the agent answers every later one, from anywhere."""
    person = Terminal(home, "export", "dev")
    person.answers("Passphrase: ", UNLOCK["AWSVAULT_PASSPHRASE"])
    assert person.ends() == 0
    until(lambda: told(home).get("total") == 1)
    assert export(home) in person.shown
    assert export(home, "prod")


def test_agent_off_in_the_settings_starts_no_agent(home):
    """A typed passphrase then serves one run only."""
    home.settings("agent = 'off'\n")
    person = Terminal(home, "export", "dev")
    person.answers("Passphrase: ", UNLOCK["AWSVAULT_PASSPHRASE"])
    assert person.ends() == 0
    assert not os.path.exists(socket_of(home))
    failed(home.run("export", "dev"), 3, "agent (switched off)")


@pytest.mark.parametrize("off", [{"AWSVAULT_AGENT": "off"}, {}])
def test_a_passphrase_of_one_run_starts_no_agent(home, off):
    """A variable opens the vault for one run, not for the hours after it; and off is off."""
    export(home, **UNLOCK, **off)
    time.sleep(0.3)
    assert not os.path.exists(socket_of(home))
    failed(home.run("export", "dev"), 3, "locked")


def test_a_thousand_exports_in_a_row_and_two_hundred_at_once(home, aws):
    """No failure, no call to AWS, and an agent that does not grow."""
    home.env = uncounted(home.env)
    unlock(home)
    keys = {profile: export(home, profile) for profile in ("dev", "prod")}
    at_once(home, 20, "dev", "prod")
    before, calls = memory(pid_of(home)), len(aws.calls)
    for _ in range(250):
        assert export(home) == keys["dev"]
    done = at_once(home, 200, "dev", "prod")
    assert {(d.returncode, d.stderr) for d in done} == {(0, b"")}
    assert {json.loads(d.stdout)["AccessKeyId"] for d in done} == set(keys.values())
    serve_many(home, 750)
    assert len(aws.calls) == calls
    assert (
        memory(pid_of(home)) <= before + 1024
    )  # KiB: buffers for 200 at once; 1,200 kept sessions are twice that


def serve_many(home, count):
    """The rest of the thousand over the socket, as the warm export asks: starting Python 750 times would show nothing more."""
    from tests.unit.agent.serving import export_request
    from vault.system.paths import fingerprint, from_env

    request = export_request("dev", fingerprint(home.env, paths=from_env(home.env)))
    for _ in range(count):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(socket_of(home))
            sock.sendall(request)
            assert sock.recv(70_000)[4:5] == b"{"


def memory(pid):
    """KiB of memory that only this process uses."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return sum(
            int(line.split()[1]) for line in file if line.startswith(("Private_Dirty:", "Private_Clean:"))
        )


def test_sixty_cold_exports_at_once(home, aws, tmp_path):
    """Nothing is cached and no agent runs: one MFA session, one call for each role, and the agent has both sessions afterwards."""
    home.env = uncounted(home.env)
    secret = tmp_path / "secret"
    secret.write_text(UNLOCK["AWSVAULT_PASSPHRASE"])
    done = at_once(home, 60, "dev", "prod", AWSVAULT_PASSPHRASE_COMMAND=f"cat {secret}")
    assert {(d.returncode, d.stderr) for d in done} == {(0, b"")}
    assert len({json.loads(d.stdout)["AccessKeyId"] for d in done}) == 2
    assert sorted(c.action for c in aws.calls) == ["AssumeRole", "AssumeRole", "GetSessionToken"]
    until(lambda: told(home).get("total") == 2)


def test_a_chain_of_eight_hops_is_answered_warm(home, aws):
    """Cold, each hop is one call, shared with the shorter chains; warm, no call is made."""
    text, source = (
        "[profile shared-services]\nregion = us-east-1\nmfa_serial = arn:aws:iam::111111111111:mfa/yourself\n",
        "shared-services",
    )
    for hop in range(1, 9):
        text += f"[profile hop{hop}]\nregion = us-east-1\nawsvault_role_arn = arn:aws:iam::222222222222:role/Hop{hop}\nawsvault_source_profile = {source}\n"
        source = f"hop{hop}"
    with open(home.config_path, "w", encoding="utf-8") as file:
        file.write(text)
    unlock(home)
    keys = [export(home, f"hop{hop}") for hop in (8, 4, 1)]
    assert len(set(keys)) == 3
    assert [c.action for c in aws.calls] == ["GetSessionToken"] + 8 * ["AssumeRole"]
    assert [export(home, f"hop{hop}") for hop in (8, 4, 1)] == keys
    assert len(aws.calls) == 9


def test_an_export_inside_an_exec_is_answered_warm(home):
    """The region of the inner profile does not change what the outer one is asked for: the agent answers there too."""
    unlock(home)
    key = export(home, "prod")
    show = [sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"]
    inside = json.loads(home.run("exec", "dev", "--", *show).stdout)
    assert (inside["AWSVAULT_PROFILE"], inside["AWS_REGION"]) == ("dev", "us-west-2")
    ask = "import os\nfrom vault import warm\nos.write(1, warm.ask(['export', 'prod'], os.environ) or b'{}')"
    done = subprocess.run([sys.executable, "-c", ask], env=inside, capture_output=True, check=True)
    assert json.loads(done.stdout).get("AccessKeyId") == key


def test_lock_holds_until_unlock(home):
    """After lock, an export exits 3 whatever else could open the vault; after unlock it is warm again."""
    unlock(home)
    export(home)
    assert home.run("lock").returncode == 0
    for env in ({}, UNLOCK, {**UNLOCK, "AWSVAULT_AGENT": "off"}):
        failed(home.run("export", "dev", **env), 3, "you ran awsvault-py lock", "awsvault-py unlock")
    assert json.loads(home.run("status", "--json").stdout)["state"] == "held"
    os.kill(pid_of(home), signal.SIGKILL)
    failed(home.run("export", "dev", **UNLOCK), 3)
    unlock(home)
    assert export(home)


def test_after_a_time_limit_the_vault_can_be_opened_again(home):
    """agent_idle and agent_max reach the agent; after a limit, a slot that needs no prompt opens the vault again."""
    home.settings("agent_idle = 3600\nagent_max = 7200\n")
    unlock(home)
    first, left = export(home), told(home)
    assert 3500 < left["idle_left"] <= 3600 < 7100 < left["hard_left"] <= 7200
    agent = reach(home)
    assert agent.ask("LOCK", hold=False)["ok"]  # what a limit does, to the second in test_server
    agent.close()
    failed(home.run("export", "dev"), 3, "the vault is locked; tried agent")
    assert export(home, **UNLOCK) == first


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("change", ["config", "credentials", "vault", "settings", "region"])
def test_the_next_export_notices_a_change(home, change, aws):
    """A change that may affect the answer makes the warm session a miss at once."""
    unlock(home)
    export(home)
    calls = len(aws.calls)
    env = {}
    if change == "config":
        with open(home.config_path, encoding="utf-8") as file:
            text = file.read()
        with open(home.config_path, "w", encoding="utf-8") as file:
            file.write(text.replace("222222222222:role/DeveloperRole", "333333333333:role/ReadOnlyRole"))
    elif change == "credentials":
        with open(os.path.dirname(home.config_path) + "/credentials", "w", encoding="utf-8") as file:
            file.write("[dev\n")
    elif change == "vault":
        assert home.run("remove", "shared-services", "--yes", **UNLOCK).returncode == 0
    elif change == "settings":
        home.settings("nonsense = 1\n")
    else:
        env = {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"}
    done = home.run("export", "dev", **env)
    if change == "config":
        assert json.loads(done.stdout)["AccountId"] == "333333333333"
        assert len(aws.calls) == calls + 1
    else:
        assert done.returncode in (6, 8), (done.stdout, done.stderr)


def test_refresh_ahead_of_expiry(home, aws):
    """A session near its margin is printed at once and refreshed once beside it; one that nobody asks for is not."""
    unlock(home)
    first = export(home)
    export(home, "prod")
    age(home, "dev", "prod")
    calls = len(aws.calls)
    shown = {json.loads(d.stdout)["AccessKeyId"] for d in at_once(home, 10, "dev")}
    until(lambda: export(home) != first)
    assert first in shown
    assert shown <= {first, export(home)}  # on a busy machine the refresh may be done before the tenth asks
    time.sleep(0.3)
    assert [c.action for c in aws.calls][calls:] == ["AssumeRole"]


def test_python_m_vault_is_warm_and_refreshes_too(home):
    """The module run by Python does what the installed command does."""
    unlock(home)
    first = export(home)

    def run():
        command = [sys.executable, "-m", "vault", "export", "dev"]
        done = subprocess.run(
            command, env=home.env, cwd=ROOT, capture_output=True, timeout=PATIENCE, check=True
        )
        assert done.stderr == b""
        return json.loads(done.stdout)["AccessKeyId"]

    assert run() == first
    age(home, "dev")
    assert run() == first
    until(lambda: run() != first)


def test_a_refresh_reads_the_callers_config_file(home, monkeypatch):
    """AWS_CONFIG_FILE may be relative to the caller's folder: the refresh beside it runs in the same folder."""
    monkeypatch.chdir(home.root)
    home.env["AWS_CONFIG_FILE"] = ".aws/config"
    unlock(home)
    first = export(home)
    age(home, "dev")
    assert export(home) == first
    until(lambda: export(home) != first)


def test_a_relative_awsvault_home_is_found(home, monkeypatch):
    """AWSVAULT_HOME may be relative: the agent, which runs in another folder, is found each time."""
    monkeypatch.chdir(home.root)
    home.env["AWSVAULT_HOME"] = "vault"
    unlock(home)
    assert pid_of(home) > 0
    assert export(home).startswith("ASIA")


def age(home, *profiles):
    """Make the sessions of these profiles, on disk and in the agent, as old as ones that are due in a moment."""
    from vault.cache.entries import Cache, Cached
    from vault.system.paths import fingerprint, from_env

    agent = reach(home)
    key, places = agent.cache_key(), from_env(home.env)
    cache = Cache.open(places.sessions, cache_key=key.key, vault_id=key.vault_id)
    seen = fingerprint(home.env, paths=places)
    for profile in profiles:
        digest = cache.alias(profile, seen)
        now = int(time.time())
        old = Cached(now - 2300, now + 1300, cache.get(digest).body)
        cache.put(digest, old)
        assert agent.put_session(profile, seen, old.body, issued=old.issued, expires=old.expires)
    agent.close()
