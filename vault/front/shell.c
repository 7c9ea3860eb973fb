/* prompt and --profile-names. As vault/cli/prompt_line.py and vault/shell/prompt_data.py. */
#include "front.h"
#include <strings.h>

#define FILE_MOST (1 << 20) /* bytes of a file; a larger one is left to the full program */
#define BLANK " \t\n\r\v\f"
#define PROMPT_MS (50 + PATIENCE)
#define LATEST 253402300799 /* the last second of the year 9999 */
#define RED_BELOW 300       /* seconds: limits.EXPIRY_RED */
#define TIME "%Y-%m-%dT%H:%M:%SZ"

static char file[FILE_MOST + 1], text[FRAME_MOST], nothing[1], *environment = nothing;
static bool confirm, read_only;

static bool among(const char *word, const char *const *words) { while (*words && strcasecmp(word, *words)) words++; return *words; }
#define ONE_OF(word, ...) among(word, (const char *const[]){__VA_ARGS__, NULL})

/* A file of AWS's; empty if it is not this user's or root's own, or everyone may change it. As vault/system/quick_read. */
static char *read_file(bool config)
{
    struct stat status;
    size_t size = 0;
    ssize_t more = -1;
    int fd = open(aws_file(config, false), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && !fstat(fd, &status) && (!status.st_uid || status.st_uid == geteuid()) && !(status.st_mode & S_IWOTH) && S_ISREG(status.st_mode))
        while ((more = read(fd, file + size, FILE_MOST - size)) > 0) size += (size_t)more;
    if (fd >= 0) close(fd);
    if (size == FILE_MOST || memchr(file, 0, size)) full();
    file[more < 0 ? 0 : size] = 0;
    return file;
}

static char *next_line(char **rest)
{
    char *line = strsep(rest, "\n");
    if (line && *line != '[' && line[strspn(line, " \t")] == '[') full(); /* indented throughout */
    return line;
}

static char *trimmed(char *at)
{
    at += strspn(at, BLANK);
    for (char *end = at + strlen(at); end > at && strchr(BLANK, end[-1]);) *--end = 0;
    return at;
}

/* The name in the header of a section, ended in place; NULL if it has none. In the config file it follows `profile`. */
static char *name_in(char *line, bool config)
{
    char *end = *line == '[' ? strchr(line, ']') : NULL;
    if (!end) return NULL;
    *end = 0;
    char *name = trimmed(line + 1);
    for (char *at = name; config && *at; at++)
        if (*at == '\t') *at = ' ';
    if (!plain(name, FILE_MOST)) full();
    if (!config || !strcmp(name, "default")) return name;
    if (!starts(name, "profile ")) return NULL;
    name = trimmed(name + strlen("profile "));
    size_t last = strlen(name) - 1; /* it is not empty: trimmed() left a word behind the blank */
    if (!last || *name != name[last] || !strchr("\"'", *name)) return strpbrk(name, " \"'\\") ? NULL : name;
    name[last] = 0;
    return name + 1;
}

void profile_names(void)
{
    char line_of_name[NAME_MOST + 3];
    struct buffer to = over(text, sizeof text);
    add(&to, "\n");
    for (int config = 1; config >= 0; config--) {
        char *rest = read_file(config);
        for (char *line, *name; (line = next_line(&rest));) {
            if (!(name = name_in(line, config)) || !*name || strlen(name) > NAME_MOST) continue;
            struct buffer one = over(line_of_name, sizeof line_of_name);
            add(&one, "\n%s\n", name);
            if (!strstr(text, line_of_name)) add(&to, "%s\n", name);
        }
    }
    size_t size = (size_t)(to.at - text) - 1;
    if (!size || write(1, text + 1, size) >= 0) _exit(0);
}

/* The profile's guard rails, from its sections. Profiles that it includes are left to the full program. */
static void read_guard_rails(char *rest, const char *profile)
{
    bool inside = false;
    for (char *line, *name; (line = next_line(&rest));) {
        if (*line == '[') inside = (name = name_in(line, true)) && !strcmp(name, profile);
        if (!inside || strchr("[ \t#;", *line)) continue; /* or the line is empty */
        for (char *at = line; (at = strpbrk(at, " \t")); at++)
            if (at[1] == '#' || at[1] == ';') *at = 0, at--;
        char *equals = strchr(line, '='), *value = equals ? *equals = 0, trimmed(equals + 1) : nothing;
        line = trimmed(line);
        if (ONE_OF(line, "awsvault_environment")) environment = value;
        if (ONE_OF(line, "awsvault_confirm")) confirm = ONE_OF(value, "agent", "always", "session");
        if (ONE_OF(line, "awsvault_read_only")) read_only = ONE_OF(value, "true", "yes", "on", "1");
        if (ONE_OF(line, "include_profile", "awsvault_include_profile") && *value) full();
    }
}

/* Unix seconds of a time as exec sets it; 0 if there is none. Other forms are left to the full program. */
static long long seconds_of(const char *given)
{
    struct tm at = {0};
    char again[32];
    if (!given || !*given) return 0;
    const char *end = strptime(given, TIME, &at);
    long long found = timegm(&at);
    if (!end || *end || !strftime(again, sizeof again, TIME, &at) || strcmp(again, given)) full();
    return found;
}

/* When the agent's session of the profile ends, in Unix seconds; 0 if it is unknown. */
static long long agents_expiry(const char *profile)
{
    if (getenv("AWSVAULT_AGENT") && !strcmp(getenv("AWSVAULT_AGENT"), "off")) return 0;
    add(new_request(), "{\"op\":\"ENDS\",\"profile\":\"%s\"}", profile);
    struct answer found = exchange(PROMPT_MS);
    char *ends = found.size ? strstr(found.start, "\"ends\":") : NULL, *ok = ends ? strstr(found.start, "\"ok\":true") : NULL;
    long long seconds = ok && ok < ends && strchr("123456789", ends[strlen("\"ends\":")]) ? strtoll(ends + strlen("\"ends\":"), &ends, 10) : 0;
    return seconds > 0 && seconds <= LATEST && (*ends == ',' || *ends == '}') ? seconds : 0;
}

/* A word, escaped for the shell, in whose prompt no part of it may be a command or a color. */
static void put_quoted(struct buffer *to, const char *word, const char *shell)
{
    for (; *word; word++) {
        if (*word == (!strcmp(shell, "zsh") ? '%' : !strcmp(shell, "tmux") ? '#' : 0)) put(to, word, 1);
        put(to, ONE_OF(shell, "bash", "zsh") && strchr("$`\\!", *word) ? "?" : word, 1);
    }
}

static void print_prompt(const char *form, const char *shell, const char *profile, long long left)
{
    static const char *const colors[] = {"", "red", "yellow", "green"}, *const codes[] = {"", "1;31", "33", "32"};
    const char *none = getenv("NO_COLOR");
    bool production = ONE_OF(environment, "production", "prod"), tmux = ONE_OF(shell, "tmux"), zsh = ONE_OF(shell, "zsh"), bash = ONE_OF(shell, "bash");
    int color = production ? 1 : confirm || (left > 0 && left < RED_BELOW) ? 2 : read_only ? 3 : 0;
    if ((none && *none) || !strcmp(shell, "plain")) color = 0;
    for (char *at = environment; production && *at; at++) *at &= (char)~('a' - 'A'); /* letters alone */
    struct buffer to = over(text, sizeof text);
    if (color) add(&to, tmux ? "#[fg=%s]" : zsh ? "%%F{%s}" : bash ? "\1\x1b[%sm\2" : "\x1b[%sm", (tmux || zsh ? colors : codes)[color]);
    for (; *form; form++) {
        if (starts(form, "{profile}")) put_quoted(&to, profile, shell);
        else if (starts(form, "{environment}")) put(&to, " ", *environment != 0), put_quoted(&to, environment, shell);
        else if (starts(form, "{left}") && left >= 3600) add(&to, " %lldh%02lldm", left / 3600, left % 3600 / 60);
        else if (starts(form, "{left}") && left >= 0) add(&to, left >= 60 ? " %lldm" : " %llds", left >= 60 ? left / 60 : left);
        else if (!starts(form, "{left}")) put(&to, form, 1);
        if (starts(form, "{profile}") || starts(form, "{environment}") || starts(form, "{left}")) form = strchr(form, '}');
    }
    add(&to, "%s\n", !color ? "" : tmux ? "#[default]" : zsh ? "%f" : bash ? "\1\x1b[0m\2" : "\x1b[0m");
    if (write(1, text, (size_t)(to.at - text)) >= 0) _exit(0);
}

static bool is_shell(const char *word) { return !word[strspn(word, "abcdefghijklmnopqrstuvwxyz")] && ONE_OF(word, "plain", "bash", "zsh", "fish", "tmux", "starship"); }

void shell_prompt(int count, char **words)
{
    const char *form = "{profile}{environment}{left}", *shell = "plain", *inside = getenv("AWSVAULT_PROFILE"), *profile = inside;
    struct timespec now;
    for (int word = 2; word < count; word++)
        if (starts(words[word], "--format=")) form = words[word] + strlen("--format=");
        else if (starts(words[word], "--for=") && is_shell(words[word] + strlen("--for="))) shell = words[word] + strlen("--for=");
        else return;
    if (inside && !*inside) inside = NULL;
    if (!inside && (!(profile = getenv("AWS_PROFILE")) || !*profile)) profile = getenv("AWS_DEFAULT_PROFILE");
    if (!profile || !*profile) _exit(0);
    if (!plain(form, FRAME_MOST) || !plain(profile, 60) || strpbrk(profile, "{\"\\") || !strcmp(profile, "default")) return;
    long long ends = inside ? seconds_of(getenv("AWS_CREDENTIAL_EXPIRATION")) : agents_expiry(profile);
    clock_gettime(CLOCK_REALTIME, &now);
    long long left = ends ? ends - now.tv_sec - (now.tv_nsec > 0) : -1;
    if (ends && left <= 0) _exit(0); /* an expired session is not shown */
    read_guard_rails(read_file(true), profile);
    if (plain(environment, 40) && !strchr(environment, '{')) print_prompt(form, shell, profile, left);
}
