"""Secrets do not print."""

import pickle

import pytest

from vault.secret import Secret


def test_a_secret_shows_itself_nowhere():
    """repr, str, format, f-strings and pickle give nothing away; reveal does."""
    secret = Secret("wJalrXUtnFEMI")
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret:>40}", f"{[secret]}"):
        assert "wJalr" not in shown
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        hash(secret)
    assert not hasattr(secret, "__dict__")
    assert secret.reveal() == b"wJalrXUtnFEMI"
    assert secret.reveal_text() == "wJalrXUtnFEMI"
    assert len(secret) == 13


def test_secrets_compare_by_value_and_only_with_secrets():
    """Two secrets of the same bytes are equal; a secret never equals a plain value."""
    assert Secret("a") == Secret(b"a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != b"a"
