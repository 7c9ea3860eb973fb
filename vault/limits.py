"""All limits of the program, each with its reason. No imports, no work.

Times are in seconds and sizes in bytes, unless a comment says otherwise.
"""

# ── one deadline for a whole run ─────────────────────────────────────────────────────────────
DEADLINE = 50.0  # the SDKs for Go and Kotlin stop a credential_process after 60 s
TURN_WAIT = (
    25.0  # for those that unlock at the same time; if one of them is stopped, the rest of the time is enough
)

# ── files ────────────────────────────────────────────────────────────────────────────────────
MAX_CONFIG_FILE = 16 * 1024 * 1024  # ~/.aws/config with 10,000 profiles is under 4 MiB
LOCK_POLL_FIRST = 0.01  # flock has no timeout: it is tried again after this time, which doubles each time
LOCK_POLL_MOST = 0.1
LOCK_POLL_LAST = 0.005  # near the end of its wait a process tries most often, or newcomers overtake it
TICK = 0.02  # resolution of a file system's clock: Linux uses the time of its last timer interrupt, at most 10 ms ago
TICK_WHOLE = 2.0  # resolution of a clock in whole seconds: ext3 and HFS+ have one second, FAT has two

# ── vault file (format.md) ───────────────────────────────────────────────────────────────────
MAX_VAULT_FILE = 64 * 1024 * 1024  # 10,000 entries are under 4 MiB
MAX_HEADER = 65_536  # 8 slots need under 12 KiB, unless an ext slot has its 8 KiB
MAX_SLOTS = 8
MAX_PASSPHRASE_SLOTS_TRIED = 2  # each takes up to 3 s
MAX_JSON_DEPTH = 8  # the deepest value that is written is a key in a journal: 5
MAX_JSON_INT = 2**53  # what every JSON reader keeps exactly
MAX_EXT_DATA = 8 * 1024  # bytes of an ext slot, decoded
MAX_SLOT_HOST = 255  # characters of a host name, which is shown to the user
PASSPHRASE_LEAST = 12  # bytes of NFC UTF-8
PASSPHRASE_MOST = 1024
KDF_MEMORY_LEAST = 19_456  # KiB: the minimum that OWASP recommends for Argon2id
KDF_MEMORY_MOST = 1_048_576  # KiB: 1 GiB twice took 2.8 s on two cores; a hostile header cannot ask for more
KDF_COUNT_MOST = 16  # passes, and lanes
KDF_WORK_LEAST = 38_912  # KiB-passes: twice the minimum of memory
KDF_WORK_MOST = 2_097_152  # KiB-passes: twice the maximum of memory
KDF_MEMORY_SHARE = 2  # Argon2 may use one part in this many of the available memory
PAD_MAIN = 4 * 1024  # the size of a box is a multiple of this, so it says little about the content
PAD_STRICT = 1024
PAD_PADME_OVER = 64 * 1024  # larger boxes have one of Padmé's few sizes, which are at most 12 % larger
BACKUPS = 3  # vault.avlt.bak1 is the newest
BACKUP_TRIES = 3  # reads of a vault that other commands keep changing
MAX_PIN_FILE = 4 * 1024
SLOT_USE_STEP = 3600  # the last use of a slot is noted to the hour, not at every unlock
KEYRING_WRITE_TIMEOUT = 10.0  # the user waits for it, and a keyring that has just started is slow
KEYRING_TIMEOUT = 3.0  # an export with a keyring slot fails within four seconds (product.md)
TPM_TIME = 3.0  # for the TPM's five commands: chips take up to half a second for all of them
TPM_WRITE_TIME = 15.0  # to make a slot, for which the user waits: creating an object is the slowest command
TPM_TURN = 40.0  # for the TPM's turn: 60 exports at once on such a chip wait 30 s
TPM_PAUSE = 0.02  # before a command that the TPM did not take is sent again
TPM_ANSWER = 4096  # bytes: the largest answer that the kernel's driver gives
TPM_PCRS = 24  # on a PC
MAX_TPM_PCRS = 8  # those of one answer
MAX_CREDENTIAL_ID = 1023  # bytes, as CTAP 2 has it
SECURITY_KEY_TIME = 5.0  # for an answer of a security key that waits for nobody
YUBIKEY_TIME = 15.0  # for a code of its OATH applet: as long as it waits for a touch
TOUCH_LOOK = 0.1  # between two checks whether the user touched it
TOUCH_TIME = 20.0  # out of PROMPT_TIME, so that there is time to type the passphrase instead

# ── several machines (format.md 8) ───────────────────────────────────────────────────────────
MAX_MACHINES = 1_000  # each copy that is restored is one more; a user has about five
MAX_MACHINE_ID = 32
MAX_SIBLINGS = 256  # versions of one item: each may be another machine's, and comparing them is quadratic
SYNC_TRIES = 8  # puts that another machine was faster with, before the sync gives up
SYNC_PAUSE = 0.1  # before the next try: up to this time, which doubles each time
MAX_SYNC_NOTE = 64 * 1024
SYNC_AGE = 5 * 86_400  # doctor names a sync that is older: after seven days a replaced key may be gone
GENERATIONS_AHEAD = 2**32  # of the bucket's file since the last sync: no machines write as many
MAX_OLD_KEYS = 8  # earlier keys of the bucket's file by which a machine knows a file of a removed machine
QUIET_SYNC = 3.0  # for a sync that nobody asked for: after an edit, and after AWS refused a key
REFUSED_KEY_AGAIN = 60  # after this, another refusal of the same key may sync again
MAX_REFUSED_KEYS = 64  # keys in the note about it
MAX_REFUSED_KEY = 16 * 1024  # bytes of the note: each key takes about 110

VAULT_ID = 16  # bytes
CACHE_KEY = 32

# ── session cache (security.md 3) ────────────────────────────────────────────────────────────
MARGIN = 960  # sessions are refreshed this early: botocore asks again below 900 s and blocks below 600 s
FULL_MARGIN_FROM = 1920  # the margin of a shorter TTL is a quarter of the TTL
MARGIN_SHARE = 4
AHEAD = 600  # before the margin: the session is issued at once, and refreshed in the background
AHEAD_SHARE = 8
FLOOR = 60  # a session that expires sooner is never issued
FLOOR_SHARE = 16
ISSUED_AHEAD = 300  # a session issued further in the future means that the clock was set back: a cache miss
MAX_TTL = 36 * 3600 + 300  # the maximum of GetSessionToken, and some slack for clocks
ENTRY_BLOCK = 4096  # entries are padded to a multiple of this, so their sizes say nothing
MAX_ENTRY = 32 * 1024
MAX_SIGN_IN_FILE = 64 * 1024  # bytes of a sealed sign-in; its three tokens are under 12 KiB
SIGN_IN_AHEAD = (
    900  # seconds before its expiry, an access token of Identity Center is refreshed; it lives an hour
)
SIGN_IN_FLOOR = 5  # a token that expires sooner is not sent any more
START_URL_TIME = 10.0  # for a company's own host to say where its start URL leads
SIGN_IN_TIME = 300.0  # for the user to confirm a sign-in in the browser
SIGN_IN_WAIT = 660.0  # for the sign-in of another process: a device code is valid for ten minutes
SIGN_IN_CLIENT_LEAST = 7 * 86_400  # a registration that ends sooner is replaced: refreshes need it
SIGN_IN_CONNECTIONS = 16  # open to the listener; browsers open some that they never use
MAX_SIGN_IN_CODE = 4096  # characters of an authorization code
MAX_SIGN_INS = 256  # files that are read to list them; a user has one or two
MARKER_TTL = 5  # a failure of STS is repeated from memory for this long, so that 100 processes do not all ask
GC_EVERY = 3600
GC_MOST = 200  # files checked in one collection

# ── resolution ───────────────────────────────────────────────────────────────────────────────
MAX_HOPS = 32  # profiles from a profile to its source; real chains have about three
MAX_INCLUDES = 32  # profiles in a chain of include_profile
SESSION_DURATION = 43_200  # GetSessionToken's default: one code lasts a working day
SESSION_LEAST, SESSION_MOST = 900, 129_600  # GetSessionToken's bounds
ROLE_DURATION = 3_600  # AssumeRole's default, and the most that a chained role gets
ROLE_LEAST, ROLE_MOST = 900, 43_200  # AssumeRole's bounds

MAX_DEPTH = 3  # runs of awsvault-py that start each other through other programs: never intended
MAX_PROCESS_OUTPUT = 1024 * 1024  # of a credential_process: Node's SDK stops here, Java's at 64 KiB
MAX_TOKEN_FILE = 256 * 1024  # a token kept by the AWS CLI or an orchestrator is under 8 KiB
MAX_WEB_TOKEN = 20_000  # STS's service model
MAX_TIME_TEXT = 64  # characters of a time
PAGE_START = 1024  # bytes at the start of an answer that show whether it is a web page
UNIX_DIGITS = 11  # digits of a time in whole Unix seconds
MAX_METADATA_LINE = 1024  # a metadata token, or the name of a role
METADATA_TOKEN_TTL = 60  # seconds: the token is used at once
MAX_MILLISECONDS = 2**53  # of a time: every JSON reader keeps this exactly

# ── STS and IAM ──────────────────────────────────────────────────────────────────────────────
AWS_LOOK_UP = 12.0  # for a name: if the first name server is silent, the second one answers after 5 s
AWS_CONNECT = 3.0  # a healthy endpoint answers a handshake in well under a second
AWS_READ = 10.0  # the slowest normal answers of STS take under 5 s
AWS_TRIES = 2  # for calls that change nothing; a call that creates something or has a code is sent once
AWS_RETRY_PAUSE = 0.4  # before the second try
MAX_HTTP_LINE = 65_536  # of an answer's head, and
MAX_HTTP_HEADERS = 100  # lines in it, as http.client allows
MAX_AWS_ANSWER = 256 * 1024  # a session token is under 4 KiB, a page of keys under 64 KiB
MAX_ACCESS_KEY_ID = 128  # the service models of STS and IAM
MAX_SECRET_KEY = 256  # 40 today
MAX_SESSION_TOKEN = 16 * 1024  # the answer must fit into 60 kB of stdout and 32 KiB of cache
SESSION_NAME_MOST = 64  # characters of a RoleSessionName
FEDERATION_NAME_MOST = 32  # characters of the Name of GetFederationToken
SESSION_POLICY_MOST = 2048  # characters of an inline session policy and all ARNs beside it
SESSION_POLICY_FILE = 64 * 1024  # bytes of its file, which may have blanks and line breaks
SESSION_POLICY_ARNS = 10  # managed policies of one session
MAX_SIGN_IN = (
    366 * 86_400
)  # seconds of a sign-in to Identity Center, its tokens or its client: AWS's last 90 days at most
MAX_SIGN_IN_URL = 4096  # characters of the page on which the user confirms a sign-in
MAX_USER_CODE = 64  # characters of the code that the user compares there; AWS's has 9
DEVICE_INTERVAL = 5  # seconds between two questions for a device's token, if AWS names none (RFC 8628)
MAX_DEVICE_INTERVAL = 60
SSO_RATE = 18.0  # requests a second to Identity Center's portal, which takes 20 in all
SSO_THREADS = 4  # one connection cannot reach that rate where an answer takes longer than 55 ms
SSO_BACKOFF = 0.5  # after a throttled request; it doubles each time
SSO_BACKOFF_MOST = 8.0
SSO_TRIES = 6  # of one request, throttled each time: half a minute
SSO_PAGE = 100  # rows of a page, the most that AWS gives
MAX_SSO_PAGES = (
    1_000  # 100,000 accounts, or roles of one; AWS allows 3,000 accounts unless it is asked for more
)
MAX_SSO_NAME = 256  # characters of an account's name or address; AWS's have 50 and 64 at most
SSO_LISTS = (
    900.0  # for all lists of one sign-in: 3,000 accounts take three minutes, more if other programs ask too
)
MAX_SSO_FIELD = 60  # characters of a field of a generated name: two of them fit into MAX_ENTRY_NAME
MAX_IAM_PAGES = 10  # a user has 2 keys and 8 devices; a list without an end is not IAM's
LIVE_MOST = 240.0  # explain --live: every link of a chain, one wait for a code, and the calls after a refusal
EXPIRY_SLACK = 300  # how much later than requested a session may expire, by AWS's Date (security.md T5)
CLOCK_SKEW_WARN = 10  # the user is told about a larger skew
CLOCK_SKEW_MOST = 300  # codes are corrected by AWS's Date up to this skew, not beyond

# ── S3 ───────────────────────────────────────────────────────────────────────────────────────
S3_CALL = 60.0  # for one request and its answer: 64 MiB in it by 10 Mbit/s
S3_KEY = 512  # characters of an object's key; S3 has 1,024, and the probe's key is longer
S3_REGION = 64  # characters of a region's name, which servers other than AWS's choose freely
KMS_KEY_ARN = 256
PROBE_RACES = 4  # rounds of the probe's writers, half of them for each condition
PROBE_WRITERS = 8  # at once; with them, a server that races was found in 99 of 100 probes
PROBE_TIME = 60.0  # for all of its requests, under 60
REMOTE_MOST = 900.0  # for a sync that the user waits for: its requests, and a passphrase to type

# ── MFA ──────────────────────────────────────────────────────────────────────────────────────
SEED_LEAST = 10  # bytes: 80 bits, as the oldest devices have
SEED_MOST = 128  # bytes: a SHA-512 block
MAX_SEED_TEXT = 4096  # an otpauth URI with its label
CODE_DIGITS = 6  # what STS takes
MAX_CODE_OUTPUT = 64  # bytes that an mfa_process may print
CODE_MARGIN = 2.0  # a code that ends sooner is not sent: it could arrive in the next step
LEDGER_STEPS = 64  # used steps remembered for each device: half an hour at one code a step
LEDGER_AHEAD = 3  # steps: a later one in the ledger was used under a wrong clock
STEPS_TAKEN_EARLY = 1  # steps: AWS accepts a code this early, and refuses codes of later steps
SKEW_REMEMBERED = 24 * 3600  # how long the clock's skew from AWS's last refusal is assumed
CODE_REMEMBERED = 180  # how long a typed code is remembered; AWS accepts it for about 90 s
CODE_PROOF = 60.0  # the user waits while a new seed is verified: at most two steps of 30 s
CODE_WAIT = 35.0  # one step, its margin and the call; after that a role gets one hour instead

# ── unlocking and prompts ────────────────────────────────────────────────────────────────────
PROMPT_TIME = 40.0  # out of 50 s, so that there is time for two calls to AWS after the answer
ATTENDED_PROMPT_TIME = 600.0  # a user who ran the command may need to open a password manager first
SILENCE_AFTER_CANCEL = 30.0  # Terraform starts a dozen processes: one "no" answers them all
PROGRAM_LOOK = 0.1  # between two checks whether a program that keeps its output open has ended
PASSPHRASE_COMMAND_TIME = 20.0  # a password manager may wait until the user touches a security key
MAX_PASSPHRASE_INPUT = 4096  # a passphrase has at most 1,024 bytes; a longer file is the wrong file
MAX_TYPED = 4095  # the longest line of a terminal in canonical mode
MAX_ASSUAN_LINE = 1000  # the limit of the Assuan protocol
MAX_ENTRY_NAME = 128  # characters: fits into a profile's line, a table and a window's title
ACCESS_KEY_ID = (16, 128)  # characters of an access key ID, by IAM's API reference
VALUE_SHOWN = 120  # characters of a value in a message of doctor
UNREAD_SHOWN = 2  # unused lines that a message about something missing names
SECRET_LOOKS = 20  # characters from which a text in a comment may be a secret; placeholders are shorter
SECRET_ACCESS_KEY = 256  # characters of a secret at most: AWS documents no limit, and IAM issues 40
MAX_STDIN = 64 * 1024  # a key and a seed as JSON are under 2 KiB

# ── confirmation at the desktop ──────────────────────────────────────────────────────────────
CONFIRM_ANSWER = 20.0  # without an answer this is a no: the SDK waits, and calls to AWS follow a yes
CONFIRM_LEAST = 5.0  # a question that would disappear sooner is not asked: nobody could read it
CONFIRM_TIME = 15 * 60  # whole seconds for which "Allow for 15 minutes" holds
CONFIRM_SHARED = 16  # answers that processes which waited for the same question find
CONFIRM_FILE = 16 * 1024  # bytes of the file with these answers
CONFIRM_MARK = 256  # bytes that name the notification that is shown
DESKTOP_CALL = 3.0  # the bus may first have to start the notification service
DESKTOP_LOOK = 1.0  # between two checks whether the screen is locked
ANCESTORS = 64  # processes above one: a shell in an editor's terminal has about ten
ASKERS_SHOWN = 5  # processes that a question names
ASKER_NAME = 32  # characters of a process's name: the kernel has 15, a file's name may have more
CODING_AGENTS = 64  # names in the setting confirm_agents
CODING_AGENT_NAME = 64  # characters of each

# ── the console ──────────────────────────────────────────────────────────────────────────────
HANDOFF_TIME = 60.0  # a browser that starts on a slow machine needs half of this
HANDOFF_LOOK = 0.25  # between two checks whether the browser has ended with an error
HANDOFF_READ = 3.0  # for the request of one connection; a browser sends it at once
HANDOFF_HEAD = 16 * 1024  # a browser's request without a body is under 2 KiB
MAX_KERNEL_TABLE = 16 * 1024 * 1024  # /proc/net/tcp: 150 bytes a connection

# ── shell prompts ────────────────────────────────────────────────────────────────────────────
PROMPT_ANSWER = 0.05  # the agent's answer for a shell prompt: the user waits for it at each line

# ── settings ─────────────────────────────────────────────────────────────────────────────────
MAX_SETTINGS_FILE = 64 * 1024  # a dozen settings with comments
LONGEST_SETTING = 7 * 86_400  # an agent that stays unlocked for more than a week is never locked
AGENT_IDLE = 4 * 3_600  # users should have to unlock about once a day (security.md 4)
AGENT_MAX = 12 * 3_600

# ── agent ────────────────────────────────────────────────────────────────────────────────────
AGENT_CONNECT = 0.1  # an agent that does not accept a connection in this time is ignored
AGENT_ANSWER = 0.5  # an agent that does not answer in this time is ignored too
AGENT_TALK = 3.0  # for unlock, lock and status, for which the user waits
AGENT_START = 15.0  # a new agent reports after 60 ms on an idle machine; a busy one takes longer
AGENT_PLACE = 5.0  # for the lock of an agent that is ending, or has not bound its socket yet
AGENT_FRAME = 64 * 1024  # the largest frame, in either direction; a session's JSON is under 4 KiB
AGENT_FRAME_TIME = 5.0  # a client that stops in the middle of a frame is dropped
AGENT_CONNECTIONS = 64  # open at the same time; others wait in the kernel's queue
AGENT_SILENT = 0.02  # a connection that is silent for longer makes room: clients send their request at once
AGENT_BACKLOG = 1024  # room for 200 exports at once and more
AGENT_SESSIONS = 16_384  # sessions kept: 10,000 profiles, some of them under two fingerprints
AGENT_ROWS = 48 * 1024  # bytes of rows in one answer to LIST or STATUS; the longest name alone takes 3 KiB
AGENT_CONFIRMED = 1024  # confirmations that are remembered: more than anyone has profiles that need one
AGENT_PINS = 8  # reported generations: one for each main key, and room for false reports
AGENT_TICK = 1.0  # how late a time limit may be noticed after the machine slept
AGENT_SLEPT = 60.0  # if boot time is this much ahead of running time, the machine was suspended
AGENT_LINGER = 600.0  # an agent that has been locked and unused for this long ends
AGENT_WORKERS = 32  # workers at the same time, including those that wait for a code or for their client
AGENT_WORKERS_BUSY = 8  # workers that compute an answer at the same time: each opens the vault
AGENT_WAITING = 128  # clients that wait for a worker, besides AGENT_CONNECTIONS: macOS gives 256 descriptors
AGENT_WORKER_IDLE = 1.0  # a worker whose client sends nothing more makes room for the next client
AGENT_WORKER_ANSWER = 10.0  # a silent worker hangs; after this there is time to open the vault without it
AGENT_WORKER_TIME = 50  # a worker that waits for the next code ends with its client's deadline
AGENT_SOCKET_PATH = 100  # bytes: sun_path has 104 on macOS and 108 on Linux, and binding adds a suffix
MAX_PROFILE_NAME = 512  # bytes of a profile's name in a request
STRICT_TIME = 300  # strict seeds stay unlocked this long, or for one use
REFRESH_AGAIN = 60  # after this, another client is told to refresh the session

# ── log of issued credentials ────────────────────────────────────────────────────────────────
LOG_RECORD = 1024  # bytes of each sealed record: equal sizes reveal nothing, and a torn record is noticed
LOG_PROBLEMS = 5  # of a damaged log, said in one message
TRAIL_FILE = 64 * 1024 * 1024  # bytes of a CloudTrail export; CloudTrail's own files have up to 50 MB
TRAIL_UNPACKED = 256 * 1024 * 1024  # bytes of such a file without gzip
LOG_TEXT = 880  # bytes of a record's own text
LOG_FILE = 4 * 1024 * 1024  # 4,096 records; then a new file begins
LOG_FILES = 4  # older files kept: 20 MiB in all
LOG_LOOK = 64  # records to try from the end if the last ones are torn
LOG_WAIT = 1.0  # for the log's lock: an export waits no longer to write its record
LOG_WAIT_BESIDE = 10.0  # for the log's lock, in a background process
AGENT_PROGRAM = 64  # bytes of a command's name in the request of its exec
AGENT_LOG_AFTER = 1.0  # the records of this much time are written together
AGENT_LOG_TIME = 30  # whole seconds that a fork has to write them while nobody waits
AGENT_LOG_WAIT = 2.0  # how long a lock, which has 3 s, waits for that fork
AGENT_LOG_TRIES = 3
AGENT_LOG_PENDING = 8_192  # unwritten records at most: two cores cannot cause more in a minute

# ── exec --server ────────────────────────────────────────────────────────────────────────────
SERVE_MOST = 30 * 86_400  # seconds for serve --for; without it there is no end
SERVER_BACKLOG = 1024  # a build tool starts all its jobs at once
SERVER_CONNECTIONS = 128  # answered at the same time; others wait in the kernel's queue
SERVER_UNCHECKED = 96  # connections; beyond, the user of each new one is looked up, which takes time
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
PROOFS = 5  # successful calls in a row verify a new key: one key worked twice before AWS knew it everywhere
PROOF_PAUSE = 0.6  # between the calls, so that within three seconds they reach different servers
PROOF_MOST = 60.0  # in tests, AWS knew new keys everywhere within 15 s
CREATION_BEFORE = 5  # by AWS's Date, a new key is made at most this long before its journal
CREATION_WINDOW = 60  # and at most this long after: the request is sent once and given up after 13 s
GRACE = 7 * 86_400  # the old key stays, inactive, for a week: a weekly job has failed by then
MACHINES_GRACE = 7 * 86_400  # before that, it stays active this long for machines that have not synced
KEEP_TRIES = 5  # tries to write a new key to the vault before the key is deleted at AWS again
KEEP_PAUSE = 0.5
ROTATION_SESSION = 900  # the minimum of GetSessionToken: one MFA session for the calls of a rotation
LATE_KEY = 300  # a new key that AWS still does not list after this was deleted by someone
IAM_CALL = 20.0  # one call of a rotation with its second try
ROTATION_STEPS = 40  # the longest way through the state machine has 19

# ── import, setup and doctor ─────────────────────────────────────────────────────────────────
UNDO_KEPT = 16  # records of setup and of import, each; to go back further, restore a backup
MAX_UNDO = 64 * 1024 * 1024  # a record of AWS's two files, in base64
PAPER_COLUMNS = 80  # of a printed page: A4 and Letter have as many in 10-point type
PAPER_INDENT = 4  # of a value on lines of its own
MAX_CSV = 1024 * 1024  # the IAM console's file with a user's key is under 1 KiB
MAX_FOREIGN_ITEM = 64 * 1024  # one key in another program's store is under 2 KiB
MAX_FOREIGN_ITEMS = 4_096  # keys and sessions in it
JWE_ROUNDS_LEAST = 1_000  # the minimum of PBES2 (RFC 7518 4.8.1.2)
JWE_ROUNDS_MOST = 2_000_000  # rounds of PBKDF2 that take about a second; these files use 8,192
PICKER_ROWS = 12  # of a list to choose from: filter a longer one
PICKER_TICK = 0.5  # how late a changed window size may be noticed
ESCAPE_TIME = 0.05  # a terminal sends the rest of an arrow key at once; after the Escape key comes nothing
PICKED_FROM = 1_000  # the newest records of the log, whose profiles come first in a list to choose from
PRODUCTION = ("production", "prod")  # values of awsvault_environment that are shown in red
CELL_LEAST = 24  # characters of a table's cell before it folds; on a narrower terminal each row is a block
EXPIRY_RED = 300  # a session that expires sooner is shown in red, in tables and in the shell prompt
EXPIRY_YELLOW = 1_800  # and one that expires sooner than this in yellow
KEY_AGE = 90 * 86_400  # after this, an access key is due for rotation, as AWS recommends
VERSION_TIME = 5.0  # for an older copy of awsvault-py to print its version
GIT_TIME = 5.0  # for git to say what it ignores
OLDEST_KEY = 20 * 366 * 86_400  # the most that --older-than takes; IAM is younger
ENROLLMENT_MOST = 240.0  # two waits for a code each, for the session and for the device, and calls
TWO_CODES = 95.0  # three steps: another process may use one of the codes
CLIPBOARD_TTL = 30  # a code stays on the clipboard for at most one step
CLIPBOARD_TIME = 3.0  # a clipboard program that hangs is given up
CLIPBOARD_LOOK = 1.0  # a text that was put on the clipboard can be read there within this time
CLIPBOARD_PAUSE = 0.02  # between two checks
CODE_LEAST_LEFT = 3.0  # a code that ends sooner is not shown: the user could not type it in time
MAX_NOTED = 256 * 1024  # bytes of the key IDs that a panic has noted
PANIC_SYNC = 10.0  # for the newest keys of other machines, before a panic asks for its confirmation
PANIC_MOST = 600.0  # each user may cost a wait for a code
