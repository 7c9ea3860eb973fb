"""What scripts/make-reference says about each variable, setting and key."""

from __future__ import annotations

OWN = {
    "AWSVAULT_HOME": "One folder for all of awsvault-py's files: `config.toml`, `vault.avlt`, `sessions/`, `state/`, `run/`, "
    "`log/`. If unset, the platform's usual folders (XDG, `~/Library`).",
    "AWSVAULT_PASSPHRASE": "The passphrase itself. awsvault-py removes it from the environment at once; no child inherits it.",
    "AWSVAULT_PASSPHRASE_FILE": "A file with the passphrase: mode 0600 or 0400, owned by you or root, not a link.",
    "AWSVAULT_PASSPHRASE_FD": "A descriptor to read the passphrase from, 3 or higher. Works only if you run awsvault-py "
    "directly: SDKs close other descriptors.",
    "AWSVAULT_PASSPHRASE_COMMAND": "A program with arguments that prints the passphrase. It runs without a shell.",
    "AWSVAULT_AGENT": "`auto` or `off`: whether to use an agent.",
    "AWSVAULT_KEYRING": "`auto` or `off`: whether to use the desktop's keyring.",
    "AWSVAULT_TPM": "The TPM of a `tpm` slot: the path of a device, or `unix:` and an emulator's socket. Default: `/dev/tpmrm0`.",
    "AWSVAULT_PROMPT": "`auto`, `tty`, `pinentry`, `notification` or `none`: how to prompt.",
}
SET = {
    "AWSVAULT_PROFILE": "The profile of this `exec`; `prompt` shows it.",
    "AWSVAULT_DEPTH": "The number of awsvault-py processes above this one. It detects a wrapper that calls awsvault-py again.",
    "AWSVAULT_SERVE": "Set by `exec --server` and `serve` for their own restart as a server, which removes it.",
    "AWSVAULT_OUTER_…": "The region and the places of AWS's files outside, for awsvault-py inside the command.",
}
SHARED = {
    "AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE": "The paths of AWS's files.",
    "AWS_PROFILE, AWS_DEFAULT_PROFILE": "The profile for `prompt`, `whoami` and `avp`. `export` uses only its argument.",
    "AWS_REGION, AWS_DEFAULT_REGION": "The region if no profile of the chain sets one.",
    "AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL_IAM, AWS_ENDPOINT_URL_SSO, AWS_ENDPOINT_URL_SSO_OIDC, AWS_ENDPOINT_URL_SIGNIN": "AWS's "
    "endpoints.",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "`true`: ignore these variables and the endpoints that profiles set.",
    "AWS_STS_REGIONAL_ENDPOINTS, AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT": "Which of AWS's endpoints to use.",
    "AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE": "A file with the certificates to trust; `~` is expanded. The first overrides the "
    "profile's `ca_bundle`, which overrides the second.",
    "SSL_CERT_FILE, SSL_CERT_DIR": "The machine's certificates, as for every program that uses OpenSSL. Used if none of the "
    "three above names a bundle.",
    "HTTPS_PROXY, HTTP_PROXY, NO_PROXY": "Proxies, as the AWS CLI reads them: the lower-case name comes first, and an empty one "
    "disables the upper-case one. ALL_PROXY is not read. Loopback addresses never use a proxy.",
    "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN": "Read for `credential_source = Environment`, for `whoami` "
    "without a profile, and for `add --env`, which accepts no session. Set by `exec`.",
    "AWS_SECURITY_TOKEN": "The older name of AWS_SESSION_TOKEN. Read if that is unset, and set with it: boto 2 knows no other "
    "name, and boto3 prefers it.",
    "AWS_ACCOUNT_ID": "Read for `credential_source = Environment`: the account of the keys.",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_AUTHORIZATION_TOKEN, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "Read "
    "for `credential_source = EcsContainer`; the token in the file overrides the other. Set by `exec --server`.",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "The same, as ECS sets it. It overrides the full URI.",
    "AWS_EC2_METADATA_DISABLED": "`true`: do not use instance metadata.",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT, AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "The endpoint of instance metadata; the mode is "
    "`ipv4` or `ipv6`.",
    "AWS_LOGIN_CACHE_DIRECTORY": "Where `aws login` keeps its sessions, for `login_session`. Default: `~/.aws/login/cache`.",
    "AWS_CREDENTIAL_EXPIRATION, AWS_SESSION_EXPIRATION": "Set by `exec`: when the session expires. The first is read for "
    "`credential_source = Environment`, `whoami` and `prompt`.",
    "AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME, AWS_WEB_IDENTITY_TOKEN_FILE": "Not read. `exec` unsets them, because an SDK would "
    "assume that role.",
    "AWS_VAULT": "Set by `exec`, because shell prompts look for it.",
    "AWS_VAULT_FILE_DIR, AWS_VAULT_FILE_PASSPHRASE, AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME": "aws-vault's own, read by "
    "`import --aws-vault`: the folder of its files, their passphrase, and its collection in the desktop's keyring.",
    "XDG_CONFIG_HOME": "`config.toml` is below it, in `awsvault-py`. `unlock --install-service` writes its units below it, and "
    "granted's configuration is there too.",
    "XDG_DATA_HOME, XDG_STATE_HOME, XDG_CACHE_HOME": "The vault, the state with the log, and the sessions are below them, in "
    "`awsvault-py`.",
    "XDG_RUNTIME_DIR": "The agent's socket is below it, in `awsvault-py`. If unset, awsvault-py looks in `/run/user/UID` for the agent of your login. The five XDG variables count on Linux only, "
    "as absolute paths, and if AWSVAULT_HOME is unset.",
    "DISPLAY, WAYLAND_DISPLAY": "Whether there are windows, for pinentry, the clipboard and a browser.",
    "WSL_DISTRO_NAME, WSL_INTEROP": "Set in WSL, where a browser can be opened without DISPLAY, and `sso login` uses a device code.",
    "SSH_CONNECTION, SSH_TTY, container, KUBERNETES_SERVICE_HOST": "Over SSH and in a container, `sso login` uses a device code.",
    "XAUTHORITY, XDG_SESSION_TYPE, XDG_CURRENT_DESKTOP": "Passed to pinentry.",
    "DBUS_SESSION_BUS_ADDRESS, DBUS_SYSTEM_BUS_ADDRESS": "The desktop's keyring and notifications, and logind, which reports "
    "sleep and a locked screen.",
    "LISTEN_PID, LISTEN_FDS": "Set by systemd for an agent that its socket unit starts.",
    "INVOCATION_ID": "Set by systemd. `doctor` then does not report AWSVAULT_PASSPHRASE in the environment.",
    "HOME, PATH": "Where the files above and programs are.",
    "USER, LOGNAME": "The first that is set is your name in session names.",
    "HOSTNAME": "The machine's name in the name of a new MFA device. Default: the system's host name.",
    "CI": "If set, awsvault-py does not prompt, as with `AWSVAULT_PROMPT=none`.",
    "NO_COLOR, TERM": "Color, and whether a list to choose from can be shown.",
    "PAGER, LESS": "What shows the diff of `setup` and `import`, and `less`'s options. Default: `less` with `FX`, otherwise `more`.",
    "BROWSER": "What `login` and `sso login` open without `--browser`. For `sso login`, `sso_browser` comes first.",
    "SHELL": "What `exec` runs without a command.",
    "CREDENTIALS_DIRECTORY": "systemd's credentials. A file `awsvault.pass` in it holds the passphrase.",
}
SETTINGS = {
    "agent": "whether an agent keeps the vault unlocked",
    "agent_idle": "lock after this time without use; not longer than `agent_max`, which is the default if it is shorter",
    "agent_max": "lock after this time at the latest",
    "allow_http": "hosts that may be reached without TLS, in addition to this machine",
    "confirm_agents": "names of programs: `awsvault_confirm = agent` asks if one of them is above awsvault-py in the process tree",
    "confirm_for": "what the first button of a confirmation at the desktop allows: `once`, for 15 `minutes`, or until the "
    "`program` ends. `auto` is once, or, with `awsvault_confirm = session`, until the agent locks",
    "kernel_keyring": "keep the key of the session cache in the Linux kernel",
    "keyring": "whether to use the desktop's keyring",
    "lock_on_suspend": "lock when the machine sleeps or the screen is locked",
    "log": "whether to log issued credentials",
    "passphrase_command": "a program that prints the passphrase",
    "pinentry": "the pinentry program",
    "prompt": "how to prompt. `notification` is `auto`, and asks for confirmations that an SDK needs by a notification with "
    "buttons; `pinentry` asks for them in a window ([coding agents](../how-to/coding-agents.md))",
    "role_duration": "the TTL of a role session if the profile has no `duration_seconds`. Above an hour, each role takes an MFA "
    "code of its own, and AWS refuses roles with a lower MaxSessionDuration. A role that a role assumes gets an hour",
    "session_duration": "the TTL of an MFA session if the profile does not set it",
    "sso_browser": "the command that opens the page of `sso login`; `%s` in it stands for the URL. Default: `BROWSER`, otherwise the "
    "desktop's",
    "sso_flow": "how `sso login` signs in: by a `browser` on this machine, or by a code that you confirm on any `device`. `auto` "
    "takes the code over SSH, in WSL, in a container and where no browser can be opened",
    "sync": "`auto`: if the vault has a remote, a command that edits it syncs at its end, waits three seconds at most, and asks for "
    "nothing; and one `export` syncs after AWS has refused its key, which another machine may have replaced. `manual`: only "
    "`awsvault-py sync` does ([a second machine](../how-to/second-machine.md#when-a-machine-syncs))",
    "trusted_hosts": "hosts to treat as AWS's own: they may receive whole sessions and bearer tokens, and commands that change "
    "keys believe their answers ([security](../security.md#hosts-that-are-not-awss))",
}
SESSION_KEYS = {
    "sso_flow": "`auto`, `browser` or `device`, as in config.toml",
    "sso_browser": "the command of a browser, as in config.toml",
}
KEYS = {
    "credential": "the name of the vault entry, if it differs from the profile's",
    "session": "`off`: create no MFA session; roles come straight from the key. On a role profile it applies to that role, on "
    "the source profile to all of its roles. The line nearest to the requested profile decides",
    "session_duration": "the TTL of the MFA session; of several lines the nearest decides, as above. Roles with different TTLs "
    "do not share a session, and each session takes a code",
    "confirm": "`always`, `session`, `agent` or `never`: ask the user before credentials are issued. `agent` asks only if a "
    "coding agent is above awsvault-py in the process tree",
    "max_duration": "the longest TTL of a session of this profile",
    "read_only": "`true`: limit the role to reading; `exec --write` lifts the limit",
    "policy_file": "the absolute path of an IAM policy in JSON (`~/` is allowed) that limits the session of the role",
    "policy_arns": "ARNs of managed policies, with commas between them, that limit the session of the role",
    "sso_generated": "the name of the sign-in for which `setup --sso` wrote the profile. It changes and removes no profile without this line",
    "environment": "the kind of environment, for the shell prompt and lists; `production` is red",
}
