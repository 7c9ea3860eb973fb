"""Every threshold of the program, each once, with its reason. No imports, no work.

Times are seconds, sizes bytes, unless the name says otherwise.
"""

# ── one deadline for a whole run ─────────────────────────────────────────────────────────────
DEADLINE = 50.0  # Go's and Kotlin's SDKs stop a credential_process at 60 s

# ── files ────────────────────────────────────────────────────────────────────────────────────
MAX_CONFIG_FILE = 16 * 1024 * 1024  # ~/.aws/config with 10,000 profiles is under 4 MiB
LOCK_POLL_FIRST = 0.01  # flock has no timeout: it is tried again after this, doubling
LOCK_POLL_MOST = 0.1
TICK = 0.02  # of a file system's clock: Linux takes the time of its last timer interrupt, 10 ms ago at most
TICK_WHOLE = 2.0  # of one that knows whole seconds only: ext3 and HFS+ have one, FAT has two

# ── vault file (format.md) ───────────────────────────────────────────────────────────────────
MAX_VAULT_FILE = 64 * 1024 * 1024  # 10,000 entries are under 4 MiB
MAX_HEADER = 65_536  # 8 slots need under 12 KiB, unless an ext slot carries its 8 KiB
MAX_SLOTS = 8
MAX_PASSPHRASE_SLOTS_TRIED = 2  # each costs up to 3 s; main's and one more
MAX_JSON_DEPTH = 8  # the deepest thing we write is a journal's key: 5
MAX_JSON_INT = 2**53  # what every JSON reader keeps exactly
MAX_EXT_DATA = 8 * 1024  # bytes of an ext slot, decoded
MAX_SLOT_HOST = 255  # characters: a host name, shown to a person
PASSPHRASE_LEAST = 12  # bytes of NFC UTF-8
PASSPHRASE_MOST = 1024
KDF_MEMORY_LEAST = 19_456  # KiB: the least that OWASP's list has for Argon2id
KDF_MEMORY_MOST = 1_048_576  # KiB: 1 GiB twice took 2.8 s on two cores; a hostile header can ask for no more
KDF_COUNT_MOST = 16  # passes, and lanes
KDF_WORK_LEAST = 38_912  # KiB-passes: the least memory twice
KDF_WORK_MOST = 2_097_152  # KiB-passes: the most memory twice
KDF_MEMORY_SHARE = 2  # Argon2 may take one part in this many of the memory available
PAD_MAIN = 4 * 1024  # sizes of boxes tell no more than this
PAD_STRICT = 1024
PAD_PADME_OVER = 64 * 1024  # from here Padmé: at most 12 % more, and ever fewer sizes
BACKUPS = 3  # vault.avlt.bak1 is the newest
MAX_PIN_FILE = 4 * 1024
SLOT_USE_STEP = 3600  # when a slot was last used is noted to the hour, not at every unlock
KEYRING_WRITE_TIMEOUT = 10.0  # a person waits for it, and a keyring that just woke up is slow
KEYRING_TIMEOUT = 3.0  # an export with a keyring slot fails within four seconds (product.md)

VAULT_ID = 16  # bytes
CACHE_KEY = 32

# ── session cache (security.md 3) ────────────────────────────────────────────────────────────
MARGIN = 960  # a session is renewed from here on: botocore runs us again below 900 s, and blocks below 600 s
MARGIN_FROM_LIFE = 1920  # shorter lives take a quarter of their life as margin
MARGIN_SHARE = 4
AHEAD = 600  # before the margin: served at once and renewed beside it
AHEAD_SHARE = 8
FLOOR = 60  # never served with less than this left
FLOOR_SHARE = 16
ISSUED_AHEAD = 300  # an entry from further in the future means that the clock was set back: a miss
MAX_LIFE = 36 * 3600 + 300  # GetSessionToken's longest, and some slack for clocks
ENTRY_BLOCK = 4096  # entries are padded to a multiple of this, so that their sizes tell nothing
MAX_ENTRY = 32 * 1024
MARKER_LIFE = 5  # so long a failure of STS is answered from memory, so that 100 processes do not hammer it
GC_EVERY = 3600
GC_MOST = 200  # files looked at in one collection

# ── resolution ───────────────────────────────────────────────────────────────────────────────
MAX_HOPS = 32  # profiles on one way to a source: a person's chain has three
MAX_INCLUDES = 32  # include_profile after include_profile
SESSION_DURATION = 43_200  # GetSessionToken's default: one code lasts a working day
SESSION_LEAST, SESSION_MOST = 900, 129_600  # GetSessionToken's bounds
ROLE_DURATION = 3_600  # AssumeRole's default, and the most that a chained role gets
ROLE_LEAST, ROLE_MOST = 900, 43_200  # AssumeRole's bounds

MAX_DEPTH = 3  # of us in a row, each started by a program that another of us started: never meant
MAX_PROCESS_OUTPUT = 1024 * 1024  # of a credential_process: Node's SDK stops there, Java's at 64 KiB
MAX_TOKEN_FILE = 256 * 1024  # a token that the AWS CLI or an orchestrator keeps: under 8 KiB
MAX_WEB_TOKEN = 20_000  # STS's service model
MAX_TIME_TEXT = 64  # characters of a time
PAGE_START = 1024  # bytes of an answer in which a web page shows what it is
UNIX_DIGITS = 11  # of a time in whole Unix seconds
MAX_METADATA_LINE = 1024  # a metadata token, or a role's name
METADATA_TOKEN_LIFE = 60  # seconds: it is used at once
MAX_MILLISECONDS = 2**53  # of a time: what every JSON reader keeps exactly

# ── STS and IAM ──────────────────────────────────────────────────────────────────────────────
AWS_LOOK_UP = 12.0  # of a name: a first name server that is mute costs 5 s, and then the second answers
AWS_CONNECT = 3.0  # a healthy endpoint answers a handshake in well under a second
AWS_READ = 10.0  # STS's slowest good answers stay under 5 s
AWS_TRIES = 2  # of calls that change nothing; what creates or carries a code is sent once
AWS_RETRY_PAUSE = 0.4  # before the second try
MAX_AWS_ANSWER = 256 * 1024  # a session token is under 4 KiB, a page of keys under 64 KiB
MAX_ACCESS_KEY_ID = 128  # STS's and IAM's service model
MAX_SECRET_KEY = 256  # 40 today
MAX_SESSION_TOKEN = 16 * 1024  # the answer must fit 60 kB of stdout and 32 KiB of cache
SESSION_NAME_MOST = 64  # characters of a RoleSessionName
READ_ONLY_POLICY = "iam::aws:policy/ReadOnlyAccess"  # what awsvault_read_only leaves of a role
MAX_IAM_PAGES = 10  # a user has 2 keys and 8 devices; a list without end is not IAM's
EXPIRY_SLACK = 300  # an answer may end at most this much later than asked, by its own Date (security.md T5)
CLOCK_SKEW_WARN = 10  # a person is told of a clock further off than this
CLOCK_SKEW_MOST = 300  # codes are corrected by AWS's Date up to here; beyond, the clock must be set

# ── MFA ──────────────────────────────────────────────────────────────────────────────────────
SEED_LEAST = 10  # bytes: 80 bits, what the oldest devices use
SEED_MOST = 128  # bytes: a SHA-512 block
MAX_SEED_TEXT = 4096  # an otpauth URI with its label
CODE_DIGITS = 6  # what STS takes
MAX_CODE_OUTPUT = 64  # bytes that an mfa_process may print
CODE_MARGIN = 2.0  # a code is not sent when less of its step is left: it could arrive in the next
LEDGER_STEPS = 64  # used steps remembered for each device: half an hour of one code a step
LEDGER_AHEAD = 3  # steps: a later one in the ledger was taken under a clock that was wrong
STEPS_TAKEN_EARLY = (
    1  # AWS takes a code this many steps early and no more: one from further ahead was refused
)
SKEW_REMEMBERED = 24 * 3600  # seconds that a clock is taken to be as far off as AWS's last refusal has shown
CODE_REMEMBERED = 180  # seconds a code without a seed is remembered; AWS takes one for about 90
CODE_WAIT = (
    35.0  # one step, its margin and the call: where no code comes by then, a role gets one hour instead
)

# ── unlocking and prompts ────────────────────────────────────────────────────────────────────
PROMPT_TIME = 40.0  # of the 50 s, so that two AWS calls still fit after the answer
ATTENDED_PROMPT_TIME = 600.0  # a person who ran the command may fetch a password manager first
SILENCE_AFTER_CANCEL = 30.0  # terraform starts a dozen processes: one "no" is for all of them
PROGRAM_LOOK = 0.1  # seconds between two looks whether a program has ended whose output stays open
PASSPHRASE_COMMAND_TIME = 20.0  # a password manager that asks for a touch is given time for it
MAX_PASSPHRASE_INPUT = 4096  # a passphrase is at most 1,024 bytes; a file of more is another file
MAX_TYPED = 4095  # a terminal's line in canonical mode holds no more
MAX_ASSUAN_LINE = 1000  # the Assuan protocol's own limit
MAX_ENTRY_NAME = 128  # characters: fits a profile's line, a table and a window's title
ACCESS_KEY_ID = (16, 128)  # characters of an access key id, as IAM's API reference has them
VALUE_SHOWN = 120  # characters of a value that doctor complains of
UNREAD_SHOWN = 2  # lines that nobody reads, in the message that something is missing
SECRET_LOOKS = 20  # characters from which a text in a comment may be a secret; placeholders are shorter
SECRET_ACCESS_KEY = 256  # characters of a secret at most: the reference names no limit, IAM gives out 40
MAX_STDIN = 64 * 1024  # a key and a seed as JSON are under 2 KiB

# ── the console ──────────────────────────────────────────────────────────────────────────────
HANDOFF_TIME = 60.0  # a cold browser on a slow machine asks within half of it
HANDOFF_LOOK = 0.25  # between two looks whether the browser has ended with an error
HANDOFF_READ = 3.0  # one connection's request; the browser's is there at once
HANDOFF_HEAD = 16 * 1024  # a browser's request without a body is under 2 KiB
MAX_KERNEL_TABLE = 16 * 1024 * 1024  # /proc/net/tcp: 150 bytes a connection

# ── shell prompts ────────────────────────────────────────────────────────────────────────────
PROMPT_ANSWER = 0.05  # the agent's answer for a shell prompt: a person waits for it at each line

# ── settings ─────────────────────────────────────────────────────────────────────────────────
MAX_SETTINGS_FILE = 64 * 1024  # a dozen settings with comments
LONGEST_SETTING = 7 * 86_400  # an agent that is open for longer than a week is not locked at all
AGENT_IDLE = 4 * 3_600  # unlocking is to be a once-a-day act (security.md 4)
AGENT_MAX = 12 * 3_600
SESSION_DURATION = 43_200  # GetSessionToken's default: one code a working day
ROLE_DURATION = 3_600  # AssumeRole's default, and the most a chained role may have

# ── agent ────────────────────────────────────────────────────────────────────────────────────
AGENT_CONNECT = 0.1  # an agent that does not take a connection in this time is passed over
AGENT_ANSWER = 0.5  # nor one that does not answer: the full path is at hand
AGENT_TALK = 3.0  # for unlock, lock and status, which a person waits for
AGENT_START = (
    15.0  # a new agent reports in 60 ms here, and one that cannot start at once; a busy machine takes longer
)
AGENT_FRAME = 64 * 1024  # the largest frame, either way; a session's JSON is under 4 KiB
AGENT_FRAME_TIME = 5.0  # a client that hangs in the middle of a frame is dropped
AGENT_CONNECTIONS = 64  # open at once; more wait in the kernel's queue
AGENT_SILENT = (
    0.02  # and one that was at its request for so long makes room for them: a client sends it at once
)
AGENT_BACKLOG = 1024  # 200 exports at once, and room
AGENT_SESSIONS = 16_384  # warm sessions kept: 10,000 profiles, and some of them under two fingerprints
AGENT_ROWS = 48 * 1024  # bytes of rows in one answer to LIST or STATUS; a longest name alone takes 3 KiB
AGENT_CONFIRMED = 1024  # profiles that a person said yes to: as many as anybody guards, and no more memory
BACKUP_TRIES = 3  # the vault is read and opened anew where another command changed it in between
AGENT_PINS = 8  # generations that it was told of: one under each main key, and room for what is not true
AGENT_TICK = 1.0  # how late a time limit may be noticed after the machine slept
AGENT_SLEPT = 60.0  # boot time ran this much ahead of running time: the machine was suspended
AGENT_LINGER = 600.0  # so long after its lock an agent that nobody asks for anything ends
AGENT_WORKERS = 32  # decrypting forks at once, also such as wait for a code or for their client
AGENT_WORKERS_BUSY = 8  # of them at an answer at once: each opens the vault
AGENT_WAITING = 128  # clients that wait for a fork, beside AGENT_CONNECTIONS: macOS gives 256 descriptors
AGENT_WORKER_IDLE = 1.0  # a fork whose client asks nothing more makes room for the next
AGENT_WORKER_ANSWER = (
    10.0  # a fork that says nothing for so long hangs: there is still time to open the vault without it
)
AGENT_WORKER_TIME = 50  # a fork that waits for a code's next step ends with its client's deadline
AGENT_SOCKET_PATH = 100  # bytes: sun_path has 104 on macOS and 108 on Linux, and binding adds a suffix
MAX_PROFILE_NAME = 512  # bytes of a profile's name on the wire
STRICT_TIME = 300  # strict seeds stay open this long, or for one use
REFRESH_AGAIN = 60  # a renewal that did not come back is asked for again

# ── log of what was handed out ───────────────────────────────────────────────────────────────
LOG_RECORD = 1024  # bytes of each record, sealed: one size tells nothing, and a torn one is seen
LOG_TEXT = 880  # bytes of a record's own text
LOG_FILE = 4 * 1024 * 1024  # 4,096 records; then a new file is begun
LOG_FILES = 4  # older ones kept: 20 MiB in all
LOG_LOOK = 64  # records looked at from the end, where the last ones were torn
LOG_WAIT = 1.0  # for the log's lock; an export is not held up by its log
LOG_WAIT_BESIDE = 10.0  # the same of a process that nobody waits for
AGENT_PROGRAM = 64  # bytes of a command's name in the request of its exec
AGENT_LOG_AFTER = 1.0  # the agent's own answers of so long are written together
AGENT_LOG_TIME = 30  # whole seconds in which its fork writes them while nobody waits for it
AGENT_LOG_WAIT = 2.0  # a lock waits for the fork so long, and has 3
AGENT_LOG_TRIES = 3
AGENT_LOG_PENDING = 8_192  # answers in hand at most: a minute of as many as two cores can ask for

# ── exec --server ────────────────────────────────────────────────────────────────────────────
SERVER_BACKLOG = 1024  # a build tool starts its jobs all at once
SERVER_CONNECTIONS = 128  # answered at once; more wait in the kernel's queue
SERVER_UNCHECKED = (
    96  # of its connections; beyond, whose it is is looked up, which costs a look at the kernel's table
)
SERVER_READ = 5.0  # a client that takes longer over its request is dropped: SDKs give up after 1 or 2 s
SERVER_HEAD = 8 * 1024  # bytes of a request's head; SDKs send under 500
SERVER_LOOK = 5.0  # how late a jump of the clock, or the end of the machine's sleep, may be noticed
SERVER_RETRY = 5.0  # a renewal that failed is tried again after this
SERVER_WATCH = 0.5  # how often the keeper of the main key looks whether the vault was locked
SERVER_LOCK_WAIT = 5.0  # a lock waits so long for a server's key to be gone, and then kills its keeper
SERVER_END_WAIT = 1.0  # the same of the server itself at its end
SERVER_RENEWAL = 60  # whole seconds for a renewal's process, whose own deadline comes first
SERVER_FRAME = 128 * 1024  # bytes of a session, and what is said of it, between two of its processes

# ── rotation ─────────────────────────────────────────────────────────────────────────────────
ROTATION_MOST = 240.0  # one key, questions not counted: proof, one wait for a code, and calls
PROOFS = 5  # GetCallerIdentity in a row that a new key must answer: a flapping one was seen to answer two
PROOF_PAUSE = 0.6  # between them, so that they meet different servers of AWS's over three seconds
PROOF_MOST = 60.0  # keys were seen to spread within 15 s
CREATION_BEFORE = 5  # by AWS's own Date a key of ours is made this long before its journal at most
CREATION_WINDOW = 60  # and this long after: the request is sent once and given up after 13 s
GRACE = 7 * 86_400  # the old key stays, inactive, for a week: what runs once a week has shown up by then
KEEP_TRIES = (
    5  # times a new key's secret is offered to a vault that cannot be written, before it is deleted again
)
KEEP_PAUSE = 0.5
ROTATION_SESSION = 900  # GetSessionToken's least: one MFA session for the calls of a rotation
LATE_KEY = 300  # a new key that AWS's list still lacks after this was deleted by somebody
IAM_CALL = 20.0  # one call of a rotation with its second try
ROTATION_STEPS = 40  # the longest way through the state machine has 14

# ── moving in, and doctor ────────────────────────────────────────────────────────────────────
UNDO_KEPT = 16  # records of setup and of import, each: who wants to go back further restores a backup
MAX_UNDO = 64 * 1024 * 1024  # a record of both files of AWS, in base64
MAX_CSV = 1024 * 1024  # the IAM console's file of one user's key is under 1 KiB
MAX_FOREIGN_ITEM = 64 * 1024  # one key in another program's store is under 2 KiB
MAX_FOREIGN_ITEMS = 4_096  # keys and sessions in it
JWE_ROUNDS_LEAST = 1_000  # PBES2's own least (RFC 7518 4.8.1.2)
JWE_ROUNDS_MOST = 2_000_000  # PBKDF2 rounds that take about a second; the writers of these files use 8,192
PICKER_ROWS = 12  # of a list to choose from: more is filtered, not read
PICKER_TICK = 0.5  # seconds after which a changed window is noticed
ESCAPE_TIME = (
    0.05  # a terminal sends the rest of an arrow key at once; a person who presses Escape sends nothing more
)
PICKED_FROM = 1_000  # the newest records of the log, whose profiles come first in a list to choose from
PRODUCTION = ("production", "prod")  # values of awsvault_environment that are shown in red
CELL_LEAST = 12  # characters of a table's cell before it is folded; a narrower terminal gets a block a row
LIFE_LOW = 300  # seconds that a session has left: from here on it is shown in red, in tables and in a prompt
LIFE_SOON = 1_800  # and from here on in yellow
KEY_AGE = 90 * 86_400  # after this an access key is due, by AWS's own advice
VERSION_TIME = 5.0  # in which an older copy of us says its version
GIT_TIME = 5.0  # in which git says what it ignores
OLDEST_KEY = 20 * 366 * 86_400  # the most that --older-than takes; IAM is younger
ENROLMENT_MOST = 240.0  # two waits for a code each for the session and the device, and calls
TWO_CODES = 95.0  # three steps: where another process takes one between ours, the next two
CLIPBOARD_LIFE = 30  # seconds a code stays on the clipboard at most: its step is over then
CLIPBOARD_TIME = 3.0  # a clipboard program that hangs is given up
CLIPBOARD_LOOK = 1.0  # in which a text that was put there can be read there
CLIPBOARD_PAUSE = 0.02  # between two looks
CODE_LEAST_LEFT = 3.0  # a code shown to a person with less left would be over before it is typed
MAX_NOTED = 256 * 1024  # bytes of the key ids that a panic has noted
PANIC_MOST = 600.0  # each user may cost a wait for a code
