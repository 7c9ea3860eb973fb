"""Builds what the wheel has beside the package: the native front, where a compiler is, and a copy of vault/warm.py.

The native front (vault/front) becomes the command ``awsvault-py``, and scripts/awsvault-py becomes ``awsvault-py-full``, which it
runs for everything that the agent does not answer. Without a compiler, the script itself is the command, and the wheel is pure.
AWSVAULT_NATIVE=0 forbids the front, 1 demands it. An editable install has it only if it is demanded: it would become outdated.

The copy of vault/warm.py is a module of its own. It saves the Python front two imports, a hundredth of a warm export
(docs/performance.md). That is possible because it imports nothing of the package. An editable install has no copy either.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

COMMAND, FULL = "awsvault-py", "awsvault-py-full"
WARNINGS = ("-Wall", "-Wextra", "-Werror", "-Wformat=2", "-Wshadow", "-Wconversion")
HARDENED = ("-O2", "-fPIE", "-fstack-protector-strong", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2")
LINKED = {  # for a file with the same bytes at each build, too: without symbols and an ID
    "linux": ("-pie", "-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,noexecstack", "-Wl,--build-id=none", "-s"),
    "darwin": ("-pie",),
}
ALONE = "-static-pie"  # with the C library inside: to find and to map it takes longer than to ask the agent


class Unbuilt(Exception):
    """Why there is no native front."""


def compile_front(
    folder: str,
    sources: str,
    *,
    more: Sequence[str] = (),
    hardened: Sequence[str] = HARDENED,
    shared: bool = False,
) -> str:
    """Compile the C files in the folder ``sources``; the path of the program in ``folder``. Raises Unbuilt.

    The program has the C library inside if that is GNU's and there is a static one; ``shared``: never.
    """
    words = compiler()
    if not words:
        raise Unbuilt("there is no C compiler")
    if sys.platform not in LINKED:
        raise Unbuilt(f"it does not run on {sys.platform}")
    names = sorted(name for name in os.listdir(sources) if name.endswith(".c"))
    made = os.path.join(folder, COMMAND)
    given = [*shlex.split(os.environ.get("CFLAGS", "")), *shlex.split(os.environ.get("LDFLAGS", ""))]
    linked = LINKED[sys.platform]
    ways = [linked]
    if platform.libc_ver()[0] == "glibc" and not shared:
        ways.insert(0, (ALONE, *linked[1:]))
    for way in ways:
        whole = [
            *words,
            "-std=c17",
            *WARNINGS,
            *hardened,
            *architectures(),
            *given,
            *more,
            "-o",
            made,
            *names,
            *way,
        ]
        try:
            done = subprocess.run(whole, cwd=sources, capture_output=True, text=True, check=False)
        except OSError as error:
            raise Unbuilt(f"{words[0]}: {error.strerror}") from None
        if not done.returncode:
            return made
    raise Unbuilt(f"{words[0]} failed: {done.stderr}")


def compiler() -> list[str]:
    """The words that start the C compiler; none if there is no compiler."""
    named = shlex.split(os.environ.get("CC", ""))
    return named or [found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))][:1]


def architectures() -> list[str]:
    """The processors of a Mac for which this Python was built."""
    if sys.platform != "darwin":
        return []
    kind = sysconfig.get_platform().rpartition("-")[2]
    return [word for each in ("arm64", "x86_64") if kind in (each, "universal2") for word in ("-arch", each)]


class Beside(BuildHookInterface[Any]):
    """Adds the commands, and the copy to ordinary wheels."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        self._folder = tempfile.mkdtemp()
        script = os.path.join(self.root, "scripts", COMMAND)
        front = self._front(editable=version != "standard")
        build_data["shared_scripts"] = {script: COMMAND} if front is None else {front: COMMAND, script: FULL}
        if version != "standard":
            return
        if front is not None:
            platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
            build_data.update(pure_python=False, tag=f"py3-none-{platform}")
        # From another file: a file that is force-included is left out of its package.
        copy = shutil.copy(os.path.join(self.root, "vault", "warm.py"), self._folder)
        build_data["force_include"][copy] = "awsvault_warm.py"

    def finalize(self, _version: str, _build_data: dict[str, Any], _artifact: str) -> None:
        shutil.rmtree(getattr(self, "_folder", ""), ignore_errors=True)

    def _front(self, *, editable: bool) -> str | None:
        """The path of the native front, or None if the script is to be the command."""
        wish = os.environ.get("AWSVAULT_NATIVE", "")
        if wish not in ("", "0", "1"):
            raise ValueError(f"AWSVAULT_NATIVE is {wish!r}; set it to 0 or 1")
        if wish == "0" or (editable and wish != "1"):
            return None
        try:
            return compile_front(self._folder, os.path.join(self.root, "vault", "front"))
        except Unbuilt as reason:
            if wish == "1":
                raise RuntimeError(
                    f"AWSVAULT_NATIVE is 1, but the native front cannot be built: {reason}"
                ) from None
            self.app.display_warning(
                f"the command is the Python front, because the native front cannot be built: {reason}"
            )
            return None
