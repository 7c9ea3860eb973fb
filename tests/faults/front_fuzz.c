/* Runs the native front in this process with random environments, command lines, files and answers of the agent, under
   AddressSanitizer and UndefinedBehaviorSanitizer: scripts/fuzz-front. It ends with the number of the first run that goes wrong.

   The front's own sources are included, so that their static state can be reset between runs. What would leave the process comes
   back here instead. Each run must end in one way: the output and an exit, the command, or the full program with the caller's own
   environment and words, and never with a second answer after a first. */
#include "../../vault/front/front.h"
#include <setjmp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

static jmp_buf back;
static uint64_t state;
static int file_fd, pair[2] = {-1, -1}, printed;
static char **given_words, **given_environment, *first_word;
static char answer_bytes[80000];
static size_t answer_size;

static uint32_t any(uint32_t below)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (uint32_t)(state >> 32) % below;
}

static _Noreturn void wrong(const char *what)
{
    fprintf(stderr, "front_fuzz: %s\n", what);
    abort();
}

static size_t read_all(char *const *texts)
{
    size_t size = 0;
    for (; *texts; texts++) size += strlen(*texts);
    return size;
}

static int fuzz_execve(const char *path, char *const *words, char *const *variables)
{
    bool full_program = strlen(path) > 16 && !strcmp(path + strlen(path) - 16, "awsvault-py-full");
    read_all(words), read_all(variables);
    if (full_program && (words[0] != path || variables != given_environment)) wrong("the full program got another environment");
    if (full_program && words != given_words && (!words[1] || strcmp(words[1], "session-refresh"))) wrong("other words");
    if (full_program && printed && words == given_words) wrong("a second answer");
    if (!full_program && printed) wrong("a command after an answer");
    longjmp(back, 1);
}

static _Noreturn void fuzz_exit(int code) { (void)code, longjmp(back, 2); }

static ssize_t fuzz_write(int fd, const void *bytes, size_t size)
{
    static char sink[1 << 20];
    if (size > sizeof sink) wrong("a very long output");
    memcpy(sink, bytes, size);
    if (!any(20)) return -1;
    printed |= fd == 1 && size;
    return any(20) ? (ssize_t)size : (ssize_t)(size / 2);
}

static int fuzz_open(const char *path, int flags, ...)
{
    (void)flags, (void)strlen(path);
    if (!any(10)) return -1;
    lseek(file_fd, 0, SEEK_SET);
    return dup(file_fd);
}

static int fuzz_socket(int domain, int type, int protocol)
{
    if (!any(50) || socketpair(domain, type, protocol, pair)) return -1;
    if (write(pair[1], answer_bytes, answer_size) < 0) wrong("the answer");
    shutdown(pair[1], SHUT_WR);
    return pair[0];
}

static int fuzz_lstat(const char *path, struct stat *status)
{
    memset(status, 0, sizeof *status);
    status->st_mode = any(20) ? S_IFSOCK | 0600 : S_IFSOCK | 0666;
    status->st_uid = geteuid();
    return strlen(path) && any(20) ? 0 : -1;
}

static int fuzz_dprintf(int fd, const char *format, ...)
{
    (void)fd, (void)format;
    return 0;
}

static int zero(void) { return 0; }

#define execve fuzz_execve
#define _exit fuzz_exit
#define write fuzz_write
#define open fuzz_open
#define socket fuzz_socket
#define connect(...) (any(50) ? 0 : -1)
#define lstat fuzz_lstat
#define isatty(fd) ((int)any(2))
#define fork() ((pid_t)any(3) - 1)
#define waitpid(...) zero()
#define setsid() zero()
#define dprintf fuzz_dprintf
#define dup2(from, to) (to)
#define syscall(...) zero()
#define main front_main
#include "../../vault/front/agent.c"
#include "../../vault/front/exec.c"
#include "../../vault/front/places.c"
#undef CONFIG
#undef DATA
#include "../../vault/front/shell.c"
#include "../../vault/front/full.c"
#include "../../vault/front/front.c"
#undef main
#undef write
#undef execve
#undef _exit
#undef open
#undef socket

static const char *const some_names[] = {
    "HOME", "AWSVAULT_HOME", "AWSVAULT_AGENT", "PATH", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWSVAULT_OUTER_REGION", "AWSVAULT_OUTER_AWS_CONFIG_FILE",
    "AWSVAULT_OUTER_HTTP_PROXY", "HTTP_PROXY", "https_proxy", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SSO", "NO_PROXY", "AWSVAULT_PROFILE", "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE", "AWS_CREDENTIAL_EXPIRATION", "AWS_SESSION_TOKEN", "AWSVAULT_PASSPHRASE", "NO_COLOR", "TERM", "X", "", "AWS_VAULT"};
static const char *const some_values[] = {
    "", "/h", "/h/", "~/v", "/v", "//v/../x", "off", "auto", "/usr/bin:/bin", ":", "/usr/bin/:", "dev", "prod", "default", "us-west-2", NULL_DEVICE,
    "http://user:pass@proxy:80/a@b", "a@b//c@d/e", "@", "//", "/", "2030-01-01T00:00:00Z", "2000-02-30T00:00:00Z", "2030-1-1T0:0:0Z", "1",
    "9999-12-31T23:59:59Z", "$HOME/x", "~root", "{left}", "a\"b", "\xc3\x9c", "\x1b[31m", "dumb"};
static const char *const command_lines[] = {
    "export dev", "export prod", "export ", "export -x", "export dev x", "exec dev -- true", "exec dev true a b", "exec dev -- /bin/true",
    "exec dev -- none", "exec dev -- /", "exec dev -x true", "exec dev true -- x", "exec dev --", "exec", "prompt", "prompt --for=bash",
    "prompt --for=zsh --format={profile}{left}", "prompt --for=tmux", "prompt --for=fish --format={environment}{{left}{x}", "prompt --for=x",
    "prompt --format=", "--profile-names", "status", ""};
static const char *const answers[] = {
    "MISS", "+", "\n", "+\n", "{\"Version\": 1, \"AccessKeyId\": \"A\", \"SecretAccessKey\": \"s\"}\n",
    "{\"Version\": 1, \"AccessKeyId\": \"A\", \"SecretAccessKey\": \"s\", \"SessionToken\": \"t\", \"Expiration\": \"e\"}\ndev\tus-west-2\t11\tarn\n",
    "+{\"Version\": 1, \"AccessKeyId\": \"A\", \"SecretAccessKey\": \"s\", \"SessionToken\": \"t\"}\ndev\tr\t00\t\n",
    "{\"Version\": 1, \"\"}\ndev\tr\t00\t\n", "{\"Version\": 1, \"}\ndev\t\t10\t\n", "{\"ok\":true,\"ends\":4102444800}",
    "{\"ok\":true,\"ends\":99999999999999999999}", "{\"ok\":true,\"ends\":-1}", "{\"ends\":1,\"ok\":true}", "{\"ok\":true,\"ends\":"};
static const char *const files[] = {
    "", "[profile dev]\n", "[default]\n[profile prod]\nawsvault_environment = prod\n", "[profile dev]\nawsvault_confirm=always ; x\nawsvault_read_only",
    "[profile 'a b']\n[profile \"\"]\n[profile ']\n[profile]\n[profile \t ]\n[]\n[ dev ]", " [profile dev]\n", "[profile dev] x\n = y\n=\n#\n;\n\t#\nk = v #; \t;",
    "[dev\n]\n[profile dev\n[[profile dev]]\n[profile dev]\ninclude_profile = \nawsvault_environment = {left}"};
#define PICK(list) (list)[any(sizeof(list) / sizeof *(list))]

/* A text, often changed at some places, sometimes followed by many more bytes. */
static size_t changed(char *to, const char *from, size_t most, bool nul)
{
    size_t size = strlen(from);
    memcpy(to, from, size);
    for (uint32_t times = any(3) ? 0 : any(4); times && size; times--) to[any((uint32_t)size)] = "\0\n\t\"\\ =:/{}[]+~\x7f\xff"[any(18)];
    if (!any(30)) {
        size_t more = any(4) ? any(6000) : any(70000);
        for (; more && size < most; more--) to[size++] = (char)(any(2) ? 'x' : (int)any(256));
    }
    if (!any(20) && size) size = any((uint32_t)size);
    for (size_t at = 0; !nul && at < size; at++)
        if (!to[at]) to[at] = '/';
    to[size] = 0;
    return size;
}

static void run_once(void)
{
    static char arena[1 << 22], *variables[64], *words[16], file_bytes[80000];
    char *at = arena, **variable = variables, **word = words;
    for (uint32_t count = any(24) + 1; count; count--) {
        *variable++ = at;
        at += changed(at, count == 1 ? "HOME" : PICK(some_names), 100, false);
        if (any(100)) *at++ = '=';
        at += changed(at, count == 1 ? "/h" : PICK(some_values), 75000, false) + 1;
    }
    *variable = NULL;
    *word++ = first_word;
    for (const char *from = PICK(command_lines); *from; from += *from == ' ') {
        char one[64];
        size_t size = strcspn(from, " ");
        memcpy(one, from, size), one[size] = 0, from += size;
        *word++ = at;
        at += changed(at, one, 70000, false) + 1;
    }
    *word = NULL;
    size_t size = changed(file_bytes, PICK(files), 70000, true);
    if (ftruncate(file_fd, 0) || pwrite(file_fd, file_bytes, size, 0) < 0) wrong("the file");
    size = changed(answer_bytes + 4, PICK(answers), 70000, true);
    size_t said = any(30) ? size : any(70000);
    for (int byte = 0; byte < 4; byte++) answer_bytes[byte] = (char)(said >> (24 - 8 * byte));
    answer_size = any(50) ? size + 4 : any((uint32_t)size + 4);
    got = 0;
    environment = nothing, confirm = read_only = false, printed = 0;
    environ = given_environment = variables, given_words = words;
    if (!setjmp(back)) front_main((int)(word - words), words);
    for (int end = 0; end < 2; end++)
        if (pair[end] >= 0) close(pair[end]);
    pair[0] = pair[1] = -1;
    for (int fd = file_fd + 1; fd < file_fd + 4; fd++) close(fd); /* what a run had open when it ended */
}

int main(int count, char **words)
{
    if (count != 3) return 2;
    unsigned long runs = strtoul(words[1], NULL, 10);
    first_word = words[0];
    file_fd = memfd_create("config", MFD_CLOEXEC);
    if (file_fd < 0 || fchmod(file_fd, 0600)) return 2;
    for (unsigned long run = 0; run < runs; run++) {
        state = 0x9E3779B97F4A7C15U * (strtoul(words[2], NULL, 10) + run + 1);
        any(2), any(2);
        run_once();
    }
    printf("%lu runs\n", runs);
    return 0;
}
