"""`setup` as a command: AWS's files to the form in which tools call us, and back."""

from __future__ import annotations

import os

import pytest

from tests.fakes.example import SERIAL
from tests.home import COMMAND, failed

pytestmark = pytest.mark.usefixtures("inside")

PLAIN = """\
# our accounts
[profile shared-services]
region = us-east-1
mfa_serial = arn:aws:iam::111111111111:mfa/yourself

[profile dev]
region=us-west-2
role_arn=arn:aws:iam::222222222222:role/DeveloperRole
source_profile=shared-services
mfa_serial=arn:aws:iam::111111111111:mfa/yourself

[profile prod]   ; careful
region = eu-west-1
role_arn = arn:aws:iam::333333333333:role/ReadOnlyRole
source_profile = shared-services
mfa_serial = arn:aws:iam::111111111111:mfa/yourself"""

WANTED = """\
# our accounts
[profile shared-services]
region = us-east-1
credential_process = {command} export shared-services
mfa_serial = arn:aws:iam::111111111111:mfa/yourself

[profile dev]
region=us-west-2
credential_process={command} export dev
awsvault_role_arn=arn:aws:iam::222222222222:role/DeveloperRole
awsvault_source_profile=shared-services
mfa_serial=arn:aws:iam::111111111111:mfa/yourself

[profile prod]   ; careful
region = eu-west-1
credential_process = {command} export prod
awsvault_role_arn = arn:aws:iam::333333333333:role/ReadOnlyRole
awsvault_source_profile = shared-services
mfa_serial = arn:aws:iam::111111111111:mfa/yourself"""


@pytest.fixture
def moved(home):
    """A home whose key is in the vault and whose files are still in AWS's own form."""
    home.make_vault()
    home.config(PLAIN)
    return home


def text(home):
    with open(home.config_path, encoding="utf-8", newline="") as file:
        return file.read()


def test_the_scenario_gets_the_form_of_the_readme(moved):
    """Each profile calls us by an absolute path; the keys that forestall us get the prefix; the rest stays."""
    done = moved.run("setup", "--yes")
    assert done.returncode == 0, done.stderr
    assert text(moved) == WANTED.replace("{command}", COMMAND)
    assert moved.export("dev")["AccountId"] == "222222222222"


def test_the_diff_is_shown_and_nothing_is_done_without_a_yes(moved):
    """Without --yes and without a user: exit 10, a line per profile or the diff on stdout, the file as it was."""
    done = moved.run("setup")
    assert done.returncode == 10
    assert (
        done.stdout.splitlines()[1]
        == "dev: credential_process added; role_arn and source_profile get the prefix awsvault_"
    )
    done = moved.run("setup", "--diff")
    assert done.returncode == 10
    assert "+awsvault_role_arn=arn:aws:iam::222222222222:role/DeveloperRole" in done.stdout
    assert moved.run("setup", "--dry-run").returncode == 0
    assert text(moved) == PLAIN


def test_a_second_run_changes_nothing(moved):
    """The tired person runs it twice: the same file, and a word that says so."""
    moved.run("setup", "--yes")
    now = text(moved)
    again = moved.run("setup", "--yes")
    assert (again.returncode, text(moved)) == (0, now)
    assert "Nothing to change" in again.stderr


def test_undo_restores_every_byte_and_mode(moved):
    """The file is as it was, and a second undo has nothing to take back."""
    os.chmod(moved.config_path, 0o640)
    moved.run("setup", "--yes")
    assert os.stat(moved.config_path).st_mode & 0o777 == 0o640
    assert moved.run("setup", "--undo", "--yes").returncode == 0
    assert text(moved) == PLAIN
    assert os.stat(moved.config_path).st_mode & 0o777 == 0o640
    failed(moved.run("setup", "--undo", "--yes"), 5, "there is no setup to undo")


def test_undo_keeps_a_manual_edit(moved):
    """What the user wrote since stays; what setup wrote goes."""
    moved.run("setup", "--yes")
    edited = (
        "# mine\n"
        + text(moved).replace("[profile prod]", "output = json\n\n[profile prod]")
        + "\n[profile x]\n"
    )
    moved.config(edited)
    assert moved.run("setup", "--undo", "--yes").returncode == 0
    assert (
        text(moved)
        == "# mine\n" + PLAIN.replace("[profile prod]", "output = json\n\n[profile prod]") + "\n[profile x]\n"
    )


def test_undo_does_not_guess(moved):
    """A line of setup's that somebody changed since is not taken back: exit 10, nothing changed."""
    moved.run("setup", "--yes")
    edited = text(moved).replace("awsvault_role_arn=arn", "awsvault_role_arn=another:arn")
    moved.config(edited)
    failed(moved.run("setup", "--undo", "--yes"), 10, "was edited after the change in profile dev")
    assert text(moved) == edited


def test_one_profile_is_changed_where_one_is_named(moved):
    """Names restrict it; a name that is nowhere is exit 5."""
    moved.run("setup", "dev", "--yes")
    assert text(moved).count("credential_process") == 1
    failed(moved.run("setup", "devv", "--yes"), 5, "did you mean dev")
    failed(moved.run("setup", "dev", "--all"), 2)


def test_only_the_source_is_the_smallest_move(home):
    """The key's profile calls us; roles lose only the MFA that the session has; a file without more is left so."""
    home.make_vault()
    home.config(PLAIN)
    assert home.run("setup", "--source-only", "--yes").returncode == 0
    now = text(home)
    assert now.count("credential_process") == 1
    assert now.count("mfa_serial") == 1
    assert "role_arn=arn:aws:iam::222222222222:role/DeveloperRole\nsource_profile=shared-services\n" in now
    assert "Nothing to change" in home.run("setup", "--source-only", "--yes").stderr
    home.run("setup", "--undo", "--yes")
    assert text(home) == PLAIN


def test_only_the_source_brings_the_device_along(home):
    """Where only the roles name the device, the source's profile gets it: its session has to have MFA."""
    home.make_vault(serial=None, seed=None)
    home.config(PLAIN.replace(f"mfa_serial = {SERIAL}\n\n[profile dev]", "\n[profile dev]"))
    done = home.run("setup", "--source-only", "--yes")
    assert done.returncode == 0, done.stderr
    assert text(home).count("mfa_serial") == 1
    assert f"export shared-services\nmfa_serial = {SERIAL}\n" in text(home)


def test_profiles_that_are_no_business_of_ours_are_left(moved):
    """Another program's profile, Identity Center, a bare region: no byte of them changes, and each has its reason."""
    other = (
        "\n\n[profile theirs]\ncredential_process = /opt/theirs/tool get\n\n[profile sso]\nsso_start_url = https://x\n"
        "sso_region = us-east-1\nsso_account_id = 111111111111\nsso_role_name = R\n\n[profile bare]\nregion = us-east-1\n"
    )
    moved.config(PLAIN + other)
    done = moved.run("setup", "--yes")
    assert text(moved).endswith(other)
    assert "theirs: another program provides its credentials" in done.stderr
    assert "sso: its credentials do not come from a key in the vault" in done.stderr


def test_sso_that_is_named_goes_through_us(moved):
    """A user who names a profile of Identity Center wants its sessions cached: its keys get the prefix."""
    moved.config(
        PLAIN + "\n\n[profile sso]\nsso_start_url = https://x\nsso_region = us-east-1\n"
        "sso_account_id = 111111111111\nsso_role_name = R\n"
    )
    assert moved.run("setup", "sso", "--yes").returncode == 0
    assert "export sso\nawsvault_sso_start_url = https://x\nawsvault_sso_region" in text(moved)


def test_roles_in_the_credentials_file_are_set_up_too(moved):
    """Tools read role_arn there as well, and before the config file's."""
    path = os.path.join(os.path.dirname(moved.config_path), "credentials")
    with open(path, "w") as file:
        file.write("[dev]\nrole_arn = arn:aws:iam::222222222222:role/OpenRole\n")
    moved.run("setup", "--yes")
    with open(path) as file:
        assert file.read() == "[dev]\nawsvault_role_arn = arn:aws:iam::222222222222:role/OpenRole\n"


def test_calls_of_an_older_copy_keep_their_options(moved):
    """The path becomes this program's; --no-session and --duration stay."""
    moved.config(
        "[profile shared-services]\ncredential_process = ~/bin/awsvault-py export --duration 1h shared-services --no-session\n"
    )
    moved.run("setup", "--yes")
    assert text(moved).endswith(
        f"credential_process = {COMMAND} export shared-services --duration 1h --no-session\n"
    )


def test_calls_of_aws_vault_are_replaced(moved):
    """A profile that aws-vault served calls us once its key is here."""
    moved.config(
        "[profile shared-services]\ncredential_process = aws-vault export --format=json shared-services\n"
    )
    moved.run("setup", "--yes")
    assert text(moved).endswith(f"credential_process = {COMMAND} export shared-services\n")


def test_a_name_with_a_blank_is_quoted_for_every_shell(moved):
    """Double quotes are what sh, cmd and a split without a shell read alike."""
    moved.config(
        '[profile "my dev"]\nrole_arn = arn:aws:iam::222222222222:role/OpenRole\nsource_profile = shared-services\n'
    )
    moved.run("setup", "--yes")
    assert f'credential_process = {COMMAND} export "my dev"\n' in text(moved)


def test_another_programs_command_beside_a_role_is_left(moved):
    """Tools assume the role and never run it; with the role's keys renamed they would, and be somebody else."""
    theirs = "\n[profile two]\ncredential_process = /opt/theirs/tool\nrole_arn = arn:aws:iam::222222222222:role/OpenRole\n"
    moved.config(PLAIN + "\n" + theirs + "source_profile = shared-services\n")
    done = moved.run("setup", "two", "--yes")
    assert "two: another program also provides its credentials" in done.stderr
    assert f"{moved.config_path}:19" in done.stderr
    assert text(moved) == PLAIN + "\n" + theirs + "source_profile = shared-services\n"


def test_a_call_for_another_profile_is_an_alias_until_a_role_forestalls_it(moved):
    """An alias stays; where a role stands before it, no tool has ever run it, and the role is what is meant."""
    call = f"credential_process = {COMMAND} export shared-services\n"
    role = "role_arn = arn:aws:iam::222222222222:role/OpenRole\nsource_profile = shared-services\n"
    moved.config(f"[profile alias]\n{call}\n[profile role]\n{call}{role}")
    done = moved.run("setup", "--yes")
    assert "profile alias calls awsvault-py for profile shared-services; not changed" in done.stderr
    assert f"[profile alias]\n{call}" in text(moved)
    assert f"[profile role]\ncredential_process = {COMMAND} export role\nawsvault_role_arn" in text(moved)
    assert moved.export("role")["AccountId"] == "222222222222"


def test_both_forms_of_default_get_the_line(home):
    """Tools do not agree which of them counts; each finds the call in the one that it takes."""
    home.make_vault("default")
    home.config("[profile default]\nregion = us-east-1\n[default]\nregion = eu-west-1\n")
    before = text(home)
    assert home.run("setup", "--yes").returncode == 0
    line = f"credential_process = {COMMAND} export default\n"
    assert text(home) == f"[profile default]\n{line}region = us-east-1\n[default]\n{line}region = eu-west-1\n"
    assert "Nothing to change" in home.run("setup", "--yes").stderr
    assert home.run("setup", "--undo", "--yes").returncode == 0
    assert text(home) == before


def test_a_key_without_a_profile_is_told(home):
    """Nothing is added unasked; the command that adds the profile is said, and works on an empty file."""
    home.make_vault("robot")
    home.config("")
    said = home.run("setup", "--yes").stderr
    assert "No profile uses the key robot" in said
    assert text(home) == ""
    assert home.run("setup", "robot", "--yes").returncode == 0
    assert text(home) == f"[profile robot]\ncredential_process = {COMMAND} export robot\n"
    assert "No profile" not in home.run("setup", "--yes").stderr


@pytest.mark.parametrize("made", ["link", "hard link", "read-only"])
def test_a_file_that_something_else_makes_is_shown_and_never_written(moved, made, tmp_path):
    """home-manager and its like: the diff is printed, exit 1, no byte changes."""
    if made == "link":
        real = str(tmp_path / "store")
        os.rename(moved.config_path, real)
        os.symlink(real, moved.config_path)
    elif made == "hard link":
        os.link(moved.config_path, str(tmp_path / "other"))
    elif made == "read-only":
        os.chmod(moved.config_path, 0o444)
    done = moved.run("setup", "--yes")
    assert done.returncode == 1, done.stderr
    assert "+awsvault_role_arn" in done.stdout
    assert "does not write it" in done.stderr
    assert text(moved) == PLAIN


def test_a_broken_file_is_named_with_its_line(moved):
    """Exit 6, and nothing is changed."""
    moved.config(PLAIN + "\nno equals\n")
    failed(moved.run("setup", "--yes"), 6, "config:17: ")


def test_without_a_vault_there_is_nothing_to_set_up(home):
    """Exit 5 with the way to go."""
    home.config(PLAIN)
    failed(home.run("setup", "--yes"), 5, "there is no vault")
