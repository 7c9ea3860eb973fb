"""Lines of a profile that have no effect are named in every error about something missing."""

import pytest

from tests.unit.profiles.files import DEV, KEYS, chain_of, config_of
from vault import errors
from vault.profiles.unread_keys import unread

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
INDENTED = KEYS.replace("aws_", "  aws_")
OWN = "credential_process = awsvault-py export a\n"


def lines_of(config, credentials="", name="a"):
    """The profile's lines without effect, as (place, text, fix)."""
    files = config_of(config, credentials)
    return [(str(one.origin), one.what, one.fix) for one in unread(files, files.profile(name))]


@pytest.mark.parametrize("entries", [(), None])
@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        (f"[profile a]\nregion = x\n{INDENTED}", "config:3: aws_access_key_id is indented", "indentation"),
        (f"[profile a]\ns3 =\n{INDENTED}", "config:3: aws_access_key_id is indented", "indentation"),
        ("[profile a]\ncredential_proces = tool\n", "config:2: credential_proces is not a known key", "mean credential_process"),
        (f"[profile a]\n{KEYS.replace('secret', 'secrt')}", "config:3: aws_secrt_access_key", "aws_secret_access_key"),
        (f"[profile a]\nexport {KEYS}", "config:2: 'export aws_access_key_id' is not a valid name", "correct the name"),
        (f"[profile a]\nregion = x\n[a]\n{KEYS}", r"config:3: \[a\] is ignored", "header"),
        (f"[profile a]\nregion = x\n[profile a b]\n[a]\n{KEYS}", r"config:4: \[a\] is ignored", "header"),
        ("[profile a]\nparent_profile = b\n", "config:2: only old versions of aws-vault read parent_profile", "include_profile"),
        (f"[profile a]\nrole_arn = {DEV}\nsource_profil = b\n", "config:3: source_profil is", "mean source_profile"),
        (f"[profile a]\nweb_identity_token_file = /t\nrole_arm = {DEV}\n", "config:3: role_arm is", "mean role_arn"),
        ("[profile a]\nsso_account_id = 1\nsso_role_nam = r\n", "config:3: sso_role_nam is", "mean sso_role_name"),
        ("[profile a]\nawsvault_credentail = k\n", "config:2: awsvault_credentail is", "awsvault_credential"),
    ],
)  # fmt: skip
def test_errors_name_lines_without_effect(text, said, hint, entries):
    """The message has the place and the key, the hint the fix; no value is shown, since it may be a secret."""
    with pytest.raises(errors.ConfigError, match=said) as caught:
        chain_of("a", text, entries=entries, guess=False)
    assert hint in caught.value.hint
    assert SECRET not in caught.value.message


def test_missing_vault_key_and_a_misspelled_line():
    """In a profile that calls awsvault-py, the misspelled line may be the cause."""
    with pytest.raises(errors.ConfigError, match=r"has no key .*config:3: awsvault_role_arm .*"):
        chain_of("a", f"[profile a]\n{OWN}awsvault_role_arm = {DEV}\n")


def test_profile_without_odd_lines_keeps_its_hint():
    """The command that adds the key."""
    with pytest.raises(errors.ConfigError) as caught:
        chain_of("a", "[profile a]\nregion = x\n")
    assert (caught.value.hint, "Lines without effect" in caught.value.message) == (
        "run: awsvault-py add a",
        False,
    )


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ("aws_mfa_device = arn:aws:iam::111111111111:mfa/yourself", "use mfa_serial instead"),
        ("parent_profile = b", "use include_profile instead"),
        ("inlcude_profile = b", "did you mean include_profile?"),
        ("mfa_seral = x", "did you mean mfa_serial?"),
        ("read_only = true", "did you mean awsvault_read_only?"),
        ("awsvault_confrim = always", "did you mean awsvault_confirm?"),
    ],
)
def test_keys_without_effect_are_noted(line, fix):
    """Other programs' keys, misspellings, guard rails without prefix; in both files and in included profiles."""
    assert [one[2] for one in lines_of(f"[profile a]\n{line}\n")] == [fix]
    assert [one[2] for one in lines_of("", f"[a]\n{line}\n")] == [fix]
    included = f"[profile a]\ninclude_profile = c\n[profile c]\n{line}\n"
    assert [(one[0], one[2]) for one in lines_of(included)] == [("config:4", fix)]


@pytest.mark.parametrize(
    "text",
    [
        "output = json\ncli_pager =\nsso_registration_scopes = x\nretry_mode = standard\nmax_attempts = 3\n",
        "s3 =\n  endpoint_url = http://127.0.0.1\n  max_concurrent_requests = 20\n",
        "mfa_process = tool\n  --name=x\n  a=b\n",
        "granted_sso_account_id = 1\ngranted_sso_region = x\nx_principal_arn = y\nazure_tenant_id = z\ncolor = red\n",
        "role_arn = r\nsource_profile = b\nawsvault_read_only = yes\nregion = x\nservices = s\n",
    ],
)
def test_other_programs_keys_are_not_misspellings(text):
    """Keys of the CLI, of its plug-ins and of other programs, and blocks with their own keys."""
    assert lines_of(f"[profile a]\n{text}") == []


@pytest.mark.parametrize(
    ("line", "grave"),
    [("export aws_access_key_id = x", True), ("my-role_arn! = x", True), ("a b = x", False)],
)
def test_a_bad_name_is_grave_where_it_holds_a_key(line, grave):
    """A key that decides the identity was meant; any other name is a note alone."""
    files = config_of(f"[profile a]\nregion = x\n{line}\n", "")
    assert [one.grave for one in unread(files, files.profile("a"))] == [grave]
