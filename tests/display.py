"""An X server without a screen, for programs that want a desktop."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager

from tests.patience import PATIENCE


@contextmanager
def running(size: str = "64x64x8"):
    """The value of DISPLAY. ``size``: width, height and bits of a pixel; a browser needs 24."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as told:
        number = told.readline().strip()
    try:
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(PATIENCE)
