"""A real Chromium without a screen, moved by its own debugging protocol over two pipes: no port that others could reach."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import time
from typing import Any, Self

from tests.patience import PATIENCE

PROGRAM = shutil.which("chromium") or "chromium"  # a machine without it fails these tests, and should
OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost", "--remote-debugging-pipe",
)  # fmt: skip


class Chromium:
    """A browser with one page, as a context manager."""

    def __init__(self, folder: Any) -> None:
        given, self._say = os.pipe()
        self._hear, told = os.pipe()
        # Chromium reads at descriptor 3 and writes at 4.
        script = f'exec 3<&{given} 4>&{told}; exec "$0" "$@"'
        self._process = subprocess.Popen(
            ["bash", "-c", script, PROGRAM, *OPTIONS, f"--user-data-dir={folder}", "about:blank"],
            pass_fds=[given, told],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(given)
        os.close(told)
        self._numbers, self._received = itertools.count(1), b""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._page = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._say)
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENCE)
        os.close(self._hear)

    def open(self, url: str) -> None:
        self._call("Page.navigate", page=True, url=url)

    def run(self, script: str) -> Any:
        """The value of a script on the page; a promise is waited for."""
        found = self._call(
            "Runtime.evaluate", page=True, expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def sees(self, text: str) -> str:
        """Wait until the page shows the text; all that it shows."""
        ends, shown = time.monotonic() + PATIENCE, ""
        while time.monotonic() < ends:
            shown = self.run("document.body ? document.body.innerText : ''")
            if text in shown:
                return shown
            time.sleep(0.1)
        raise AssertionError(f"{text!r} did not come: {shown}")

    def clicks(self, button: str) -> None:
        """Click the button of this ID."""
        self.run(f"document.getElementById({json.dumps(button)}).click()")

    def _call(self, method: str, *, page: bool = False, **given: Any) -> dict[str, Any]:
        number = next(self._numbers)
        said = {
            "id": number,
            "method": method,
            "params": given,
            **({"sessionId": self._page} if page else {}),
        }
        os.write(self._say, json.dumps(said).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                found: dict[str, Any] = answer["result"]
                return found

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._received:
            piece = os.read(self._hear, 65_536)
            assert piece, "Chromium has ended"
            self._received += piece
        message, _, self._received = self._received.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found
