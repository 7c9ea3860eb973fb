/* Bounded texts, the places of the files, and the fingerprint. As vault/warm.py. */
#include "front.h"
#define NAME "awsvault-py"
#ifdef __APPLE__
#define SUPPORT "/Library/Application Support/" NAME
#define DATA "", SUPPORT "/vault" /* no variable moves it */
#define CONFIG "", SUPPORT
#define st_mtim st_mtimespec
#define st_ctim st_ctimespec
#else
#define DATA "XDG_DATA_HOME", "/.local/share/" NAME
#define CONFIG "XDG_CONFIG_HOME", "/.config/" NAME
#endif

static const char *const plain_names[] = {
    "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_STS_REGIONAL_ENDPOINTS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_CA_BUNDLE",
    "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "NO_PROXY", "no_proxy"};
static const char *const url_names[] = {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_SSO_OIDC", "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"};
#define EACH(name, names) for (const char *const *name = names; name < names + sizeof names / sizeof *names; name++)

struct buffer over(char *memory, size_t size) { return (struct buffer){memory, memory, memory + size}; }

void put(struct buffer *to, const char *from, size_t size)
{
    if (size > (size_t)(to->end - to->at)) full();
    memcpy(to->at, from, size);
    to->at += size;
}

void add(struct buffer *to, const char *format, ...)
{
    size_t room = (size_t)(to->end - to->at);
    va_list values;
    va_start(values, format);
    int size = vsnprintf(to->at, room, format, values);
    va_end(values);
    if (size < 0 || (size_t)size >= room) full();
    to->at += size;
}

static const char *joined(char *memory, const char *one, const char *two, const char *three)
{
    struct buffer to = over(memory, PATH_SIZE);
    add(&to, "%s%s%s", one, two, three);
    return memory;
}

/* A variable as it was outside an exec: without the region that the exec set, and with the file that --server hides. */
static const char *outside(const char *name)
{
    static char memory[PATH_SIZE];
    const char *value = getenv(name), *region = getenv(OUTER "REGION");
    bool regions = !strcmp(name, "AWS_REGION") || !strcmp(name, "AWS_DEFAULT_REGION");
    if (!value || (regions && region && !strcmp(value, region))) return NULL;
    const char *outer = strcmp(value, NULL_DEVICE) ? NULL : getenv(joined(memory, OUTER, name, ""));
    return outer ? outer : value;
}

/* AWSVAULT_HOME; NULL if it is not set. One that os.path.abspath would change is left to the full program. */
static char *own_folder(void)
{
    static char memory[PATH_SIZE];
    const char *given = getenv("AWSVAULT_HOME");
    if (!given || !*given) return NULL;
    joined(memory, starts(given, "~/") ? getenv("HOME") : "", starts(given, "~/") ? given + 1 : given, "/");
    if (*memory != '/' || !memory[1] || strstr(memory, "//") || strstr(memory, "/./") || strstr(memory, "/../")) full();
    memory[strlen(memory) - 1] = 0;
    return memory;
}

/* A file in a folder of the XDG Base Directory Specification: in the variable if it is absolute, otherwise in the home. */
static const char *xdg(char *memory, const char *variable, const char *standard, const char *rest)
{
    const char *given = getenv(variable);
    return given && *given == '/' ? joined(memory, given, "/" NAME, rest) : joined(memory, getenv("HOME"), standard, rest);
}

const char *agent_socket(void)
{
    static char memory[PATH_SIZE];
    if (own_folder()) return joined(memory, own_folder(), "/run", "/agent.sock");
#ifdef __APPLE__
    return joined(memory, getenv("HOME"), SUPPORT, "/run/agent.sock");
#else
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    struct stat status;
    if (runtime && *runtime == '/') return joined(memory, runtime, "/" NAME, "/agent.sock");
    struct buffer login = over(memory, PATH_SIZE); /* cron and su set no variable for it */
    add(&login, "/run/user/%lld/" NAME "/agent.sock", (long long)geteuid());
    if (lstat(memory, &status) || status.st_uid != geteuid()) full(); /* then the name has a hash of the host's */
    return memory;
#endif
}

const char *aws_file(bool config, bool outer)
{
    static char memory[PATH_SIZE];
    const char *name = config ? "AWS_CONFIG_FILE" : "AWS_SHARED_CREDENTIALS_FILE", *given = outer ? outside(name) : getenv(name);
    if (!given || !*given) given = joined(memory, getenv("HOME"), "/.aws", config ? "/config" : "/credentials");
    if (strchr(given, '$') || (*given == '~' && (given[1] != '/' || given == memory))) full(); /* a variable, another user's home, a home named ~ */
    return *given == '~' ? joined(memory, getenv("HOME"), given + 1, "") : given;
}

/* NUL, and what stat says about the file. */
static void put_identity(struct buffer *to, const char *path)
{
    struct stat s;
    put(to, "", 1);
    if (stat(path, &s)) return add(to, errno == ENOENT ? "-" : "?%d", errno);
    if (s.st_mtim.tv_sec < 1 || s.st_ctim.tv_sec < 1) full(); /* nanoseconds would have fewer digits, or a sign */
    add(to, "%lld.%llu.%lld.", (long long)s.st_dev, (unsigned long long)s.st_ino, (long long)s.st_size);
    add(to, "%lld%09ld.%lld%09ld", (long long)s.st_mtim.tv_sec, s.st_mtim.tv_nsec, (long long)s.st_ctim.tv_sec, s.st_ctim.tv_nsec);
}

/* NUL, the name, = and the value, of a URL without user and password before its host. */
static void put_variable(struct buffer *to, const char *name, bool url)
{
    const char *value = outside(name);
    if (!value) return;
    put(to, "", 1);
    add(to, "%s=", name);
    if (url) {
        const char *slashes = strstr(value, "//"), *host = slashes ? slashes + 2 : value;
        put(to, value, (size_t)(host - value));
        for (value = host; *host && *host != '/'; host++)
            if (*host == '@') value = host + 1;
    }
    add(to, "%s", value);
}

void put_fingerprint(struct buffer *to)
{
    char memory[PATH_SIZE], *own = own_folder();
    add(to, "f2");
    put_identity(to, aws_file(true, true));
    put_identity(to, aws_file(false, true));
    put_identity(to, own ? joined(memory, own, "", "/vault.avlt") : xdg(memory, DATA, "/vault.avlt"));
    put_identity(to, own ? joined(memory, own, "", "/config.toml") : xdg(memory, CONFIG, "/config.toml"));
    EACH(name, plain_names) put_variable(to, *name, false);
    EACH(name, url_names) put_variable(to, *name, true);
}
