"""Adds to the wheel, beside the package, a copy of vault/warm.py as a module of its own.

It saves the installed command two imports, a hundredth of a warm export (docs/performance.md). That is possible because it imports
nothing of the package. An editable install has no copy, which would become outdated.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Beside(BuildHookInterface[Any]):
    """Adds the copy to ordinary wheels."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "standard" or self.target_name != "wheel":
            return
        # From another file: a file that is force-included is left out of its package.
        self._folder = tempfile.mkdtemp()
        copy = shutil.copy(os.path.join(self.root, "vault", "warm.py"), self._folder)
        build_data["force_include"][copy] = "awsvault_warm.py"

    def finalize(self, _version: str, _build_data: dict[str, Any], _artifact: str) -> None:
        shutil.rmtree(getattr(self, "_folder", ""), ignore_errors=True)
