"""The end of `add` at a terminal: roles asked for, profiles offered and written, and what AWS's own CLI makes of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.fakes.example import KEY_ID, SECRET, SEED, SERIAL
from tests.home import COMMAND, PASSPHRASE, failed
from tests.patience import PATIENCE
from tests.terminal_user import Terminal

pytestmark = pytest.mark.usefixtures("unmeasured")

AWS = os.path.join(os.path.dirname(sys.executable), "aws")
ROLE = "arn:aws:iam::222222222222:role/DeveloperRole"
WRITTEN = f"""\
[profile shared-services]
region = us-east-1
credential_process = {COMMAND} export shared-services
mfa_serial = {SERIAL}

[profile dev]
region = us-east-1
credential_process = {COMMAND} export dev
awsvault_role_arn = {ROLE}
awsvault_source_profile = shared-services
mfa_serial = {SERIAL}
"""


def typing_a_key(home, *, serial=SERIAL, name="shared-services", **env):
    """A user who has typed everything about the key."""
    home.make_vault("other", serial=None, seed=None) if not os.path.exists(home.file("vault.avlt")) else None
    person = Terminal(home, "add", name, AWSVAULT_PASSPHRASE=PASSPHRASE, **env)
    person.answers("Access key ID", KEY_ID)
    person.answers("Secret access key (not shown): ", SECRET)
    person.answers("(Enter for none): ", serial)
    if serial:
        person.answers("type codes instead): ", SEED)
    return person


def text(home):
    with open(home.config_path, encoding="utf-8") as file:
        return file.read()


def test_the_profiles_are_written_and_the_last_line_works(home):
    """No ~/.aws before. The line to copy is run by AWS's own CLI."""
    os.rmdir(os.path.dirname(home.config_path))
    person = typing_a_key(home)
    person.profiles((ROLE, "dev"), write="")
    assert person.ends() == 0
    assert text(home) == WRITTEN
    line = person.shown.strip().splitlines()[-1].strip()
    assert line == "aws sts get-caller-identity --profile dev"
    done = subprocess.run(
        [AWS, *line.split()[1:], "--output", "json"], env=home.env, capture_output=True, text=True, timeout=PATIENCE, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["Account"] == "222222222222"
    assert home.run("setup", "--undo", "--yes").returncode == 0
    assert not os.path.exists(home.config_path)


def test_a_no_writes_nothing(home):
    """The lines are on the screen to paste; the file is as it was."""
    home.config("[profile x]\nregion = eu-west-1\n")
    before = text(home)
    person = typing_a_key(home, serial="")
    person.profiles((ROLE, ""), write="n")
    assert person.ends() == 0
    assert text(home) == before
    assert "[profile developer]" in person.shown
    assert "Nothing was written" in person.shown


def test_wrong_arns_and_names_are_asked_again(home):
    """A session's ARN, a user's ARN, a taken name and a region that is none: each is named, and only it is asked again."""
    home.config("[profile taken]\nregion = eu-west-1\n")
    person = typing_a_key(home, serial="")
    person.answers("ARN of a", "arn:aws:sts::222222222222:assumed-role/DeveloperRole/me")
    person.sees(f"use the ARN of the role, perhaps {ROLE}")
    person.answers("ARN of a", "arn:aws:iam::222222222222:user/me")
    person.sees("is not the ARN of a role")
    person.answers("ARN of a", f" {ROLE} ")
    person.answers("(Enter for developer): ", "taken")
    person.sees("already a profile or key named taken")
    person.answers("(Enter for developer): ", "")
    person.answers("ARN of a", ROLE.replace("2222", "3333"))
    person.answers("(Enter for developer-333322223333): ".replace("333322223333", "333333333333"), "")
    person.answers("ARN of a", "")
    person.answers("Region (Enter for us-east-1): ", "no region")
    person.sees("is not a region")
    person.answers("Region (Enter for us-east-1): ", "eu-central-1")
    person.answers("[Y/n] ", "y")
    assert person.ends() == 0
    assert "Warning" not in person.shown
    assert text(home).startswith(
        "[profile taken]\nregion = eu-west-1\n\n[profile shared-services]\nregion = eu-central-1\n"
    )
    assert "[profile developer-333333333333]" in text(home)


@pytest.mark.parametrize("at", range(3))
def test_ctrl_c_after_the_key_is_stored_says_so(home, at):
    """At each question: exit 130, the key is in the vault, no profile is written, and the way on is named."""
    person = typing_a_key(home)
    questions = ["ARN of a", "Region (Enter for ", "[Y/n] "]
    for question in questions[:at]:
        person.answers(question, "")
    assert person.interrupts(questions[at]) == 130
    assert "shared-services is stored in the vault. No profile was written" in person.shown
    assert "awsvault-py setup shared-services" in person.shown
    assert "asked for its roles again: awsvault-py add --replace shared-services" in person.shown
    assert not os.path.exists(home.config_path)
    assert "shared-services" in home.run("list").stdout


def test_ctrl_d_cancels_and_is_no_bug(home):
    """Before the key is stored nothing is there; the code is that of a no."""
    person = Terminal(home, "add", "dev")
    person.sees("New passphrase: ")
    person.child.sendeof()
    assert person.ends() == 10
    assert "error: cancelled\r\n" in person.shown
    assert "unexpected" not in person.shown
    assert not os.path.exists(home.file("vault.avlt"))


def test_ctrl_d_after_the_key_is_stored_names_the_way_on(home):
    """The key is there, so starting over is no advice."""
    person = typing_a_key(home)
    person.sees("ARN of a")
    person.child.sendeof()
    assert person.ends() == 10
    assert "hint: run: awsvault-py setup shared-services" in person.shown


def test_a_region_that_nobody_knows_is_only_warned_about(home):
    """A typing error is told with what was probably meant. It is written all the same: it may be a new region."""
    person = typing_a_key(home, serial="")
    person.answers("ARN of a", "")
    person.answers("Region (Enter for us-east-1): ", "us-wets-2")
    person.sees("Warning: awsvault-py knows no AWS region named us-wets-2. Did you mean us-west-2?")
    person.answers("[Y/n] ", "y")
    assert person.ends() == 0
    assert "region = us-wets-2\n" in text(home)


def test_another_programs_profile_is_never_changed(home):
    """The reason and the command to run later are shown; not a byte changes."""
    home.config("[profile shared-services]\nregion = us-east-1\ncredential_process = /opt/theirs/tool get\n")
    before = text(home)
    person = typing_a_key(home)
    person.answers("ARN of a", "")
    assert person.ends() == 0
    assert "another program also provides its credentials" in person.shown
    assert text(home) == before


def test_a_profile_that_assumes_a_role_is_set_up_in_place(home):
    """The diff is shown, the settings that SDKs would read first get the prefix, and the region of the profile counts."""
    home.config(
        "# mine\n[profile shared-services]\nregion = eu-west-1\noutput = json\n\n[profile z]\nregion = eu-west-1\n"
    )
    person = typing_a_key(home)
    person.answers("ARN of a", "")
    person.answers("[Y/n] ", "")
    assert person.ends() == 0
    assert text(home) == (
        f"# mine\n[profile shared-services]\nregion = eu-west-1\ncredential_process = {COMMAND} export shared-services\n"
        f"mfa_serial = {SERIAL}\noutput = json\n\n[profile z]\nregion = eu-west-1\n"
    )


def test_a_managed_file_is_not_asked_about(home, tmp_path):
    """A link (home-manager): the lines are shown, nothing is written."""
    real = tmp_path / "store"
    real.write_text("")
    os.symlink(real, home.config_path)
    person = typing_a_key(home)
    person.answers("ARN of a", "")
    person.answers("Region (Enter for ", "")
    assert person.ends() == 0
    assert "is a link to" in person.shown
    assert "[Y/n]" not in person.shown
    assert real.read_text() == ""


def test_without_a_terminal_the_profile_is_printed(home):
    """--stdin and its like print the profile to paste, and ask nothing."""
    done = home.run(
        "add", "dev", "--stdin", stdin=json.dumps({"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET})
    )
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "[profile dev]")
    assert not os.path.exists(home.config_path)
    failed(home.run("add", "dev", "--stdin", stdin="{}"), 2, "AccessKeyId")


def test_import_ends_the_same_way(home):
    """A key without a role: the roles are asked for, and written. The line at the end works; the vault has the key."""
    credentials = os.path.join(os.path.dirname(home.config_path), "credentials")
    with open(credentials, "w", encoding="utf-8") as file:
        file.write(f"[shared-services]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n")
    os.chmod(credentials, 0o600)
    person = Terminal(home, "import")
    person.new_passphrase()
    person.answers("[y/N/d] ", "y")
    person.answers("ARN of a", ROLE)
    person.answers("(Enter for developer): ", "dev")
    person.answers("ARN of a", "")
    person.answers("Region (Enter for ", "")
    person.answers("[Y/n] ", "")
    assert person.ends() == 0
    assert person.shown.strip().splitlines()[-1].strip() == "aws sts get-caller-identity --profile dev"
    assert f"awsvault_role_arn = {ROLE}" in text(home)
    assert SECRET not in text(home)


def test_import_of_keys_with_roles_names_one_of_them(home):
    """Nothing is asked where the profiles are there already."""
    home.config(
        f"[profile shared-services]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
        f"[profile dev]\nrole_arn = {ROLE}\nsource_profile = shared-services\n"
    )
    person = Terminal(home, "import", AWSVAULT_PASSPHRASE=PASSPHRASE)
    person.answers("[y/N/d] ", "y")
    assert person.ends() == 0
    assert "ARN of a" not in person.shown
    assert person.shown.strip().splitlines()[-1].strip() == "aws sts get-caller-identity --profile dev"


def test_import_asks_for_roles_although_another_key_was_refused(home):
    """The keys that were imported are asked about first; then exit 7 names the profile of the refused one."""
    wrong = f"[broken]\naws_access_key_id = AKIAGONEGONEGEXAMPLE\naws_secret_access_key = {SECRET}\n"
    home.make_vault("other", serial=None, seed=None)
    good = f"[shared-services]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
    person = importing(home, wrong + good)
    person.profiles((ROLE, "dev"), write="")
    person.sees("error: AWS refused the key of broken, so it was not imported")
    assert person.ends() == 7
    assert f"awsvault_role_arn = {ROLE}" in text(home)


TWO_KEYS = (
    f"[shared-services]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
    "[colleague]\naws_access_key_id = AKIAI44QH8DHBEXAMPLE\naws_secret_access_key = je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY\n"
)


def importing(home, text):
    """A user who has confirmed the import of the keys in ~/.aws/credentials."""
    path = os.path.join(os.path.dirname(home.config_path), "credentials")
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(text)
    person = Terminal(home, "import", AWSVAULT_PASSPHRASE=PASSPHRASE)
    person.answers("[y/N/d] ", "y")
    return person


def test_import_asks_about_each_key_without_a_role(home):
    """In turn, each by its name; a role's name that the first key took is not proposed to the second."""
    person = importing(home, TWO_KEYS)
    person.sees("Roles of shared-services: ")
    person.profiles((ROLE, ""), write="y")
    person.sees("Roles of colleague: ")
    person.answers("ARN of a", ROLE)
    person.answers("(Enter for developer-222222222222): ", "")
    person.answers("ARN of a", "")
    person.answers("Region (Enter for ", "")
    person.answers("[Y/n] ", "y")
    assert person.ends() == 0
    assert person.shown.strip().splitlines()[-1].strip() == "aws sts get-caller-identity --profile developer"
    assert person.shown.count("To try it:") == 1
    written = text(home)
    assert "[profile developer]" in written
    assert "awsvault_source_profile = shared-services" in written
    assert "[profile developer-222222222222]" in written
    assert "awsvault_source_profile = colleague" in written


def test_import_asks_only_about_the_keys_without_a_role(home):
    """A key whose role is in the files already is left alone."""
    home.config(f"[profile dev]\nrole_arn = {ROLE}\nsource_profile = shared-services\n")
    person = importing(home, TWO_KEYS)
    person.sees("Roles of colleague: ")
    person.answers("ARN of a", "")
    assert person.ends() == 0
    assert "Region" not in person.shown
    assert "Roles of shared-services" not in person.shown
    assert person.shown.strip().splitlines()[-1].strip() == "aws sts get-caller-identity --profile dev"


def test_ctrl_c_in_between_names_the_keys_that_are_left(home):
    """All keys are in the vault; the way to the profiles of the others is on the screen."""
    person = importing(home, TWO_KEYS)
    assert person.interrupts("ARN of a") == 130
    assert "shared-services is stored in the vault. No profile was written" in person.shown
    assert "colleague is stored too. To write its profile: awsvault-py setup colleague" in person.shown


# ── the proof of the seed ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("first", [True, False], ids=["a new vault", "a vault that exists"])
def test_the_seed_is_proved_by_one_code_that_the_first_export_does_not_need_again(home, aws, first):
    """One code in all: the session of the proof serves the role at once."""
    if not first:
        home.make_vault("other", serial=None, seed=None)
    person = Terminal(home, "add", "shared-services", AWSVAULT_PASSPHRASE=PASSPHRASE)
    person.answers("Access key ID", KEY_ID)
    person.answers("Secret access key (not shown): ", SECRET)
    person.answers("(Enter for none): ", SERIAL)
    person.answers("type codes instead): ", SEED)
    person.profiles((ROLE, "dev"), write="y")
    assert person.ends() == 0
    assert aws.calls.actions() == ["GetCallerIdentity", "GetSessionToken"]
    assert home.export("dev")["AccountId"] == "222222222222"
    assert aws.calls.actions()[2:] == ["AssumeRole"]
    assert len(aws.calls.codes()) == 1


def test_a_wrong_seed_is_asked_for_again(home, clock):
    """AWS refuses two codes of it; the right one is stored. Only the seed is asked for a second time."""
    person = Terminal(home, "add", "dev", AWSVAULT_PASSPHRASE=PASSPHRASE)
    person.answers("Access key ID", KEY_ID)
    person.answers("Secret access key (not shown): ", SECRET)
    person.answers("(Enter for none): ", SERIAL)
    person.answers("type codes instead): ", SEED[:-1] + "A")
    person.sees("does not accept the codes of this seed for " + SERIAL)
    person.answers("type codes instead): ", SEED)
    person.profiles(write="y")
    assert person.ends() == 0
    assert person.shown.count("Secret access key") == 1
    assert json.loads(home.run("list", "--json").stdout)["entries"][0]["mfa"] == "stored"


def test_a_seed_can_be_left_out(home, aws):
    """Enter: no code is asked of anybody now, and none is sent."""
    person = Terminal(home, "add", "dev", AWSVAULT_PASSPHRASE=PASSPHRASE)
    person.answers("Access key ID", KEY_ID)
    person.answers("Secret access key (not shown): ", SECRET)
    person.answers("(Enter for none): ", SERIAL)
    person.answers("type codes instead): ", "")
    person.profiles(write="y")
    assert person.ends() == 0
    assert aws.calls.actions() == ["GetCallerIdentity"]
    assert f"mfa_serial = {SERIAL}" in text(home)


def test_a_device_of_nobody_is_asked_for_again(home):
    """The ARN has a typing error: AWS's answer is shown, and the ARN and the seed are asked for again."""
    person = Terminal(home, "add", "dev", AWSVAULT_PASSPHRASE=PASSPHRASE)
    person.answers("Access key ID", KEY_ID)
    person.answers("Secret access key (not shown): ", SECRET)
    person.answers("(Enter for none): ", SERIAL + "x")
    person.answers("type codes instead): ", SEED)
    person.sees("MFA serial number is valid")
    person.answers("(Enter for none): ", SERIAL)
    person.answers("type codes instead): ", SEED)
    person.profiles(write="y")
    assert person.ends() == 0
