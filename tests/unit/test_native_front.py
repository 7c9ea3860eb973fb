"""The native front by itself: what it hands to the full program and to a command, and how large it is."""

from __future__ import annotations

import glob
import os
import platform
import re
import shutil
import signal
import subprocess
import sys

import pytest

from tests.fronts import FULL, SOURCES, PlayedAgent, compiled, patient
from tests.patience import PATIENCE

SHOWS = "#!/bin/sh\n/bin/cat /proc/$$/environ\necho\n/bin/cat /proc/$$/cmdline\n"
MOST = 600  # lines of C, apart from blank lines and comments
LINE = b'{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "s"}\ndev\tr\t00\t\n'


@pytest.fixture(scope="module")
def shows(tmp_path_factory):
    """A front whose full program shows its environment and its words."""
    return compiled(str(tmp_path_factory.mktemp("shows")), SHOWS)


def run(words, **more):
    return subprocess.run(
        words, capture_output=True, timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL, **more
    )


def test_it_is_small():
    """Its size is what makes it possible to review."""
    lines = 0
    for path in glob.glob(os.path.join(SOURCES, "*.[ch]")):
        with open(path, encoding="utf-8") as file:
            text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)
        lines += sum(bool(line.strip()) for line in text.splitlines())
    assert lines <= MOST


LOADER = 3  # PT_INTERP of elf(5): the part that names the loader of libraries
SHY = """#!/bin/sh
case " $* " in *" -static-pie "*) echo "no static library" >&2; exit 1 ;; esac
exec cc "$@"
"""


def parts(path):
    """The types of the program's headers."""
    with open(path, "rb") as file:
        raw = file.read()
    start, size, count = (
        int.from_bytes(raw[at : at + length], "little") for at, length in ((32, 8), (54, 2), (56, 2))
    )
    return {int.from_bytes(raw[start + n * size :][:4], "little") for n in range(count)}


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has a loader of its own")
def test_it_needs_no_library_if_there_is_a_static_one(shows, tmp_path, monkeypatch):
    """To load one takes longer than to ask the agent. Where there is none, it is built all the same."""
    assert LOADER not in parts(shows)
    compiler = tmp_path / "shy"
    compiler.write_text(SHY)
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    made = compiled(str(tmp_path / "made"), SHOWS)
    assert LOADER in parts(made)
    assert run([made, "list"], env={"HOME": "/h"}).returncode == 0


@pytest.mark.parametrize(
    "words",
    [["list"], ["export", "a b", "--fresh"], [], ["exec", "dev", "--", "none at all"], ["export", "-x"]],
)
def test_the_full_program_gets_the_callers_words_and_environment(shows, words):
    """Byte for byte, in the same order, and nothing more."""
    env = {"HOME": "/h", "B": "\udcff", "A": "1", "AWSVAULT_AGENT": "off"}
    done = run([shows, *words], env=env)
    environment, _, rest = done.stdout.partition(b"\n")
    assert environment == b"".join(os.fsencode(f"{name}={value}") + b"\0" for name, value in env.items())
    assert rest.split(b"\0")[1:-1] == [os.fsencode(shows + "-full"), *map(os.fsencode, words)]


def test_a_link_leads_to_the_program_beside_its_target(shows, tmp_path):
    """Installers put links into ~/.local/bin; also where it is found on the PATH."""
    os.symlink(shows, tmp_path / "awsvault-py")
    done = run(["awsvault-py", "list"], env={"PATH": str(tmp_path), "HOME": "/h"})
    assert os.fsencode(shows + "-full") in done.stdout


def test_without_proc_the_full_program_is_found_all_the_same(tmp_path):
    """In a chroot, say: the path by which the kernel started it is known without /proc."""
    source = tmp_path / "no_proc.c"
    source.write_text("#include <errno.h>\nlong readlink(void) { errno = ENOENT; return -1; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "no_proc.so", source], check=True)
    shows = compiled(str(tmp_path / "shows"), SHOWS, shared=True)
    os.symlink(shows, tmp_path / "awsvault-py")
    env = {"LD_PRELOAD": str(tmp_path / "no_proc.so"), "HOME": "/h"}
    done = run(["./awsvault-py", "list"], env=env, cwd=tmp_path)
    assert os.fsencode(shows + "-full") in done.stdout


def test_without_the_full_program_it_says_so(shows, tmp_path):
    """A copy of the file alone: nothing on stdout, the error and the hint, exit 70."""
    alone = tmp_path / "awsvault-py"
    shutil.copyfile(shows, alone)
    alone.chmod(0o755)
    done = run([str(alone), "export", "dev"], env={"HOME": "/h"})
    assert (done.returncode, done.stdout) == (70, b"")
    assert done.stderr.decode() == (
        f"awsvault-py: error: cannot run {alone}-full: No such file or directory\nawsvault-py: hint: install awsvault-py again\n"
    )


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_a_closed_stream_is_left_to_the_full_program(closed, tmp_path):
    """The agent's socket would take its number."""
    os.makedirs(tmp_path / "v")
    with PlayedAgent(str(tmp_path / "v/run/agent.sock"), []) as agent:
        env = {"HOME": str(tmp_path), "AWSVAULT_HOME": str(tmp_path / "v")}
        done = subprocess.run(
            ["/bin/sh", "-c", f'exec "$0" export dev {closed}>&-', patient()],
            env=env,
            timeout=PATIENCE,
            check=False,
        )
    assert done.returncode == FULL
    assert agent.connections == 0


def ignored(text):
    """The numbers of the signals that a process ignores."""
    bits = int(re.search(rb"SigIgn:\s*([0-9a-f]+)", text)[1], 16)
    return {number for number in range(1, 32) if bits >> (number - 1) & 1}


def ignoring():
    for number in (signal.SIGPIPE, signal.SIGCHLD, signal.SIGXFSZ, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def not_ignoring():
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize("prepare", [ignoring, not_ignoring])
def test_the_full_program_gets_the_callers_signals(prepare, tmp_path_factory):
    """The front ignores two of them itself, and puts them back."""
    front = compiled(str(tmp_path_factory.mktemp("signals")), "#!/bin/sh\nexec /bin/cat /proc/self/status\n")
    there = run([front, "list"], env={"HOME": "/h"}, preexec_fn=prepare, restore_signals=False).stdout
    words = ["/bin/sh", "-c", "exec /bin/cat /proc/self/status"]
    direct = run(words, env={"HOME": "/h"}, preexec_fn=prepare, restore_signals=False).stdout
    assert ignored(there) == ignored(direct)


def test_a_command_gets_the_usual_signals(tmp_path):
    """As from the full program: a pipe whose reader went away ends it, and it can wait for its children."""
    os.makedirs(tmp_path / "v")
    size = len(LINE).to_bytes(4, "big")
    with PlayedAgent(str(tmp_path / "v/run/agent.sock"), [size + LINE]):
        env = {"HOME": str(tmp_path), "AWSVAULT_HOME": str(tmp_path / "v"), "PATH": "/usr/bin:/bin"}
        words = [patient(), "exec", "dev", "--", "cat", "/proc/self/status"]
        done = run(words, env=env, preexec_fn=ignoring, restore_signals=False)
    assert ignored(done.stdout) & {signal.SIGPIPE, signal.SIGCHLD, signal.SIGXFSZ, signal.SIGINT} == {
        signal.SIGINT
    }


def test_a_folder_with_the_name_of_the_command_is_passed_over(tmp_path):
    """As os.execvpe does; the agent is asked, and writes into its log, once."""
    os.makedirs(tmp_path / "v")
    os.makedirs(tmp_path / "bin" / "cat")
    with PlayedAgent(str(tmp_path / "v/run/agent.sock"), [len(LINE).to_bytes(4, "big") + LINE]) as agent:
        env = {
            "HOME": str(tmp_path),
            "AWSVAULT_HOME": str(tmp_path / "v"),
            "PATH": f"{tmp_path}/bin:/usr/bin:/bin",
        }
        done = run([patient(), "exec", "dev", "--", "cat", "/proc/self/comm"], env=env)
    assert (done.returncode, done.stdout, agent.connections) == (0, b"cat\n", 1)


ODD = """
import ctypes, sys
def listed(*texts):
    return (ctypes.c_char_p * (len(texts) + 1))(*texts, None)
front, home = (word.encode() for word in sys.argv[1:])
ctypes.CDLL(None).execve(front, listed(front, b"exec", b"dev", b"--", b"env"),
    listed(b"HOME=" + home, b"AWSVAULT_HOME=" + home + b"/v", b"PATH=/usr/bin:/bin", b"X=1", b"X=2", b"XX=3", b"=odd", b"none", b"X"))
"""


def test_of_two_variables_with_one_name_a_command_gets_the_first(tmp_path):
    """As from the full program, whose dictionary has one; a variable without a name, or without a value, is none."""
    os.makedirs(tmp_path / "v")
    with PlayedAgent(str(tmp_path / "v/run/agent.sock"), [len(LINE).to_bytes(4, "big") + LINE]):
        done = run([sys.executable, "-c", ODD, patient(), str(tmp_path)], env={})
    lines = done.stdout.decode().splitlines()
    assert "AWS_ACCESS_KEY_ID=A" in lines
    assert [line for line in lines if line.lstrip("X")[:1] == "=" or "=" not in line] == ["X=1", "XX=3"]


def test_no_descriptor_reaches_the_full_program(tmp_path_factory):
    """The socket is closed, and what the caller left open stays open."""
    front = compiled(str(tmp_path_factory.mktemp("open")), "#!/bin/sh\nexec /bin/ls /proc/self/fd\n")
    folder = tmp_path_factory.mktemp("h")
    with PlayedAgent(str(folder / "v/run/agent.sock"), [b"\0\0\0\4MISS"]) as agent:
        env = {"HOME": str(folder), "AWSVAULT_HOME": str(folder / "v")}
        there = run([front, "export", "dev"], env=env).stdout
    assert agent.request is not None
    assert there == run(["/bin/sh", "-c", "exec /bin/ls /proc/self/fd"], env=env).stdout
