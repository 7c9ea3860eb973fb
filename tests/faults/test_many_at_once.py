"""Many processes at once: codes for thirty long roles, and exports while the key beneath them is replaced."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fakes.example import DEV, SHARED, role
from tests.patience import PATIENCE
from vault.system import locks
from vault.system.clock import Deadline
from vault.system.files import Folder

pytestmark = pytest.mark.usefixtures("unmeasured")

BOUND = 50.0  # seconds: the one deadline of an export
EXPORTERS = 20
START_ALL = 25.0  # seconds: what thirty interpreters on two cores may take beside it


def long_roles(home, aws, count):
    """Profiles long0… of roles that last twelve hours, each with a code of its own."""
    home.scenario()
    with open(home.config_path, "a", encoding="utf-8") as config:
        for n in range(count):
            aws.world.add_role(
                role(f"Long{n}"), trusts=(f"arn:aws:iam::{SHARED}:root",), mfa=True, max_session=43200
            )
            config.write(
                f"[profile long{n}]\nawsvault_role_arn = {role(f'Long{n}')}\nduration_seconds = 43200\n"
                "awsvault_source_profile = shared-services\n"
                "mfa_serial = arn:aws:iam::111111111111:mfa/yourself\n"
            )


def at_once(home, profiles):
    """Export them all at once: (exit code, stdout, stderr, seconds) of each."""

    def one(profile):
        began = time.monotonic()
        done = home.run("export", profile)
        return done.returncode, done.stdout, done.stderr, time.monotonic() - began

    with ThreadPoolExecutor(len(profiles)) as pool:
        return list(pool.map(one, profiles))


def test_thirty_long_roles_at_once_never_share_a_code(home, aws):
    """Thirty roles that would each want a code: none fails, none outlasts its bound, no code is sent twice or refused."""
    long_roles(home, aws, 30)
    home.make_vault()
    ended = at_once(home, [f"long{n}" for n in range(30)])
    assert [(code, err) for code, _, err, _ in ended if code] == []
    assert {json.loads(out)["AccountId"] for _, out, _, _ in ended} == {DEV}
    assert max(took for *_, took in ended) < BOUND + START_ALL
    codes = aws.calls.codes()
    assert len(codes) == len(set(codes)) <= 3
    assert not [call for call in aws.calls if call.result != "ok"]
    assert aws.calls.count("AssumeRole") == 30
    assert aws.calls.count("GetSessionToken") == 1


def test_argon2_runs_in_one_process_at_a_time(home):
    """Who wants to open the vault waits while another derives a key: a hundred at once would take a hundred times 64 MiB."""
    home.make_vault()
    began = time.monotonic()
    assert home.run("list", "--json").returncode == 0
    one_run = time.monotonic() - began  # what the machine takes for it at this moment
    with Folder.open(home.file("state")) as state:
        with locks.lock(state, "kdf.lock", deadline=Deadline.after(50)):
            waiting = home.start("list", "--json")
            time.sleep(1 + 3 * one_run)
            assert waiting.poll() is None, "it derived a key beside another"
        out, err = waiting.communicate(timeout=PATIENCE)
    assert (waiting.returncode, err) == (0, b"")
    assert b"shared-services" in out


@pytest.mark.usefixtures("clock")
def test_exports_go_on_while_the_key_is_replaced(home, aws):
    """Twenty exporters that never stop while ``rotate`` runs: not one fails, before, during or after the turn."""
    aws.world.new_key_delay, aws.world.new_key_flapping = 1.0, 1.0
    home.scenario()
    home.make_vault()
    over = threading.Event()

    def exporter(profile):
        """What each run said, as long as the rotation goes on, and once after it."""
        said = []
        while not over.is_set():
            fresh = ["--fresh"] if len(said) % 3 == 0 else []
            said.append(home.run("export", profile, *fresh))
        return [*said, home.run("export", profile)]

    with ThreadPoolExecutor(EXPORTERS) as pool:
        exporting = [pool.submit(exporter, "dev" if n % 2 else "prod") for n in range(EXPORTERS)]
        try:
            rotated = home.run("rotate", "--yes", "--delete-now")
        finally:
            over.set()
        runs = [one.result(PATIENCE) for one in exporting]
    assert rotated.returncode == 0, rotated.stderr
    assert [
        (one.returncode, one.stderr) for said in runs for one in said if one.returncode or one.stderr
    ] == []
    assert len(aws.world.keys_of(aws.world.user("yourself"))) == 1
