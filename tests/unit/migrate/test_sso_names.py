"""Names of generated profiles: whatever AWS calls an account, every SDK and shell can read the profile."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.profiles.test_edit import document
from vault import errors
from vault.aws.sso_lists import SsoAccount
from vault.keys import entry_names
from vault.migrate.own_command import process_value
from vault.migrate.sso_names import AssignedRole, NameTemplate, cleaned, named

ID, OTHER_ID = "222222222222", "333333333333"


def role(name="Admin", *, account="Acme Dev", account_id=ID):
    return AssignedRole(SsoAccount(account_id, account, "dev@corp.example"), name)


def template(text="{account}/{role}", *, session="corp"):
    return NameTemplate(text, session=session)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("{account}/{role}", "Acme-Dev/Admin"),
        ("{session}.{account_id}:{role}", "corp.222222222222:Admin"),
        ("my_{role}", "my_Admin"),
        ("default", "default"),
    ],
)
def test_fields(text, name):
    """Each stands for its value, the rest for itself."""
    assert template(text).name(role()) == name


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("Büro Größe", "Buro-Gro-e"),
        ("a/b:c%d", "a-b-c-d"),
        ("x]\n[profile default]", "x-profile-default"),
        ("$(id) `id` ; rm -rf ~", "id-id-rm--rf"),
        ("\u202egnp\x1b[31m", "gnp-31m"),
        ("--", ID),
        ("", ID),
        ("..", ID),
        ("x" * 200, "x" * 60),
    ],
)
def test_names_of_accounts_are_cleaned(given_name, name):
    """Of what would end a line or a header, start an option, or change a terminal; without any letter the ID is used."""
    assert template("{account}").name(role(account=given_name)) == name


@given(st.text(max_size=300), st.text(max_size=80))
def test_any_name_gives_a_profile_that_is_read_back(account, session):
    """The header and the command have exactly the profile's name."""
    name = template("{session}/{account}", session=session).name(role(account=account))
    entry_names.check_name(name)
    assert list(document(f"{entry_names.section(name)}\nx = y\n").sections.profiles) == [name]
    assert shlex.split(process_value(("/bin/awsvault-py",), name))[-1] == name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty or starts with -"),
        ("-{role}", "is empty or starts with -"),
        ("{user}", "there is no field {user}"),
        ("{}", "there is no field {}"),
        ("{role", "a name has letters, digits"),
        ("{role} x", "a name has letters, digits"),
        ("{role}%", "a name has letters, digits"),
        ("{role}\x1b", r"\\x1b"),
    ],
)
def test_no_template(text, said):
    """A mistake of the command line."""
    with pytest.raises(errors.Usage, match=said.replace("{", r"\{").replace("}", r"\}")):
        template(text)


@pytest.mark.parametrize(
    ("one", "other"), [("a=b", "a,b"), ("Reader", "reader"), ("r" * 62 + "1", "r" * 62 + "2")]
)
def test_two_roles_that_no_field_tells_apart(one, other):
    """In one account. The hint for two accounts would lead to the same error."""
    for text in ("{account}/{role}", "{account}-{account_id}/{role}"):
        with pytest.raises(errors.ConfigError) as caught:
            named([role(one), role(other)], template(text))
        assert "with --role and a --name without {role}" in caught.value.hint
    for name in (one, other):
        named([role(name)], template("{account}/mine"))
    with pytest.raises(errors.ConfigError) as caught:
        named([role(one), role("Admin")], template("{account}"))
    assert "add a field" in caught.value.hint


def test_two_roles_of_one_name():
    """AWS lets two accounts have the same name. Both are named in the error."""
    with pytest.raises(errors.ConfigError) as caught:
        named([role(), role("Reader"), role(account_id=OTHER_ID)], template())
    assert caught.value.message == (
        "two roles would have the name Acme-Dev/Admin: role Admin in account 222222222222 (Acme Dev), and "
        "role Admin in account 333333333333 (Acme Dev)"
    )
    assert "{account_id}" in caught.value.hint


def test_two_names_that_differ_in_case_only():
    """As bad as one name: some tools read them alike."""
    with pytest.raises(
        errors.ConfigError, match="the names Acme-Dev/Admin and ACME-dev/Admin, which differ in"
    ):
        named([role(), role(account="ACME dev", account_id=OTHER_ID)], template())


def test_hostile_name_in_an_error_is_escaped():
    """The account's owner chose it."""
    twice = [role(account="\x1b[2J", account_id=each) for each in (ID, OTHER_ID)]
    with pytest.raises(errors.ConfigError) as caught:
        named(twice, template("{role}"))
    assert "\x1b" not in caught.value.message
    assert r"\x1b[2J" in caught.value.message


@pytest.mark.parametrize("account", ["default", "DEFAULT"])
def test_no_account_takes_the_default_profile(account):
    """Every tool would use its roles if no profile is named. Only the user may choose that."""
    with pytest.raises(errors.ConfigError, match="which tools use if no profile is named"):
        template("{account}").name(role(account=account))


@pytest.mark.parametrize(
    ("account", "text"), [("x" * 60, "{account}/" * 3), ("AKIAIOSFODNN7EXAMPLE", "{account}")]
)
def test_a_name_that_cannot_be_a_profile(account, text):
    """Too long, or like a key: other commands would refuse it."""
    with pytest.raises(errors.ConfigError, match="is too long or looks like a key"):
        template(text).name(role(account=account))


def test_the_order_is_that_of_the_names():
    """A second run, and another machine, write the same file."""
    roles = [role("B"), role("A"), role(account="Aaa", account_id=OTHER_ID)]
    assert list(named(roles, template())) == ["Aaa/Admin", "Acme-Dev/A", "Acme-Dev/B"]


def test_cleaned_ends_with_a_letter_also_when_it_is_cut():
    """A name that ends with a point is no file name on Windows."""
    assert cleaned("x" * 59 + " y") == "x" * 59
