"""What scripts/make-reference says of each variable, setting and key."""

from __future__ import annotations

OURS = {
    "AWSVAULT_HOME": "One folder for all that is ours: `config.toml`, `vault.avlt`, `sessions/`, `state/`, `run/`, `log/`. "
    "Unset: the platform's own places (XDG, `~/Library`).",
    "AWSVAULT_PASSPHRASE": "The passphrase itself. Taken out of the environment at once; no child inherits it.",
    "AWSVAULT_PASSPHRASE_FILE": "A file that holds it: mode 0600 or 0400, yours or root's, and no link.",
    "AWSVAULT_PASSPHRASE_FD": "A descriptor to read it from, 3 or higher. Only where we are run directly: SDKs close "
    "other descriptors.",
    "AWSVAULT_PASSPHRASE_COMMAND": "A program and its arguments that prints it; no shell sees them.",
    "AWSVAULT_AGENT": "`auto` or `off`.",
    "AWSVAULT_KEYRING": "`auto` or `off`: whether the desktop's keyring is asked.",
    "AWSVAULT_PROMPT": "`auto`, `tty`, `pinentry` or `none`: how a person may be asked.",
}
SET = {
    "AWSVAULT_PROFILE": "The profile of this `exec`; `prompt` shows it.",
    "AWSVAULT_DEPTH": "How many of us are above this process, so that a wrapper that calls us again is noticed.",
    "AWSVAULT_SERVE": "Set by `exec --server` for itself, when it starts again to serve, and taken out there.",
    "AWSVAULT_OUTER_…": "What the region and AWS's files were outside, for a command of ours inside.",
}
SHARED = {
    "AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE": "Where AWS's files are.",
    "AWS_PROFILE, AWS_DEFAULT_PROFILE": "The profile for `prompt`, `whoami` and `avp`. `export` takes only its argument.",
    "AWS_REGION, AWS_DEFAULT_REGION": "The region where no profile on the way has one.",
    "AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL_IAM, AWS_ENDPOINT_URL_SSO, AWS_ENDPOINT_URL_SIGNIN": "Where "
    "AWS is reached.",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "`true`: those count as unset, and so does what profiles say of endpoints.",
    "AWS_STS_REGIONAL_ENDPOINTS, AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT": "Which of AWS's own endpoints.",
    "AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE": "A file of the certificates to trust; `~` is expanded. The first beats the profile's "
    "`ca_bundle`, which beats the second.",
    "SSL_CERT_FILE, SSL_CERT_DIR": "Where the machine's own certificates are, as for every program with OpenSSL. They count where "
    "none of those three names a bundle.",
    "HTTPS_PROXY, HTTP_PROXY, NO_PROXY": "Proxies, read as by the AWS CLI: the lower-case name counts first, and an empty one "
    "switches the upper-case one off; ALL_PROXY is not read. A loopback address is always reached directly.",
    "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN": "Read for `credential_source = Environment`, "
    "`whoami` without a profile, and `add --env`, which takes no session; set by `exec`.",
    "AWS_SECURITY_TOKEN": "The older name of AWS_SESSION_TOKEN, read where that is unset, and set beside it: boto 2 knows no "
    "other, and boto3 takes it first.",
    "AWS_ACCOUNT_ID": "Read for `credential_source = Environment`: the account of those keys.",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_AUTHORIZATION_TOKEN, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "Read "
    "for `credential_source = EcsContainer`, the file's token before the other; set by `exec --server`.",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "The same, as ECS sets it. It is taken before the address above.",
    "AWS_EC2_METADATA_DISABLED": "`true`: no instance metadata.",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT, AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "Where an instance's metadata is; the "
    "mode is `ipv4` or `ipv6`.",
    "AWS_LOGIN_CACHE_DIRECTORY": "Where `aws login` keeps its sessions, for `login_session`; else `~/.aws/login/cache`.",
    "AWS_CREDENTIAL_EXPIRATION, AWS_SESSION_EXPIRATION": "Set by `exec`: when the session ends. The first is read for "
    "`credential_source = Environment`, `whoami` and `prompt`.",
    "AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME, AWS_WEB_IDENTITY_TOKEN_FILE": "Not read. `exec` takes them out, since an SDK would "
    "assume that role.",
    "AWS_VAULT": "Set by `exec`, since shell prompts look for it.",
    "AWS_VAULT_FILE_DIR, AWS_VAULT_FILE_PASSPHRASE, AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME": "aws-vault's own, read by "
    "`import --aws-vault`: the folder of its files, their passphrase, its collection in a desktop's keyring.",
    "XDG_CONFIG_HOME": "`config.toml` is below it, in `awsvault-py`, and `unlock --install-service` writes its units there; "
    "granted's configuration too.",
    "XDG_DATA_HOME, XDG_STATE_HOME, XDG_CACHE_HOME": "The vault, the state and log, and the sessions are below them, in "
    "`awsvault-py`.",
    "XDG_RUNTIME_DIR": "The agent's socket is below it, in `awsvault-py`; unset, `/run/user/UID` is looked into for the login's agent. On Linux, and each of these five only as a whole path and "
    "where AWSVAULT_HOME is unset.",
    "DISPLAY, WAYLAND_DISPLAY": "Whether there are windows: for pinentry, the clipboard and a browser.",
    "WSL_DISTRO_NAME": "Set in WSL: there is a browser to open without DISPLAY.",
    "XAUTHORITY, XDG_SESSION_TYPE, XDG_CURRENT_DESKTOP": "Passed on to pinentry.",
    "DBUS_SESSION_BUS_ADDRESS, DBUS_SYSTEM_BUS_ADDRESS": "The desktop's keyring, and logind's word of sleep and of a locked "
    "screen.",
    "LISTEN_PID, LISTEN_FDS": "Set by systemd for an agent that its socket unit starts.",
    "INVOCATION_ID": "Set by systemd: `doctor` does not blame a service for AWSVAULT_PASSPHRASE.",
    "HOME, PATH": "Where the files above are, and where programs are looked for.",
    "USER, LOGNAME": "The first that is set names you in a session's name.",
    "HOSTNAME": "The machine in the name of a new MFA device; unset: the system's own name.",
    "CI": "Set: nobody is asked, as with `AWSVAULT_PROMPT=none`.",
    "NO_COLOR, TERM": "Colour, and whether a list can be shown to choose from.",
    "BROWSER": "What `login` opens, where `--browser` is not given.",
    "SHELL": "What `exec` runs without a command.",
    "CREDENTIALS_DIRECTORY": "systemd's credentials; a file `awsvault.pass` in it holds the passphrase.",
}
SETTINGS = {
    "agent": "whether an agent keeps the vault open",
    "agent_idle": "it closes after so long without use; at most `agent_max`, which it follows where only that is set",
    "agent_max": "it closes at the latest",
    "allow_http": "hosts that may be reached without TLS, beside this machine",
    "kernel_keyring": "keep the session cache's key in the Linux kernel",
    "keyring": "whether the desktop's keyring is asked",
    "lock_on_suspend": "close when the machine sleeps or the screen is locked",
    "log": "whether what is handed out is logged",
    "passphrase_command": "a program that prints the passphrase",
    "pinentry": "the pinentry program",
    "prompt": "how a person may be asked",
    "role_duration": "how long a role's session lasts where the profile "
    "has no `duration_seconds`. Over an hour, each role takes an MFA code of its own, and AWS refuses roles whose "
    "MaxSessionDuration is less; a role that a role assumes gets an hour",
    "session_duration": "how long an MFA session lasts where the profile does not say",
    "trusted_hosts": "hosts that count as AWS's own, beside those that are: they may get whole sessions and bearer tokens, and "
    "are believed by commands that change keys ([security](../security.md#hosts-that-are-not-awss))",
}
KEYS = {
    "credential": "the vault entry's name, where it is not the profile's",
    "session": "`off`: no MFA session is made, roles come straight from the key. On a role's profile it counts for that "
    "role, on the source profile for all its roles; the line nearest to the profile that you ask for decides",
    "session_duration": "how long the MFA session lasts; of several lines the nearest decides, as above. Roles that ask "
    "for different lengths do not share a session, and each session costs a code",
    "confirm": "`always`, `session` or `never`: a person is asked before credentials are handed out",
    "max_duration": "no session of this profile lasts longer",
    "read_only": "`true`: the role is narrowed to reading; `exec --write` lifts it",
    "environment": "what this is, for prompt and lists; `production` is red",
}
