/* exec PROFILE -- COMMAND without options. As vault/cli/warm_exec.py and vault/run/exec_env.py. */
#include "front.h"

#define VARIABLES_MOST 4096
#define SET_MOST 16 /* variables that set() adds */
#define PROGRAM_MOST 64 /* bytes of its name that the agent logs */
#define SHOWN_MOST 400  /* characters of a name in a banner */
#define BEGINS "{\"Version\": 1, \""

enum { KEY_ID, SECRET, TOKEN, EXPIRY, FIELDS };
enum { PROFILE, REGION, FLAGS, ROLE, WORDS };
static const char *const field_names[FIELDS] = {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"};
static const char *const gone[] = { /* what another profile left, what leads to the passphrase, and what is set below */
    "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_VAULT", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN", "AWS_ACCOUNT_ID", "AWS_CREDENTIAL_EXPIRATION", "AWS_SESSION_EXPIRATION", "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWSVAULT_PASSPHRASE", "AWSVAULT_PASSPHRASE_FILE", "AWSVAULT_PASSPHRASE_FD", "AWSVAULT_PASSPHRASE_COMMAND",
    "AWS_REGION", "AWS_DEFAULT_REGION", "AWSVAULT_PROFILE", NULL};

static char *variables[VARIABLES_MOST + SET_MOST + 1], **next_variable, memory[4 * FRAME_MOST]; /* a field thrice at most */
static struct buffer values;

static void set(const char *name, const char *value)
{
    *next_variable++ = values.at;
    add(&values, "%s=%s", name, value);
    put(&values, "", 1);
}

/* The command's environment, without what set() adds. */
static void inherit(void)
{
    for (char **at = environ; *at; at++) {
        size_t size = strcspn(*at, "=");
        const char *const *other = gone;
        char **first = environ, **hidden = environ; /* of two with one name, the first counts, as in Python */
        while (*other && (strlen(*other) != size || strncmp(*other, *at, size))) other++;
        while (first < at && (strncmp(*first, *at, size) || (*first)[size] != '=')) first++;
        if (*other || !size || !(*at)[size] || starts(*at, OUTER) || first < at) continue;
        if (next_variable == variables + VARIABLES_MOST) full();
        while (*hidden && /* what --server of an outer exec replaced */ !(starts(*hidden, OUTER) && !strncmp(*hidden + strlen(OUTER), *at, size + 1))) hidden++;
        *next_variable++ = strcmp(*at + size, "=" NULL_DEVICE) || !*hidden ? *at : *hidden + strlen(OUTER);
    }
}

/* The fields of a session's line, found and ended in place; false if it does not have exactly the program's own form. */
static bool session(char *at, char *end, char **found)
{
    if ((size_t)(end - at) < sizeof BEGINS + 1 || !starts(at, BEGINS) || end[-1] != '}' || end[-2] != '"') return false;
    end[-2] = 0;
    at += strlen(BEGINS);
    if (!plain(at, FRAME_MOST) || strchr(at, '\\')) return false;
    for (char *value, *next; (value = strchr(at, '"')); at = next + 4) {
        if (!starts(value, "\": \"") || ((next = strchr(value + 4, '"')) && !starts(next, "\", \""))) return false;
        *value = 0;
        if (next) *next = 0;
        for (int field = 0; field < FIELDS; field++)
            if (!strcmp(at, field_names[field])) found[field] = value + 4;
        if (!next) return found[KEY_ID] && found[SECRET];
    }
    return false;
}

/* The words of the metadata, ended in place; false if it is another profile's or has another form. */
static bool metadata(char *at, const char *profile, char **found)
{
    for (int word = 0; word < WORDS; word++) {
        found[word] = at;
        for (; *at != (word < ROLE ? '\t' : '\n'); at++)
            if ((unsigned char)*at < ' ' || *at == 127) return false;
        *at++ = 0;
    }
    const char *flags = found[FLAGS];
    return !*at && !strcmp(found[PROFILE], profile) && strlen(flags) == 2 && strspn(flags, "01") == 2;
}

/* The path of the program, as os.execvpe finds it; NULL if there is none, which the full program says. */
static const char *program_path(const char *name)
{
    static char path[PATH_SIZE];
    struct stat status;
    const char *at = getenv("PATH");
    if (strchr(name, '/')) return access(name, X_OK) ? NULL : name;
    for (at = at ? at : "/bin:/usr/bin";; at++) {
        size_t size = strcspn(at, ":");
        struct buffer to = over(path, sizeof path);
        put(&to, at, size);
        add(&to, "%s%s", size && at[size - 1] != '/' ? "/" : "", name);
        if (!access(path, X_OK) && !stat(path, &status) && S_ISREG(status.st_mode)) return path;
        if (!*(at += size)) return NULL;
    }
}

/* As vault/cli/banners.py, on a terminal. */
static void banner(char **about)
{
    const char *none = getenv("NO_COLOR"), *kind = getenv("TERM");
    bool color = (!none || !*none) && (!kind || strcmp(kind, "dumb"));
    dprintf(2, "%s PRODUCTION  %s (%s) %s\n", color ? "\x1b[37m\x1b[41m\x1b[1m" : "", about[PROFILE],
            *about[ROLE] ? about[ROLE] : "no role", color ? "\x1b[0m" : "");
}

void exec_command(int count, char **words)
{
    struct sigaction standard = {.sa_handler = SIG_DFL}, child;
    bool dashes = !strcmp(words[3], "--"), terminal = isatty(2);
    char **command = words + 3 + dashes, *fields[FIELDS] = {NULL}, *about[WORDS], kind[2 + PROGRAM_MOST] = "X";
    const char *path, *outer = getenv("AWSVAULT_PROFILE");
    for (int word = 3; !dashes && word < count; word++)
        if (*words[3] == '-' || !strcmp(words[word], "--")) return;
    if (!*command || !**command || !(path = program_path(*command))) return;
    if (terminal && (!plain(words[2], SHOWN_MOST) || (outer && *outer))) return; /* a note is due about the outer exec */
    const char *name = strrchr(*command, '/');
    name = name && name[1] ? name + 1 : *command;
    kind[1] = (char)strnlen(name, PROGRAM_MOST);
    memcpy(kind + 2, name, (size_t)kind[1]);
    struct answer found = ask(kind, 2 + (size_t)kind[1], words[2]);
    char *line = found.start + (*found.start == '+'), *end = strchr(line, '\n');
    if (!end || strlen(found.start) != found.size || !metadata(end + 1, words[2], about) || !session(line, end, fields)) return;
    if (terminal && !plain(about[ROLE], SHOWN_MOST)) return;
    if (line > found.start) refresh_beside(words[2]);
    if (terminal && about[FLAGS][1] == '1') banner(about);
    values = over(memory, sizeof memory), next_variable = variables, inherit();
    set("AWSVAULT_PROFILE", words[2]), set("AWS_VAULT", words[2]), set("AWS_REGION", about[REGION]), set("AWS_DEFAULT_REGION", about[REGION]);
    if (about[FLAGS][0] == '1') set(OUTER "REGION", about[REGION]);
    set("AWS_ACCESS_KEY_ID", fields[KEY_ID]), set("AWS_SECRET_ACCESS_KEY", fields[SECRET]);
    if (fields[TOKEN]) set("AWS_SESSION_TOKEN", fields[TOKEN]), set("AWS_SECURITY_TOKEN", fields[TOKEN]);
    if (fields[EXPIRY]) set("AWS_CREDENTIAL_EXPIRATION", fields[EXPIRY]), set("AWS_SESSION_EXPIRATION", fields[EXPIRY]);
    sigaction(SIGPIPE, &standard, NULL), sigaction(SIGXFSZ, &standard, NULL); /* as from the full program: `yes | head` must end, children can be waited for */
    if (!sigaction(SIGCHLD, NULL, &child) && child.sa_handler == SIG_IGN) sigaction(SIGCHLD, &standard, NULL);
    *next_variable = NULL, execve(path, command, variables);
    full(); /* says why it cannot be run */
}
