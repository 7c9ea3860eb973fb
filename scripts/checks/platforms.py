"""Only vault/system/ and vault/agent/ may use the features of one platform, so that a port changes nothing else.

Reported are modules and names of `os`, `signal` and `socket` that Windows does not have, and paths of Linux.
"""

from __future__ import annotations

import ast

from scripts.checks.tree import Module, Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = {"system", "agent"}
# The warm path: it may import only sys, os and _socket, so it cannot use vault/system.
WARM = {"vault/warm.py", "vault/__main__.py"}
MODULES = {"ctypes", "fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
OS = {
    *(
        "chown",
        "fchown",
        "lchown",
        "chroot",
        "ctermid",
        "fchdir",
        "fork",
        "forkpty",
        "getloadavg",
        "killpg",
        "lockf",
    ),
    *(
        "getegid",
        "geteuid",
        "getgid",
        "getgroups",
        "getpgid",
        "getpgrp",
        "getresgid",
        "getresuid",
        "getsid",
        "getuid",
    ),
    *(
        "initgroups",
        "memfd_create",
        "mkfifo",
        "mknod",
        "nice",
        "openpty",
        "pidfd_open",
        "pipe2",
        "posix_fallocate",
    ),
    *(
        "posix_fadvise",
        "posix_spawn",
        "posix_spawnp",
        "register_at_fork",
        "setegid",
        "seteuid",
        "setgid",
        "setgroups",
    ),
    *(
        "setpgid",
        "setpgrp",
        "setpriority",
        "setregid",
        "setresgid",
        "setresuid",
        "setreuid",
        "setsid",
        "setuid",
    ),
    *(
        "statvfs",
        "fstatvfs",
        "sync",
        "sysconf",
        "tcgetpgrp",
        "tcsetpgrp",
        "ttyname",
        "uname",
        "unshare",
        "wait",
    ),
    *(
        "wait3",
        "wait4",
        "waitid",
        "WNOHANG",
        "WUNTRACED",
        "WCONTINUED",
        "WIFEXITED",
        "WIFSIGNALED",
        "WIFSTOPPED",
    ),
    *(
        "WEXITSTATUS",
        "WTERMSIG",
        "WSTOPSIG",
        "O_CLOEXEC",
        "O_DIRECTORY",
        "O_NOCTTY",
        "O_NOFOLLOW",
        "O_NONBLOCK",
    ),
}
SIGNAL = {
    *(
        "SIGALRM",
        "SIGCHLD",
        "SIGCONT",
        "SIGHUP",
        "SIGKILL",
        "SIGPIPE",
        "SIGQUIT",
        "SIGRTMAX",
        "SIGRTMIN",
        "SIGSTOP",
    ),
    *(
        "SIGTSTP",
        "SIGTTIN",
        "SIGTTOU",
        "SIGUSR1",
        "SIGUSR2",
        "SIGWINCH",
        "SIGXFSZ",
        "SIG_BLOCK",
        "SIG_SETMASK",
    ),
    *(
        "SIG_UNBLOCK",
        "alarm",
        "pause",
        "pthread_kill",
        "pthread_sigmask",
        "setitimer",
        "siginterrupt",
        "sigpending",
    ),
    *("sigtimedwait", "sigwait", "sigwaitinfo"),
}
SOCKET = {
    "AF_UNIX",
    "AF_NETLINK",
    "SO_PEERCRED",
    "LOCAL_PEERCRED",
    "SCM_RIGHTS",
    "socketpair",
    "send_fds",
    "recv_fds",
}
NAMES = {"os": OS, "signal": SIGNAL, "_signal": SIGNAL, "socket": SOCKET, "_socket": SOCKET}
WORDS = {"preexec_fn", "start_new_session", "pass_fds", "process_group"}  # of subprocess
PATHS = ("/proc/", "/sys/", "/run/", "/dev/")


def problems(module: Module) -> Iterator[Problem]:
    """One for each use outside the two packages."""
    if not module.in_vault or module.package in PACKAGES or module.path in WARM:
        return
    for node in module.nodes:
        for what in used(node):
            text = f"{module.path}:{node.lineno}: {what} belongs to one platform: move it to vault/system or vault/agent"
            yield Problem("platform", (module.path,), text)


def used(node: ast.AST) -> Iterator[str]:
    """The features of one platform that this node names."""
    match node:
        case ast.Import():
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        case ast.ImportFrom(module=str(name)):
            if name in MODULES:
                yield name
            yield from (f"{name}.{alias.name}" for alias in node.names if alias.name in NAMES.get(name, ()))
        case ast.Attribute(value=ast.Name(id=name), attr=attribute) if attribute in NAMES.get(name, ()):
            yield f"{name}.{attribute}"
        case ast.Call():
            yield from (f"{word.arg}=" for word in node.keywords if word.arg in WORDS)
        case ast.Constant(value=str(text)) if text.startswith(PATHS) or text + "/" in PATHS:
            yield text
