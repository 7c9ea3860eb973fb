"""A sound home, made once per test module, and a copy of it for each test."""

from __future__ import annotations

import pytest

from tests.unit.doctor.homes import copy, make


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return make(tmp_path_factory.mktemp("sound") / "home")


@pytest.fixture
def home(sound, tmp_path):
    """A sound home for one test."""
    return copy(sound, tmp_path / "home")
