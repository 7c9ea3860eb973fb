"""`setup --sso` as a command: profiles of every role from the stand-in's lists, and back."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from tests.home import COMMAND, failed
from tests.patience import PATIENCE
from tests.signins import browser, config, visits
from tests.terminal_user import Terminal

pytestmark = pytest.mark.usefixtures("inside")

DEV, PROD = "222222222222", "333333333333"
PROFILE = (
    "[profile Acme-Dev/{role}]\ncredential_process = {command} export Acme-Dev/{role}\nawsvault_sso_session = corp\n"
    "awsvault_sso_account_id = 222222222222\nawsvault_sso_role_name = {role}\nawsvault_sso_generated = corp\n"
)


@pytest.fixture
def home(home, aws):
    """Signed in; three roles in two accounts, one of which has a hostile name."""
    home.config("# mine\n" + config())
    home.make_vault()
    aws.world.sso.assigned.clear()
    aws.world.sso.names.clear()
    aws.world.assign(DEV, "DeveloperRole", "Reader", account_name="Acme Dev")
    aws.world.assign(PROD, "Reader", account_name="Prod]\n[profile x]\x1b[2J\u202e")
    done = home.run("sso", "login", "corp", "--device")
    assert done.returncode == 0, done.stderr
    aws.calls.clear()
    return home


def text(home):
    with open(home.config_path, encoding="utf-8") as file:
        return file.read()


def setup(home, *more, code=0, **env):
    done = home.run("setup", "--sso", "corp", *more, **env)
    assert done.returncode == code, done.stderr
    return done


def names(home):
    return [line[9:-1] for line in text(home).splitlines() if line.startswith("[profile ")]


def test_a_profile_for_each_role(home, aws):
    """Names of AWS's reach file and terminal cleaned only; the profiles export; a second run changes nothing."""
    before = text(home)
    done = setup(home, "--yes")
    assert done.stdout.splitlines()[1].startswith(
        "Acme-Dev/Reader: new profile; credential_process, awsvault_sso_session"
    )
    assert "Set up: 3 profiles of corp. To undo: awsvault-py setup --undo --sso corp" in done.stderr
    assert not any(bad in done.stdout + done.stderr + text(home) for bad in ("\x1b", "\u202e"))
    assert text(home).startswith(before)
    for role in ("DeveloperRole", "Reader"):
        assert PROFILE.format(role=role, command=COMMAND) in text(home)
    assert names(home)[2:] == ["Acme-Dev/DeveloperRole", "Acme-Dev/Reader", "Prod-profile-x-2J/Reader"]
    assert home.export("Acme-Dev/Reader")["AccountId"] == DEV
    assert "To add it: awsvault-py setup --sso corp --region REGION" in done.stderr
    now = text(home)
    assert "Nothing to change: 3 profiles of corp." in setup(home, "--yes").stderr
    assert text(home) == now
    assert "--region" not in setup(home, "--region", "us-west-2", "--yes").stderr
    assert text(home).count("region = us-west-2\n") == 3


def test_dry_run_and_diff_change_nothing(home):
    """A line for each profile, or every changed line."""
    before = text(home)
    assert len(setup(home, "--dry-run").stdout.splitlines()) == 3
    assert "+awsvault_sso_role_name = DeveloperRole" in setup(home, "--dry-run", "--diff").stdout
    setup(home, code=10)
    assert text(home) == before
    failed(home.run("setup", "--sso", "corp", "--undo", "--yes"), 5, "there is no setup --sso corp to undo")


def test_filters_names_and_region(home, aws):
    """Patterns of account names, cleaned names, IDs and roles; accounts that are not wanted are not asked for."""
    setup(
        home,
        "--account",
        "Acme*",
        "--role",
        "R*",
        "--name",
        "{session}-{role}",
        "--region",
        "eu-west-1",
        "--yes",
    )
    assert names(home)[2:] == ["corp-Reader"]
    assert "[profile corp-Reader]\nregion = eu-west-1\ncredential_process" in text(home)
    assert [call.action for call in aws.calls] == ["ListAccounts", "ListAccountRoles"]
    setup(home, "--account", PROD, "--account", "Acme-D?v", "--yes")
    assert len(names(home)) == 6


def test_prune(home, aws):
    """A role that is gone goes with its profile; a filter says nothing about the other accounts."""
    setup(home, "--yes")
    del aws.world.sso.assigned[DEV]["Reader"]
    told = setup(home, "--dry-run").stderr
    assert "or that have another name now: 1." in told
    done = setup(home, "--prune", "--account", "Acme*", "--yes")
    assert done.stdout == "Acme-Dev/Reader: profile removed\n"
    assert names(home)[2:] == ["Acme-Dev/DeveloperRole", "Prod-profile-x-2J/Reader"]
    aws.world.sso.assigned.clear()
    setup(home, "--prune", "--yes")
    assert text(home) == "# mine\n" + config()


@pytest.mark.parametrize("how", ["429", "503", "401", "403"])
def test_after_an_incomplete_list_nothing_changes(home, aws, how):
    """Neither a new profile nor a removed one: the second account's roles are not known."""
    setup(home, "--account", "Acme*", "--yes")
    before = text(home)
    aws.world.sso.assigned[DEV] = {"New": None}
    if how == "401":
        aws.faults.add(
            "ListAccountRoles",
            "refuse",
            skip=1,
            times=None,
            code="UnauthorizedException",
            status=401,
            message="No",
        )
    elif how == "403":
        aws.faults.add(
            "ListAccountRoles",
            "refuse",
            skip=1,
            times=None,
            code="ForbiddenException",
            status=403,
            message="No",
        )
    else:
        aws.faults.add(
            "ListAccountRoles", {"429": "throttle-429", "503": "error-503"}[how], skip=1, times=None
        )
    done = home.run("setup", "--sso", "corp", "--prune", "--yes")
    failed(done, 7 if how.startswith("40") else 8)
    assert how not in ("401", "403") or "awsvault-py sso login corp" in done.stderr
    assert text(home) == before


def test_undo_is_of_its_own(home):
    """It takes back what --sso wrote, not another setup, and the other way round; later lines of the user stay."""
    before = text(home)
    setup(home, "--yes")
    with open(home.config_path, "a", encoding="utf-8") as file:
        file.write("[profile shared-services]\nregion = us-east-1\n")
    home.run("setup", "shared-services", "--yes")
    assert setup(home, "--undo", "--dry-run").stdout.count("-[profile Acme-Dev/") == 2
    setup(home, "--undo", "--yes")
    own = f"[profile shared-services]\nregion = us-east-1\ncredential_process = {COMMAND} export shared-services\n"
    assert text(home) == before + own
    failed(home.run("setup", "--undo", "--sso", "corp", "--yes"), 5, "there is no setup --sso corp to undo")
    assert home.run("setup", "--undo", "--yes").returncode == 0
    assert text(home) == before + own.replace(f"credential_process = {COMMAND} export shared-services\n", "")


def test_an_undo_without_the_session_names_it(home):
    """What the user wants to undo is of another kind."""
    failed(home.run("setup", "--undo", "--yes"), 5, "there is no setup to undo", "hint: the newest can be")
    setup(home, "--yes")
    now = text(home)
    said = "hint: to undo the last setup --sso: awsvault-py setup --undo --sso corp"
    failed(home.run("setup", "--undo", "--yes"), 5, "there is no setup to undo", said)
    assert text(home) == now


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_region_that_nobody_knows_is_only_warned_about(home, more):
    """It may be a new one, and every profile would get the typing error."""
    done = setup(home, "--region", "us-wets-2", "--dry-run", *more)
    said = "awsvault-py knows no AWS region named us-wets-2. Did you mean us-west-2?"
    assert (json.loads(done.stdout)["warnings"] == [said]) if more else (f"Warning: {said}\n" in done.stderr)
    assert "knows no AWS region" not in setup(home, "--region", "us-west-2", "--dry-run").stderr


def test_undo_of_a_session_that_the_config_does_not_name_any_more(home):
    """Its record is found by the name."""
    setup(home, "--yes")
    rest = text(home).replace("[sso-session corp]", "[sso-session renamed]")
    home.config(rest)
    assert home.run("setup", "--sso", "corp", "--undo", "--yes").returncode == 0
    assert "sso_generated" not in text(home)


def test_a_profile_of_the_older_form_names_its_place(home):
    """Its sign-in has no section: the profiles have all five keys, and export."""
    home.run("sso", "login", "older", "--device")
    done = home.run("setup", "--sso", "older", "--role", "DeveloperRole", "--yes")
    assert done.returncode == 0, done.stderr
    assert (
        "awsvault_sso_start_url = https://example.awsapps.com/start\nawsvault_sso_region = us-east-1\n"
        in text(home)
    )
    assert home.export("Acme-Dev/DeveloperRole")["AccountId"] == DEV


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--account", "nobody*"), 5, "no role of corp matches --account and --role"),
        (("--account", "Acme"), 5, "a pattern matches a whole name ('dev*'); the accounts: Acme Dev, Prod]"),
        (("--account", "Acme*", "--role", "Admin"), 5, "the roles: DeveloperRole, Reader\n"),
        (("--name", "{role}"), 6, "two roles would have the name Reader: role Reader in account 222222222222 (Acme Dev)"),
        (("--name", "dev", "--role", "D*"), 6, "profile dev was not written by setup --sso corp"),
        (("--name", "shared-services", "--role", "D*"), 6, "the vault has a key named shared-services"),
        (("--name", "{user}"), 2, "there is no field {user}"),
        (("--region", "mars\x1b"), 2, "is not a region"),
        (("--source-only",), 2, "do not combine it with PROFILE"),
        (("dev",), 2, "do not combine it with PROFILE"),
        (("--json", "--diff"), 2, "--json has every change"),
    ],
)  # fmt: skip
def test_mistakes(home, words, code, said):
    """Nothing is written, and nothing is on stdout."""
    before = text(home)
    failed(home.run("setup", "--sso", "corp", *words, "--yes"), code, said)
    assert text(home) == before


def test_options_that_need_a_session(home):
    """Without --sso they would silently do nothing."""
    for words in (
        ("--prune",),
        ("--role", "x"),
        ("--account", "x"),
        ("--name", "x"),
        ("--region", "us-east-1"),
    ):
        failed(home.run("setup", *words), 2, f"{words[0]} needs --sso SESSION")


def test_without_a_sign_in(home, aws):
    """Exit 7 with the command, before any prompt and without a call; the CLI's own token is not used."""
    home.run("sso", "logout", "--all")
    aws.calls.clear()
    failed(home.run("setup", "--sso", "corp", AWSVAULT_PASSPHRASE=None), 7, "awsvault-py sso login corp")
    failed(home.run("setup", "--sso", "older"), 7, "hint: run: awsvault-py sso login older")
    failed(home.run("setup", "--sso", "nobody"), 5, "no sso-session or profile 'nobody'")
    assert list(aws.calls) == []


@pytest.mark.parametrize("name", ["corp", "older"])
def test_at_a_terminal_a_missing_sign_in_is_offered(home, name):
    """Once, for a session and for a profile of the older form; then the profiles are written."""
    home.run("sso", "logout", "--all")
    home.settings('sso_flow = "browser"\n')
    secret = home.env["AWSVAULT_PASSPHRASE"]
    user = Terminal(home, "setup", "--sso", name, AWSVAULT_PASSPHRASE=secret, BROWSER=browser(home))
    user.answers("now? [Y/n] ", "")
    user.answers("[y/N/d] ", "y")
    assert user.ends() == 0, user.shown
    assert (user.shown.count("now? [Y/n] "), len(visits(home)), len(names(home))) == (1, 1, 5)


def test_a_no_to_the_sign_in_is_the_error(home, aws):
    """Nothing is asked of AWS, and nothing is written."""
    home.run("sso", "logout", "--all")
    before = text(home)
    aws.calls.clear()
    user = Terminal(home, "setup", "--sso", "corp", AWSVAULT_PASSPHRASE=home.env["AWSVAULT_PASSPHRASE"])
    user.answers("Sign in to corp now? [Y/n] ", "n")
    assert user.ends() == 7
    assert "awsvault-py sso login corp" in user.shown
    assert (list(aws.calls), text(home)) == ([], before)


def test_a_host_that_is_not_trusted_gets_no_token(home, aws):
    """Before a prompt."""
    home.settings("", trusted=())
    failed(home.run("setup", "--sso", "corp", AWSVAULT_PASSPHRASE=None), 6, "trusted_hosts")
    assert list(aws.calls) == []


def test_a_locked_vault(home):
    """The sign-in is there, but not its key."""
    failed(home.run("setup", "--sso", "corp", AWSVAULT_PASSPHRASE=None), 3, "locked")


def test_the_log_has_it(home):
    """With the name of the sign-in; a dry run and a run without a change are not logged."""
    setup(home, "--dry-run")
    setup(home, "--yes")
    setup(home, "--yes")
    records = json.loads(home.run("log", "--json").stdout)["records"]
    assert [record["session"] for record in records if record["use"] == "setup"] == ["corp"]


def test_at_a_terminal_a_bar_and_a_question(home):
    """And d shows the lines."""
    user = Terminal(home, "setup", "--sso", "corp", PAGER="cat")
    user.answers("Passphrase: ", home.env["AWSVAULT_PASSPHRASE"])
    user.sees("2 of 2 accounts")
    user.answers("[y/N/d] ", "d")
    user.sees("+[profile Acme-Dev/Reader]")
    user.answers("[y/N/d] ", "y")
    assert user.ends() == 0
    assert len(names(home)) == 5


def test_a_run_that_wrote_nothing_does_not_stand_before_the_last_undo(home, aws):
    """The file changed under the question. The undo is of the run before, and keeps what was edited."""
    before = text(home)
    setup(home, "--yes")
    aws.world.assign(DEV, "Auditor", account_name="Acme Dev")
    user = Terminal(home, "setup", "--sso", "corp", AWSVAULT_PASSPHRASE=home.env["AWSVAULT_PASSPHRASE"])
    user.sees("[y/N/d] ")
    home.config("# edited\n" + text(home))
    user.child.sendline("y")
    assert user.ends() == 10
    assert setup(home, "--undo", "--yes").stderr == "Undone.\n"
    assert text(home) == "# edited\n" + before


@pytest.mark.parametrize(
    "line", ["region = eu-west-1\n", "awsvault_role_arn = arn:aws:iam::111111111111:role/Other\n"]
)
def test_an_undo_leaves_no_line_of_yours_in_another_profile(home, line):
    """A line that was added below a generated profile would belong to the profile above it."""
    setup(home, "--yes")
    edited = text(home) + line
    home.config(edited)
    failed(
        home.run("setup", "--undo", "--sso", "corp", "--yes"),
        10, "was edited after the change in profile Prod-profile-x-2J/Reader",
    )  # fmt: skip
    assert text(home) == edited


def test_a_path_that_is_relative(home):
    """AWS's tools take it too. The undo finds the file from any folder."""
    os.rename(home.config_path, os.path.join(home.root, "own-config"))
    for words, folder in ((["--yes"], home.root), (["--undo", "--yes"], "/")):
        done = subprocess.run(
            [home.command, "setup", "--sso", "corp", *words], env=home.with_env({"AWS_CONFIG_FILE": "own-config"}), cwd=folder,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    with open(os.path.join(home.root, "own-config"), encoding="utf-8") as file:
        assert file.read() == "# mine\n" + config()


def test_a_file_that_could_not_be_read_again_is_not_written(home, monkeypatch, here):
    """Every command would fail from then on."""
    monkeypatch.setattr("vault.limits.MAX_CONFIG_FILE", 1000)
    before = text(home)
    failed(here(home, "setup", "--sso", "corp", "--yes"), 6, "bytes; the limit is 1000")
    assert text(home) == before


def test_ctrl_c_does_not_wait_for_a_silent_portal(home, aws):
    """Nor are calls sent again that nobody needs any more."""
    silent = aws.faults.pause("ListAccountRoles", times=None)
    user = Terminal(home, "setup", "--sso", "corp", AWSVAULT_PASSPHRASE=home.env["AWSVAULT_PASSPHRASE"])
    try:
        assert silent.wait_reached()
        assert silent.wait_reached()
        user.child.sendintr()
        assert user.ends() == 130
        assert "Exception" not in user.shown
        assert len(aws.calls.of("ListAccountRoles")) == 2
    finally:
        silent.release()


def test_the_file_is_kept_private(home):
    """And so is the record of the undo."""
    os.chmod(home.config_path, 0o600)
    setup(home, "--yes")
    assert os.stat(home.config_path).st_mode & 0o777 == 0o600
    (record,) = [name for name in os.listdir(home.file("state/undo")) if name.startswith("sso-")]
    assert os.stat(home.file(f"state/undo/{record}")).st_mode & 0o777 == 0o600
