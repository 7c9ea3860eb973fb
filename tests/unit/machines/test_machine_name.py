"""The name of a machine: given by its user, or the host's."""

from __future__ import annotations

import pytest

from vault.errors import Usage
from vault.machines.machine_name import MOST, given_or_host
from vault.system.machine import host_name


def test_the_host_names_it_unless_the_user_does():
    assert given_or_host(None) == host_name()
    assert given_or_host(" my laptop ") == "my laptop"
    assert given_or_host("ü" * MOST) == "ü" * MOST


@pytest.mark.parametrize(
    "name", ["", "  ", "a" * (MOST + 1), "a\nb", "a\x1b[2Jb", "a\u202eb", "a=b", "removed", "a\udcffb"],
    ids=ascii,
)  # fmt: skip
def test_a_name_that_no_line_or_answer_can_have(name):
    with pytest.raises(Usage, match="--name") as caught:
        given_or_host(name)
    assert caught.value.message.isprintable()
