"""The warm export: ask the agent, print what it has, leave. Anything odd returns None, nothing raises.

It costs no more than an interpreter that does nothing, so it imports sys, os and _socket, and nothing of ours: each module
more is a hundredth of the whole run (docs/performance.md). What it shares with the rest therefore stands here, below it: the
places of everything, the fingerprint of what is there now (to others vault/system/paths), and the connection to the agent.
"""

import _socket
import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# limits.AGENT_CONNECT and AGENT_ANSWER, spelled out to spare the warm export an import; a test holds them equal.
CONNECT = 0.1
ANSWER = 0.5
PATH_MOST = 100  # limits.AGENT_SOCKET_PATH
NAME_MOST = 512  # limits.MAX_PROFILE_NAME
FRAME_MOST = 64 * 1024  # limits.AGENT_FRAME
PIECES = 8  # that an answer may come in: an agent sends it in one, and each is waited for anew
RENEW = b"+"  # before the JSON: this client was chosen to renew the session
MISS = b"MISS"


def serve(argv: "Sequence[str]") -> str | None:
    """Print the session of ``export PROFILE`` and leave the process, or return None for the full path to answer.

    In the one process that is to renew a session, it returns the profile's name, in a detached child.
    """
    try:
        answer = ask(argv, os.environ)
        if answer is None:
            return None
        renew = answer[:1] == RENEW
        body = answer[1:] if renew else answer
        if os.write(1, body) != len(body):
            os._exit(1)  # half an answer stands there already: another would make it worse
    except (OSError, ValueError):
        return None
    if renew and detached():
        return argv[1]
    os._exit(0)


def ask(argv: "Sequence[str]", env: "Mapping[str, str]") -> bytes | None:
    """The agent's answer to ``export PROFILE``, as it came: the JSON line, perhaps after RENEW; None for none."""
    return answered(b"E", argv[1], env) if len(argv) == 2 and argv[0] == "export" else None


def answered(kind: bytes, profile: str, env: "Mapping[str, str]") -> bytes | None:
    """The agent's answer to a request of this ``kind`` (vault/agent/protocol); None for whatever goes wrong: no error."""
    try:
        name = os.fsencode(profile)
        if env.get("AWSVAULT_AGENT", "auto") not in ("auto", "") or not 0 < len(name) <= NAME_MOST:
            return None
        paths = from_env(env)
        request = kind + name + b"\0" + fingerprint(env, paths=paths)
        if name[:1] == b"-" or len(request) > FRAME_MOST:
            return None
        answer = exchange(paths.socket, request)  # last: the agent wakes up once, to find the question
    except Exception:  # noqa: BLE001  # no descriptor left, no folder to stand in, a name that is none
        return None
    return answer if answer[-1:] == b"\n" and answer != MISS else None


def exchange(path: str, request: bytes, *, answer: float = ANSWER) -> bytes:
    """What the agent behind the socket ``path`` says to one request; b"" for whatever goes wrong."""
    connection = dial(path, answer=answer)
    if connection is None:
        return b""
    try:
        connection.sendall(len(request).to_bytes(4, "big") + request)
        return _frame(connection)
    except OSError:
        return b""
    finally:
        connection.close()


def _frame(connection: "_socket.socket") -> bytes:
    """One frame, or b"" where it is cut short, too long or in too many pieces. OSError where the agent is too slow."""
    got = connection.recv(FRAME_MOST)
    size = int.from_bytes(got[:4], "big") if len(got) >= 4 else FRAME_MOST
    pieces = PIECES
    while len(got) < 4 + size <= 4 + FRAME_MOST and (pieces := pieces - 1):
        piece = connection.recv(FRAME_MOST)
        if not piece:
            return b""
        got += piece
        size = int.from_bytes(got[:4], "big") if len(got) >= 4 else FRAME_MOST
    return got[4 : 4 + size] if len(got) == 4 + size else b""


def detached() -> bool | None:
    """True in a new process, whose end is ``os._exit``; False in this one, and None where no process could be had.

    The caller waits for the end of our output, so the child must not keep its pipes open.
    """
    try:
        between = os.fork()
        if between:
            return None if os.waitpid(between, 0)[1] else False
    except ChildProcessError:  # whoever ran us ignores SIGCHLD, and the kernel has taken its end
        return False
    except OSError:
        return None
    try:
        if os.fork():  # what is left is nobody's: not of the command, either, that takes our place in an exec
            os._exit(0)
    except OSError:
        os._exit(1)
    _let_go()
    return True


def all_open() -> int:
    """A number above every open descriptor, for os.closerange: a caller's may stand anywhere below its limit."""
    return min(max(os.sysconf("SC_OPEN_MAX"), 4096), 1 << 20)  # without close_range(2) each one is tried


def _let_go() -> None:
    """Out of the caller's session, and without anything that it has open; the end of this process where that fails."""
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.closerange(3, all_open())
    except OSError:
        os._exit(0)  # never on with the caller's output open: it would print a second answer


# ── the places ───────────────────────────────────────────────────────────────────────────────

NAME = "awsvault-py"
RUNTIMES = "/run/user"  # of logind; each user's folder is named by the user id


class Paths:
    """The places, all absolute: folders without a slash at the end, made on first use with mode 0700."""

    __slots__ = ("config_toml", "home", "log", "run", "sessions", "socket", "state", "vault_folder")

    def __init__(
        self,
        *,
        home: str,
        config_toml: str,
        vault_folder: str,
        sessions: str,
        state: str,
        socket: str,
        log: str,
    ) -> None:
        self.home = home  # the user's home folder, where AWS's files are looked for
        self.config_toml = config_toml
        self.vault_folder = vault_folder
        self.sessions = sessions
        self.state = state
        self.socket = socket
        self.run = os.path.dirname(socket)
        self.log = log

    @property
    def vault(self) -> str:
        """The vault file."""
        return os.path.join(self.vault_folder, "vault.avlt")

    @property
    def vault_lock(self) -> str:
        """The lock beside it, a file of its own."""
        return os.path.join(self.vault_folder, "vault.lock")


def user_home(env: "Mapping[str, str]") -> str:
    """The user's home folder: HOME, else what the password database says."""
    return env.get("HOME") or os.path.expanduser("~")


def _absolute(env: "Mapping[str, str]", name: str, default: str) -> str:
    """An XDG variable counts only where it is an absolute path (XDG Base Directory 0.8)."""
    value = env.get(name, "")
    return value if value.startswith("/") else default


def from_env(env: "Mapping[str, str]") -> "Paths":
    """The places for this environment: one folder where AWSVAULT_HOME is set, else the platform's own."""
    home = user_home(env)
    ours = env.get("AWSVAULT_HOME", "")
    if ours:
        if ours.startswith("~/"):
            ours = home + ours[1:]
        ours = os.path.abspath(ours)
        return Paths(
            home=home,
            config_toml=ours + "/config.toml",
            vault_folder=ours,
            sessions=ours + "/sessions",
            state=ours + "/state",
            socket=ours + "/run/agent.sock",
            log=ours + "/log",
        )
    if sys.platform == "darwin":
        support = f"{home}/Library/Application Support/{NAME}"
        return Paths(
            home=home,
            config_toml=support + "/config.toml",
            vault_folder=support + "/vault",
            sessions=f"{home}/Library/Caches/{NAME}/s1",
            state=support + "/state",
            socket=support + "/run/agent.sock",
            log=f"{home}/Library/Logs/{NAME}",
        )
    state = _absolute(env, "XDG_STATE_HOME", home + "/.local/state") + "/" + NAME
    runtime = _absolute(env, "XDG_RUNTIME_DIR", "") or _of_a_login()
    return Paths(
        home=home,
        config_toml=_absolute(env, "XDG_CONFIG_HOME", home + "/.config") + f"/{NAME}/config.toml",
        vault_folder=_absolute(env, "XDG_DATA_HOME", home + "/.local/share") + "/" + NAME,
        sessions=_absolute(env, "XDG_CACHE_HOME", home + "/.cache") + f"/{NAME}/s1",
        state=state,
        socket=f"{runtime}/{NAME}/agent.sock" if runtime else without_runtime(state),
        log=state + "/log",
    )


def _of_a_login() -> str:
    """The runtime folder of the user's login, where an agent has its socket in it: cron and su do not name the folder."""
    uid = os.geteuid()
    folder = f"{RUNTIMES}/{uid}"
    try:
        return folder if os.lstat(f"{folder}/{NAME}/agent.sock").st_uid == uid else ""
    except OSError:
        return ""


def without_runtime(state: str) -> str:
    """The agent's socket where there is no runtime folder."""
    return f"{state}/run/{_host()}.sock"


def _host() -> str:
    """A short name of this host: a home folder shared over a network must not share a socket."""
    from binascii import crc32

    return f"{crc32(os.uname().nodename.encode('utf-8', 'surrogateescape')):08x}"


# ── the fingerprint ──────────────────────────────────────────────────────────────────────────
# It is taken *before* the configuration is read: a change in between makes the next one another, never an old answer
# under a new one. Not in it: credentials in the environment, IMDS, token files. A chain that starts from one of those
# must not be remembered under a fingerprint. It holds no secret.

FORM = b"f2"  # another form is another fingerprint: an older agent misses and answers for no other rules

# Variables that tell a command of ours, started inside an exec, how things were outside: a file that --server hides
# from SDKs, and the region that came from the outer profile and not from the user.
OUTER = "AWSVAULT_OUTER_"
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")

# What decides the answer besides the files. URLs may carry a user and password, which are left out below.
PLAIN = (
    "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_REGION", "AWS_DEFAULT_REGION",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_STS_REGIONAL_ENDPOINTS", "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT", "AWS_CA_BUNDLE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME", "NO_PROXY", "no_proxy",
)  # fmt: skip
URLS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy")


def fingerprint(env: "Mapping[str, str]", *, paths: "Paths") -> bytes:
    """Bytes that differ whenever another answer may be due: device, inode, size, mtime and ctime of AWS's two files,
    of the vault and of config.toml, and the variables above. A few hundred bytes; equal only where all is equal.
    Inside an exec it is that of outside, since nothing else is asked for there.
    """
    env = outside(env)
    files = (*aws_files(env, home=paths.home), paths.vault, paths.config_toml)
    parts = [FORM, *map(_identity, files)]
    parts += [os.fsencode(f"{name}={env[name]}") for name in PLAIN if name in env]
    parts += [os.fsencode(f"{name}={_without_userinfo(env[name])}") for name in URLS if name in env]
    return b"\0".join(parts)  # no variable can hold a NUL, so no two lists join to the same bytes


def outside(env: "Mapping[str, str]") -> "Mapping[str, str]":
    """``env`` with AWS's files and region as they were outside of an exec: an inner profile has its own."""
    if not any(name.startswith(OUTER) for name in env):
        return env
    region = env.get(OUTER + "REGION")
    return {
        name: env.get(OUTER + name, value) if value == os.devnull else value
        for name, value in env.items()
        if not name.startswith(OUTER) and not (name in _REGIONS and value == region)
    }


def aws_files(env: "Mapping[str, str]", *, home: str) -> tuple[str, str]:
    """The paths of AWS's config and credentials files, ``~`` and ``$VARIABLES`` in the two variables expanded."""
    return (
        _expanded(env.get("AWS_CONFIG_FILE") or home + "/.aws/config", env, home),
        _expanded(env.get("AWS_SHARED_CREDENTIALS_FILE") or home + "/.aws/credentials", env, home),
    )


def _identity(path: str) -> bytes:
    """What stat says of the file behind ``path``, links followed. ctime shows a file whose mtime was set back."""
    try:
        s = os.stat(path)
    except FileNotFoundError:
        return b"-"
    except (OSError, ValueError) as error:
        return b"?%d" % (getattr(error, "errno", None) or 0)
    return b"%d.%d.%d.%d.%d" % (s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns)


def _without_userinfo(url: str) -> str:
    """``url`` with the user and password before its host taken out; what is no URL counts as a host."""
    start = url.find("//") + 2 if "//" in url else 0
    authority, slash, path = url[start:].partition("/")
    return url[:start] + authority.rpartition("@")[2] + slash + path


def _expanded(path: str, env: "Mapping[str, str]", home: str) -> str:
    """As os.path.expandvars and expanduser do it, from ``env`` and without ``re``, which they import."""
    if "$" in path:
        path = substituted(path, env)
    if path == "~" or path.startswith(("~/", "~\\")):  # the last as on Windows
        return home + path[1:]
    return os.path.expanduser(path) if path.startswith("~") else path


def substituted(path: str, env: "Mapping[str, str]") -> str:
    """``path`` with each ``$NAME`` and ``${NAME}`` replaced; unknown ones stay as they are."""
    out, rest = "", path
    while "$" in rest:
        before, _, rest = rest.partition("$")
        out += before
        if rest.startswith("{") and "}" in rest:
            name, _, rest = rest[1:].partition("}")
            shown = "${" + name + "}"
        else:
            end = 0
            while end < len(rest) and (rest[end] == "_" or (rest[end].isascii() and rest[end].isalnum())):
                end += 1
            name, rest = rest[:end], rest[end:]
            shown = "$" + name
        out += env.get(name, shown) if name else shown
    return out + rest


# ── the connection, which the agent's other client shares ────────────────────────────────────


def dial(path: str, *, answer: float = ANSWER) -> "_socket.socket | None":
    """A connected socket with ``answer`` seconds of time-out for each call; None where there is no server of ours.

    Both the file's owner and the user id of the process behind it must be this user's: a path that somebody
    took over neither feeds us an answer nor learns the question. Root's server is refused too.
    """
    uid = os.geteuid()
    try:
        if len(os.fsencode(path)) > PATH_MOST:
            return None
        status = os.lstat(path)
        if not stat.S_ISSOCK(status.st_mode) or status.st_uid != uid or status.st_mode & 0o077:
            return None
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    except (OSError, ValueError):
        return None
    try:
        if connection.fileno() > 2:  # else the caller closed its standard streams, and would print into it
            connection.settimeout(CONNECT)
            connection.connect(path)
            if uid_of(connection) == uid:
                connection.settimeout(answer)
                return connection
    except OSError:
        pass
    connection.close()
    return None


def uid_of(connection: "_socket.socket") -> int:
    """The user id of the process at the other end, as the kernel noted it when the two were connected."""
    if sys.platform == "darwin":
        credentials = connection.getsockopt(0, 1, 76)  # SOL_LOCAL, LOCAL_PEERCRED: version, uid, groups
    else:
        credentials = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)  # pid, uid, gid
    return int.from_bytes(credentials[4:8], sys.byteorder)


def pid_of(connection: "_socket.socket") -> int | None:
    """The process id at the other end, where the system tells it (Linux)."""
    if sys.platform == "darwin":
        return None
    pid = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 4)  # it comes first
    return int.from_bytes(pid, sys.byteorder)
