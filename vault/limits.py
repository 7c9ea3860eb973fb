"""Every threshold of the program, each with its reason. No imports, no work.

Times are in seconds and sizes in bytes, unless a comment says otherwise.
"""

# ── one deadline for a whole run ─────────────────────────────────────────────────────────────
DEADLINE = 50.0  # the SDKs for Go and Kotlin stop a credential_process after 60 s
TURN_WAIT = (
    25.0  # for those that unlock at the same time; if one of them is stopped, the rest of the time is enough
)

# ── files ────────────────────────────────────────────────────────────────────────────────────
MAX_CONFIG_FILE = 16 * 1024 * 1024  # ~/.aws/config with 10,000 profiles is under 4 MiB
LOCK_POLL_FIRST = 0.01  # flock has no timeout: it is tried again after this, then after twice as long
LOCK_POLL_MOST = 0.1
LOCK_POLL_LAST = (
    0.005  # near the end of its wait, a process tries most often: with equal pauses newcomers overtook it
)
TICK = 0.02  # of a file system's clock: Linux uses the time of its last timer interrupt, at most 10 ms ago
TICK_WHOLE = 2.0  # of a clock in whole seconds: ext3 and HFS+ count single seconds, FAT every second one

# ── vault file (format.md) ───────────────────────────────────────────────────────────────────
MAX_VAULT_FILE = 64 * 1024 * 1024  # 10,000 entries are under 4 MiB
MAX_HEADER = 65_536  # 8 slots need under 12 KiB, unless an ext slot has its 8 KiB
MAX_SLOTS = 8
MAX_PASSPHRASE_SLOTS_TRIED = 2  # each costs up to 3 s; the slot of the main box and one more
MAX_JSON_DEPTH = 8  # the deepest value that is written is a key in a journal: 5
MAX_JSON_INT = 2**53  # what every JSON reader keeps exactly
MAX_EXT_DATA = 8 * 1024  # bytes of an ext slot, decoded
MAX_SLOT_HOST = 255  # characters of a host name, which is shown to the user
PASSPHRASE_LEAST = 12  # bytes of NFC UTF-8
PASSPHRASE_MOST = 1024
KDF_MEMORY_LEAST = 19_456  # KiB: the least in OWASP's list for Argon2id
KDF_MEMORY_MOST = 1_048_576  # KiB: 1 GiB twice took 2.8 s on two cores; a hostile header cannot ask for more
KDF_COUNT_MOST = 16  # passes, and lanes
KDF_WORK_LEAST = 38_912  # KiB-passes: the least memory twice
KDF_WORK_MOST = 2_097_152  # KiB-passes: the most memory twice
KDF_MEMORY_SHARE = 2  # Argon2 may use one part in this many of the available memory
PAD_MAIN = 4 * 1024  # the size of a box is a multiple of this, so it says little about the content
PAD_STRICT = 1024
PAD_PADME_OVER = 64 * 1024  # from here on Padmé's sizes: at most 12 % more, and few of them
BACKUPS = 3  # vault.avlt.bak1 is the newest
BACKUP_TRIES = 3  # reads of a vault that another command changes meanwhile
MAX_PIN_FILE = 4 * 1024
SLOT_USE_STEP = 3600  # the last use of a slot is noted to the hour, not at every unlock
KEYRING_WRITE_TIMEOUT = 10.0  # the user waits for it, and a keyring that just woke up is slow
KEYRING_TIMEOUT = 3.0  # an export with a keyring slot fails within four seconds (product.md)

VAULT_ID = 16  # bytes
CACHE_KEY = 32

# ── session cache (security.md 3) ────────────────────────────────────────────────────────────
MARGIN = 960  # a session is refreshed from here on: botocore asks again below 900 s and blocks below 600 s
FULL_MARGIN_FROM = 1920  # a shorter TTL has a quarter of itself as margin
MARGIN_SHARE = 4
AHEAD = 600  # before the margin: served at once, and refreshed in the background
AHEAD_SHARE = 8
FLOOR = 60  # a session that expires sooner is never served
FLOOR_SHARE = 16
ISSUED_AHEAD = 300  # an entry from further in the future means that the clock was set back: a miss
MAX_TTL = 36 * 3600 + 300  # GetSessionToken's longest, and some slack for clocks
ENTRY_BLOCK = 4096  # entries are padded to a multiple of this, so their sizes say nothing
MAX_ENTRY = 32 * 1024
MARKER_TTL = 5  # a failure of STS is repeated from memory for this long, so that 100 processes do not all ask
GC_EVERY = 3600
GC_MOST = 200  # files checked in one collection

# ── resolution ───────────────────────────────────────────────────────────────────────────────
MAX_HOPS = 32  # profiles from a profile to its source; a chain that someone writes has three
MAX_INCLUDES = 32  # profiles in a chain of include_profile
SESSION_DURATION = 43_200  # GetSessionToken's default: one code lasts a working day
SESSION_LEAST, SESSION_MOST = 900, 129_600  # GetSessionToken's bounds
ROLE_DURATION = 3_600  # AssumeRole's default, and the most that a chained role gets
ROLE_LEAST, ROLE_MOST = 900, 43_200  # AssumeRole's bounds

MAX_DEPTH = 3  # copies of awsvault-py, each started by a program that another one started: never intended
MAX_PROCESS_OUTPUT = 1024 * 1024  # of a credential_process: Node's SDK stops here, Java's at 64 KiB
MAX_TOKEN_FILE = 256 * 1024  # a token kept by the AWS CLI or an orchestrator is under 8 KiB
MAX_WEB_TOKEN = 20_000  # STS's service model
MAX_TIME_TEXT = 64  # characters of a time
PAGE_START = 1024  # bytes of an answer in which a web page shows that it is one
UNIX_DIGITS = 11  # of a time in whole Unix seconds
MAX_METADATA_LINE = 1024  # a metadata token, or the name of a role
METADATA_TOKEN_TTL = 60  # seconds: it is used at once
MAX_MILLISECONDS = 2**53  # of a time: what every JSON reader keeps exactly

# ── STS and IAM ──────────────────────────────────────────────────────────────────────────────
AWS_LOOK_UP = 12.0  # of a name: a first name server that is silent costs 5 s, then the second one answers
AWS_CONNECT = 3.0  # a healthy endpoint answers a handshake in well under a second
AWS_READ = 10.0  # STS's slowest good answers stay under 5 s
AWS_TRIES = 2  # of calls that change nothing; a call that creates something or has a code is sent once
AWS_RETRY_PAUSE = 0.4  # before the second try
MAX_AWS_ANSWER = 256 * 1024  # a session token is under 4 KiB, a page of keys under 64 KiB
MAX_ACCESS_KEY_ID = 128  # the service models of STS and IAM
MAX_SECRET_KEY = 256  # 40 today
MAX_SESSION_TOKEN = 16 * 1024  # the answer must fit into 60 kB of stdout and 32 KiB of cache
SESSION_NAME_MOST = 64  # characters of a RoleSessionName
FEDERATION_NAME_MOST = 32  # characters of the Name of GetFederationToken
SESSION_POLICY_MOST = 2048  # characters of an inline session policy and all ARNs beside it
SESSION_POLICY_FILE = 64 * 1024  # bytes of its file, which may have blanks and line breaks
SESSION_POLICY_ARNS = 10  # managed policies of one session
READ_ONLY_POLICY = "iam::aws:policy/ReadOnlyAccess"  # the session policy of awsvault_read_only
MAX_IAM_PAGES = 10  # a user has 2 keys and 8 devices; a list without an end is not IAM's
EXPIRY_SLACK = 300  # a session may expire this much later than asked for, by its own Date (security.md T5)
CLOCK_SKEW_WARN = 10  # the user is told about a clock that is further off
CLOCK_SKEW_MOST = 300  # codes are corrected by AWS's Date up to here; beyond, the user must set the clock

# ── MFA ──────────────────────────────────────────────────────────────────────────────────────
SEED_LEAST = 10  # bytes: 80 bits, as the oldest devices have
SEED_MOST = 128  # bytes: a SHA-512 block
MAX_SEED_TEXT = 4096  # an otpauth URI with its label
CODE_DIGITS = 6  # what STS takes
MAX_CODE_OUTPUT = 64  # bytes that an mfa_process may print
CODE_MARGIN = 2.0  # a code with less left of its step is not sent: it could arrive in the next one
LEDGER_STEPS = 64  # used steps remembered for each device: half an hour at one code a step
LEDGER_AHEAD = 3  # steps: a later one in the ledger was used under a wrong clock
STEPS_TAKEN_EARLY = 1  # steps: AWS accepts a code this early; one from further ahead was refused
SKEW_REMEMBERED = 24 * 3600  # how long a clock is taken to be as far off as AWS's last refusal showed
CODE_REMEMBERED = 180  # how long a code without a seed is remembered; AWS accepts one for about 90 s
CODE_PROOF = 60.0  # the user waits for a new seed's proof: two steps of the usual length at most
CODE_WAIT = 35.0  # one step, its margin and the call; after that a role gets one hour instead

# ── unlocking and prompts ────────────────────────────────────────────────────────────────────
PROMPT_TIME = 40.0  # of the 50 s, so that two calls to AWS still fit after the answer
ATTENDED_PROMPT_TIME = 600.0  # a user who ran the command may need to open a password manager first
SILENCE_AFTER_CANCEL = 30.0  # Terraform starts a dozen processes: one "no" answers them all
PROGRAM_LOOK = 0.1  # between two checks whether a program has ended that leaves its output open
PASSPHRASE_COMMAND_TIME = 20.0  # a password manager may wait for a touch
MAX_PASSPHRASE_INPUT = 4096  # a passphrase is at most 1,024 bytes; a longer file is another file
MAX_TYPED = 4095  # the longest line of a terminal in canonical mode
MAX_ASSUAN_LINE = 1000  # the limit of the Assuan protocol
MAX_ENTRY_NAME = 128  # characters: fits into a profile's line, a table and a window's title
ACCESS_KEY_ID = (16, 128)  # characters of an access key ID, by IAM's API reference
VALUE_SHOWN = 120  # characters of a value in a message of doctor
UNREAD_SHOWN = 2  # lines that no profile uses, in a message that something is missing
SECRET_LOOKS = 20  # characters from which a text in a comment may be a secret; placeholders are shorter
SECRET_ACCESS_KEY = 256  # characters of a secret at most: the reference has no limit, IAM issues 40
MAX_STDIN = 64 * 1024  # a key and a seed as JSON are under 2 KiB

# ── the console ──────────────────────────────────────────────────────────────────────────────
HANDOFF_TIME = 60.0  # a cold browser on a slow machine asks within half of it
HANDOFF_LOOK = 0.25  # between two checks whether the browser has ended with an error
HANDOFF_READ = 3.0  # for the request of one connection; a browser sends it at once
HANDOFF_HEAD = 16 * 1024  # a browser's request without a body is under 2 KiB
MAX_KERNEL_TABLE = 16 * 1024 * 1024  # /proc/net/tcp: 150 bytes a connection

# ── shell prompts ────────────────────────────────────────────────────────────────────────────
PROMPT_ANSWER = 0.05  # the agent's answer for a shell prompt: the user waits for it at each line

# ── settings ─────────────────────────────────────────────────────────────────────────────────
MAX_SETTINGS_FILE = 64 * 1024  # a dozen settings with comments
LONGEST_SETTING = 7 * 86_400  # an agent that stays unlocked for more than a week is never locked
AGENT_IDLE = 4 * 3_600  # unlocking should be a once-a-day act (security.md 4)
AGENT_MAX = 12 * 3_600

# ── agent ────────────────────────────────────────────────────────────────────────────────────
AGENT_CONNECT = 0.1  # an agent that does not accept a connection in this time is ignored
AGENT_ANSWER = 0.5  # nor one that does not answer: the full path can answer
AGENT_TALK = 3.0  # for unlock, lock and status, for which the user waits
AGENT_START = 15.0  # a new agent reports after 60 ms on an idle machine; a busy one takes longer
AGENT_PLACE = (
    5.0  # the lock of an agent that is ending, or has not bound its socket yet, is waited for this long
)
AGENT_FRAME = 64 * 1024  # the largest frame, in either direction; a session's JSON is under 4 KiB
AGENT_FRAME_TIME = 5.0  # a client that stops in the middle of a frame is dropped
AGENT_CONNECTIONS = 64  # open at once; more wait in the kernel's queue
AGENT_SILENT = 0.02  # a connection that is silent for longer makes room: clients send their request at once
AGENT_BACKLOG = 1024  # 200 exports at once, and room
AGENT_SESSIONS = 16_384  # sessions kept: 10,000 profiles, some of them under two fingerprints
AGENT_ROWS = 48 * 1024  # bytes of rows in one answer to LIST or STATUS; the longest name alone takes 3 KiB
AGENT_CONFIRMED = 1024  # confirmations that are remembered: more than anyone has guarded profiles
AGENT_PINS = 8  # reported generations: one under each main key, and room for false reports
AGENT_TICK = 1.0  # how late a time limit may be noticed after the machine slept
AGENT_SLEPT = 60.0  # boot time ran this much ahead of running time: the machine was suspended
AGENT_LINGER = 600.0  # an agent that has been locked and unused for this long ends
AGENT_WORKERS = 32  # workers at once, including those that wait for a code or for their client
AGENT_WORKERS_BUSY = 8  # of them working at an answer: each opens the vault
AGENT_WAITING = 128  # clients that wait for a worker, besides AGENT_CONNECTIONS: macOS gives 256 descriptors
AGENT_WORKER_IDLE = 1.0  # a worker whose client asks nothing more makes room for the next
AGENT_WORKER_ANSWER = 10.0  # a silent worker hangs; after this there is time to open the vault without it
AGENT_WORKER_TIME = 50  # a worker that waits for the next code ends with its client's deadline
AGENT_SOCKET_PATH = 100  # bytes: sun_path has 104 on macOS and 108 on Linux, and binding adds a suffix
MAX_PROFILE_NAME = 512  # bytes of a profile's name in a request
STRICT_TIME = 300  # strict seeds stay unlocked this long, or for one use
REFRESH_AGAIN = 60  # another client is told to refresh a session after this

# ── log of issued credentials ────────────────────────────────────────────────────────────────
LOG_RECORD = 1024  # bytes of each record, sealed: one size says nothing, and a torn record is noticed
TRAIL_FILE = 64 * 1024 * 1024  # bytes of a CloudTrail export; its own files have up to 50 MB
TRAIL_UNPACKED = 256 * 1024 * 1024  # bytes of it without gzip
LOG_TEXT = 880  # bytes of a record's own text
LOG_FILE = 4 * 1024 * 1024  # 4,096 records; then a new file begins
LOG_FILES = 4  # older files kept: 20 MiB in all
LOG_LOOK = 64  # records tried from the end if the last ones were torn
LOG_WAIT = 1.0  # for the log's lock: an export does not wait longer for its log
LOG_WAIT_BESIDE = 10.0  # the same in a background process
AGENT_PROGRAM = 64  # bytes of a command's name in the request of its exec
AGENT_LOG_AFTER = 1.0  # the agent's answers of this long are written together
AGENT_LOG_TIME = 30  # whole seconds in which a fork writes them while nobody waits
AGENT_LOG_WAIT = 2.0  # a lock waits for that fork so long; it has 3
AGENT_LOG_TRIES = 3
AGENT_LOG_PENDING = 8_192  # unwritten answers at most: a minute of as many as two cores can ask for

# ── exec --server ────────────────────────────────────────────────────────────────────────────
SERVE_MOST = 30 * 86_400  # seconds for serve --for; without it there is no end
SERVER_BACKLOG = 1024  # a build tool starts all its jobs at once
SERVER_CONNECTIONS = 128  # answered at once; more wait in the kernel's queue
SERVER_UNCHECKED = 96  # connections; beyond, the user of each is looked up, which costs time
SERVER_READ = 5.0  # a client that takes longer to send its request is dropped: SDKs give up after 1 or 2 s
SERVER_HEAD = 8 * 1024  # bytes of a request's head; SDKs send under 500
SERVER_LOOK = 5.0  # how late a jump of the clock, or the end of the machine's sleep, may be noticed
SERVER_RETRY = 5.0  # a refresh that failed is tried again after this
SERVER_WATCH = 0.5  # how often the keeper of the main key checks whether the vault was locked
SERVER_LOCK_WAIT = 5.0  # a lock waits this long for the keeper of a server to end, and then kills it
SERVER_END_WAIT = 1.0  # the server does the same at its end
SERVER_REFRESH = 60  # whole seconds for the process of a refresh, whose own deadline comes first
SERVER_FRAME = 128 * 1024  # bytes of a session with its metadata, sent between two processes of the server

# ── rotation ─────────────────────────────────────────────────────────────────────────────────
ROTATION_MOST = 240.0  # one key, without questions: verification, one wait for a code, and calls
PROOFS = 5  # of GetCallerIdentity in a row verify a new key: one that was not settled gave two
PROOF_PAUSE = 0.6  # between them, so that they reach different servers of AWS's over three seconds
PROOF_MOST = 60.0  # keys were seen to spread within 15 s
CREATION_BEFORE = 5  # by AWS's Date, a new key is made at most this long before its journal
CREATION_WINDOW = 60  # and at most this long after: the request is sent once and given up after 13 s
GRACE = 7 * 86_400  # the old key stays, inactive, for a week: a weekly job has failed by then
KEEP_TRIES = 5  # failed writes of a new key to the vault, before the key is deleted at AWS again
KEEP_PAUSE = 0.5
ROTATION_SESSION = 900  # GetSessionToken's least: one MFA session for the calls of a rotation
LATE_KEY = 300  # a new key that AWS still does not list after this was deleted by someone
IAM_CALL = 20.0  # one call of a rotation with its second try
ROTATION_STEPS = 40  # the longest way through the state machine has 14

# ── import, setup and doctor ─────────────────────────────────────────────────────────────────
UNDO_KEPT = 16  # records of setup and of import, each; to go back further, restore a backup
MAX_UNDO = 64 * 1024 * 1024  # a record of AWS's two files, in base64
PAPER_COLUMNS = 80  # of a printed page: A4 and Letter have as many in 10-point type
PAPER_INDENT = 4  # of a value on lines of its own
MAX_CSV = 1024 * 1024  # the IAM console's file with a user's key is under 1 KiB
MAX_FOREIGN_ITEM = 64 * 1024  # one key in another program's store is under 2 KiB
MAX_FOREIGN_ITEMS = 4_096  # keys and sessions in it
JWE_ROUNDS_LEAST = 1_000  # the least of PBES2 (RFC 7518 4.8.1.2)
JWE_ROUNDS_MOST = 2_000_000  # rounds of PBKDF2 that take about a second; these files use 8,192
PICKER_ROWS = 12  # of a list to choose from: filter a longer one
PICKER_TICK = 0.5  # after this a changed size of the window is noticed
ESCAPE_TIME = 0.05  # a terminal sends the rest of an arrow key at once; after the Escape key comes nothing
PICKED_FROM = 1_000  # the newest records of the log, whose profiles come first in a list to choose from
PRODUCTION = ("production", "prod")  # values of awsvault_environment that are shown in red
CELL_LEAST = 24  # characters of a table's cell before it folds; on a narrower terminal each row is a block
EXPIRY_RED = 300  # a session that expires sooner is shown in red, in tables and in the shell prompt
EXPIRY_YELLOW = 1_800  # and one that expires sooner than this in yellow
KEY_AGE = 90 * 86_400  # after this an access key is due for rotation, by AWS's advice
VERSION_TIME = 5.0  # for an older copy of awsvault-py to print its version
GIT_TIME = 5.0  # for git to say what it ignores
OLDEST_KEY = 20 * 366 * 86_400  # the most that --older-than takes; IAM is younger
ENROLLMENT_MOST = 240.0  # two waits for a code each, for the session and for the device, and calls
TWO_CODES = 95.0  # three steps: if another process takes one in between, the next two
CLIPBOARD_TTL = 30  # a code stays on the clipboard at most this long: then its step is over
CLIPBOARD_TIME = 3.0  # a clipboard program that hangs is given up
CLIPBOARD_LOOK = 1.0  # within this a text that was written there can be read there
CLIPBOARD_PAUSE = 0.02  # between two checks
CODE_LEAST_LEFT = 3.0  # a code with less left is not shown: it would expire before you can type it
MAX_NOTED = 256 * 1024  # bytes of the key IDs that a panic has noted
PANIC_MOST = 600.0  # each user may cost a wait for a code
