"""A chain as a value: which line names a device, and which entry the chain starts with."""

from __future__ import annotations

from tests.unit.profiles.files import chain_of
from vault.profiles.chain import VaultKey

DEVICE = "arn:aws:iam::111111111111:mfa/yourself"
OTHER = "arn:aws:iam::222222222222:mfa/other"
SOURCE = f"[profile source]\nmfa_serial = {DEVICE}\n"


def chain(text, name, *entries):
    return chain_of(name, text, entries=entries)


def role(name, source, *lines):
    return "\n".join(
        (
            f"[profile {name}]",
            f"role_arn = arn:aws:iam::222222222222:role/{name}",
            f"source_profile = {source}",
            *lines,
            "",
        )
    )


def test_the_line_of_a_device_is_that_of_the_profile_that_names_it():
    """The source's device and a role's own are told apart."""
    found = chain(
        SOURCE + role("one", "source") + role("two", "one", f"mfa_serial = {OTHER}"), "two", "source"
    )
    assert found.device_origin(DEVICE).line == 2
    assert found.device_origin(OTHER).line == 9


def test_a_device_that_no_file_names_has_no_line():
    """It is stored with the key in the vault."""
    assert chain("[profile source]\n", "source", "source").device_origin(DEVICE) is None


def test_the_source_is_that_of_the_last_profile_on_the_path():
    """Of a chain, and of a profile that is its own source."""
    text = SOURCE + role("one", "source") + role("two", "one")
    assert chain(text, "two", "source").source_profile == "source"
    assert chain(text, "source", "source").source_profile == "source"


def test_only_a_chain_from_the_vault_has_an_entry():
    """Which may have another name than the profile."""
    assert chain(SOURCE + role("one", "source"), "one", "source").entry == "source"
    named = chain("[profile a]\nawsvault_credential = b\n", "a", "b")
    assert (named.entry, type(named.source)) == ("b", VaultKey)
    keys = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret\n"
    assert chain("[profile a]\n" + keys, "a").entry == ""


def test_a_role_knows_where_each_of_its_values_is_set():
    """None for a value that nothing sets."""
    (hop,) = chain(SOURCE + role("one", "source", "external_id = x"), "one", "source").hops
    assert hop.origin("external_id").line == 6
    assert hop.origin("source_identity") is None
