"""``export`` and a tired person: each mistake has its exit code, a named cause and a hint, and nothing on stdout."""

import os
import pty
import select
import subprocess

import pytest

from tests.fakes.example import role
from tests.faults.campaign import build
from tests.home import COMMAND, PASSPHRASE, SCENARIO, Home, failed, uncounted
from tests.patience import PATIENCE


@pytest.fixture
def ready(home):
    home.scenario()
    home.make_vault()
    return home


def test_an_unknown_profile_is_met_with_the_nearest_name(ready):
    """A slip of the finger: the profile that was meant is named."""
    failed(ready.run("export", "prdo"), 5, "prdo", "prod")


def test_an_unknown_profile_is_said_before_a_passphrase_is_asked_for(ready):
    """A locked vault does not hide a typing error."""
    failed(ready.run("export", "prdo", AWSVAULT_PASSPHRASE=None), 5, "prod")


@pytest.mark.parametrize(
    ("text", "profile", "said"),
    [
        ("[profile a]\nrole_arn=R\nsource_profile=b\n[profile b]\nrole_arn=R\nsource_profile=a\n", "a", ["a -> b -> a", "config:"]),
        ("[profile a]\nrole_arn=R\nsource_profile=sharde\n[profile shared]\nregion=x\n", "a", ["'sharde'", "config:3", "shared"]),
        ("[profile a]\nrole_arn=R\n", "a", ["config:2", "source_profile"]),
        ("[profile a]\nrole_arn=R\nsource_profile=b\ncredential_source=Environment\n", "a", ["both"]),
        ("[profile a]\nrole_arn=R\nsource_profile=dev\nduration_seconds=soon\n", "a", ["config:4", "'soon'"]),
        ("[profile a]\nrole_arn=arn:aws:iam::1:user/x\nsource_profile=dev\n", "a", ["config:2", "role/NAME"]),
        ("[profile a]\nthis line has no sign\n", "a", ["config:2"]),
    ],
    ids=["loop", "missing source", "no source", "both sources", "number", "role ARN", "no equals"],
)  # fmt: skip
def test_a_wrong_config_is_named_with_file_and_line(ready, text, profile, said):
    """Each mistake in AWS's file is exit 6 with its place, and no call is made."""
    ready.config(text + SCENARIO)
    failed(ready.run("export", profile), 6, *said)


def test_a_config_that_is_not_utf8_is_named(ready):
    """Bytes of another encoding: the file and the line are said."""
    with open(ready.config_path, "wb") as file:
        file.write(b"[profile dev]\nregion = us-east-1\n# caf\xe9\n")
    failed(ready.run("export", "dev"), 6, "config:3", "UTF-8")


def test_a_bom_is_taken_and_duplicates_merge(ready):
    """What AWS's specification allows is read: a BOM, and a section twice (the last value wins)."""
    text = SCENARIO.replace("{command}", COMMAND)
    with open(ready.config_path, "wb") as file:
        file.write(b"\xef\xbb\xbf" + text.encode() + b"\n[profile dev]\nregion = eu-central-1\n")
    assert "eu-central-1" in ready.run("export", "dev", "--format", "env").stdout


def test_aws_refusing_a_role_names_it(ready):
    """AccessDenied: the role and who asked, exit 7."""
    ready.config(
        SCENARIO + f"[profile closed]\nrole_arn = {role('ClosedRole')}\nsource_profile = shared-services\n"
    )
    failed(ready.run("export", "closed"), 7, "closed", "ClosedRole", "shared-services", "AccessDenied")


def test_sts_not_reached(ready):
    """A dead endpoint is exit 8 and names the address."""
    failed(ready.run("export", "dev", AWS_ENDPOINT_URL="http://127.0.0.1:9"), 8, "127.0.0.1:9")


def test_plain_http_beyond_this_machine_is_refused(ready):
    """A signed request is not sent in plaintext over a network."""
    failed(
        ready.run("export", "dev", AWS_ENDPOINT_URL="http://sts.example.internal"),
        6,
        "AWS_ENDPOINT_URL: endpoint http://sts.example.internal uses plain http",
        "allow_http",
    )
    with open(ready.config_path, "a", encoding="utf-8") as file:
        file.write(
            "[profile clear]\nawsvault_credential = shared-services\nendpoint_url = http://sts.example.internal\n"
        )
    with open(ready.config_path, encoding="utf-8") as file:
        line = len(file.read().splitlines())
    done = ready.run("export", "clear", AWS_ENDPOINT_URL=None)
    failed(done, 6, f".aws/config:{line}: endpoint http://sts.example.internal uses plain http")


def test_a_wrong_passphrase(ready):
    """Exit 4, and where the passphrase came from."""
    failed(ready.run("export", "dev", AWSVAULT_PASSPHRASE="a wrong passphrase"), 4, "AWSVAULT_PASSPHRASE")


def test_locked_and_nobody_to_ask(ready):
    """Exit 3, what was tried, and how to open it without an agent."""
    failed(ready.run("export", "dev", AWSVAULT_PASSPHRASE=None), 3, "locked", "AWSVAULT_PASSPHRASE_FILE")


def test_no_vault_yet(home):
    """Exit 5 and the way to make one."""
    home.scenario()
    failed(home.run("export", "dev"), 5, "no vault", "awsvault-py")


def test_a_damaged_vault(ready):
    """One flipped bit is exit 9."""
    path = ready.file("vault.avlt")
    with open(path, "rb") as file:
        content = bytearray(file.read())
    content[-1] ^= 1
    with open(path, "wb") as file:
        file.write(content)
    failed(ready.run("export", "dev"), 9, "vault.avlt")


def test_a_rolled_back_vault(ready):
    """An older copy put in place is exit 9 and says how to accept it."""
    path = ready.file("vault.avlt")
    with open(path, "rb") as file:
        old = file.read()
    from tests.vaults import entry, soon
    from vault.secret import Secret
    from vault.store import vault
    from vault.system.paths import from_env

    paths = from_env(ready.env)
    opened = vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon())
    vault.edit(paths, opened.k_main, lambda p: p.with_entry("other", entry()), deadline=soon())
    with open(path, "wb") as file:
        file.write(old)
    failed(ready.run("export", "dev"), 9, "restore --accept")


def test_a_folder_open_to_others(ready):
    """A vault folder that others can read is exit 6 with the command that closes it."""
    os.chmod(ready.awsvault_home, 0o755)
    failed(ready.run("export", "dev"), 6, "open to other users", "chmod 700")


@pytest.fixture
def full(ready, tmp_path):
    """``full(FOLDER)``: the variables that make one of our folders a disk without space."""
    shim = build(str(tmp_path), "full")
    return lambda folder: {"LD_PRELOAD": shim, "FULL_UNDER": folder}


def test_a_full_disk_costs_no_export(ready, full):
    """Where the cache cannot be written the credentials are still given."""
    sessions = ready.file("sessions")
    assert ready.export("shared-services", **full(sessions))["AccountId"] == "111111111111"
    assert not os.path.exists(sessions) or os.listdir(sessions) == []


def test_a_full_disk_is_named_where_a_file_must_be_written(ready, aws, full):
    """No code is sent that the ledger could not remember; the vault stays as it was. What only reads goes on."""
    failed(
        ready.run("export", "dev", **full(ready.file("state"))),
        6,
        "no space left on the disk",
        "free some disk space",
    )
    assert len(aws.calls) == 0
    full_vault = full(ready.awsvault_home)
    failed(
        ready.run("mfa", "remove", "shared-services", "--yes", **full_vault), 6, "no space left on the disk"
    )
    assert ready.run("list", **full_vault).returncode == 0


def test_usage_mistakes_are_exit_2(ready):
    """An unknown option, a missing profile, a wrong duration: two lines and nothing on stdout."""
    failed(ready.run("export"), 2)
    failed(ready.run("export", "dev", "--nope"), 2, "--nope")
    failed(ready.run("export", "dev", "--duration", "soon"), 2, "soon")
    failed(ready.run("export", "dev", "--mfa-code", "12"), 2, "6 digits")


def test_hostile_names_do_not_reach_the_terminal(ready):
    """A profile name with escapes, bidi controls or a line end comes back escaped, in ASCII."""
    for name in ("\x1b[31mred", "a\u202eb", "new\nline", "x" * 5000, "-x", "$(id)", "../x"):
        done = ready.run("export", "--", name)
        failed(done, 5)
        assert len(done.stderr) < 2000


def test_a_locked_export_does_not_wait_on_a_terminal_it_does_not_own(ready):
    """With a terminal but AWSVAULT_PROMPT=none nothing is asked."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, "export", "dev"], stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=ready.with_env({"AWSVAULT_PASSPHRASE": None}), start_new_session=True,
    )  # fmt: skip
    out, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (3, b"")
    assert not select.select([master], [], [], 0)[0]
    os.close(master)
    os.close(slave)


def test_the_passphrase_is_not_passed_on(ready):
    """A foreign program that we run (mfa_process) sees none of our variables."""
    seen = os.path.join(ready.root, "seen")
    script = os.path.join(ready.root, "code.sh")
    with open(script, "w") as file:
        file.write(f"#!/bin/sh\nenv > {seen}\nexit 1\n")
    os.chmod(script, 0o700)
    home = Home(os.path.join(ready.root, "second"), url=ready.env["AWS_ENDPOINT_URL"])
    home.config(SCENARIO.replace("region = us-east-1", f"region = us-east-1\nmfa_process = {script}"))
    home.make_vault(seed=None)
    failed(home.run("export", "dev"), 3, "mfa_process")
    with open(seen) as file:
        assert "AWSVAULT_" not in file.read()


@pytest.mark.parametrize("place", [">&-", ">out"])
def test_a_stdout_that_takes_nothing_is_named(ready, place):
    """Closed by the caller, or a file under a limit of none: no bug of the program, whichever way the answer is printed."""
    ready.export("dev")
    for words in ("export dev", "export dev --format env", "list"):
        done = subprocess.run(
            ["/bin/sh", "-c", f'cd "$HOME" && ulimit -f 0 && exec "$0" {words} {place}', COMMAND],
            env=uncounted(ready.env), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE,
            check=False,
        )  # fmt: skip  # no measurement could be written under that limit
        if (words, place) == (
            "list",
            ">&-",
        ):  # nothing to print to is how a script asks for the exit code alone
            assert (done.returncode, done.stderr) == (0, "")
            continue
        failed(done, 6, "standard output")


@pytest.mark.parametrize(
    "wrong",
    [{"AWS_ENDPOINT_URL": "nowhere"}, {"AWS_ENDPOINT_URL": "https://sts.example.test", "HTTPS_PROXY": "socks5://127.0.0.1:1"},
     {"AWS_ENDPOINT_URL": "https://127.0.0.1:9", "AWS_CA_BUNDLE": "/nowhere"}],
)  # fmt: skip
def test_what_no_call_can_be_made_with_costs_no_code(ready, wrong):
    """The mistake is reported before a code is taken, so the next run with the mistake fixed has it."""
    failed(ready.run("export", "dev", **wrong), 6)
    state = ready.file("state")
    assert not [name for name in os.listdir(state) if name.startswith("mfa-")]
    ready.export("dev")
