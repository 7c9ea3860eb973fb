"""Mutants that change nothing that anybody could see, each with the reason: ``Mutant.key`` by line."""

from __future__ import annotations

EQUIVALENT: dict[str, str] = {}
