/* The way to the full program, and what every other file needs. */
#include "front.h"
#include <sys/wait.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#else
#include <sys/auxv.h>
#include <sys/syscall.h>
#endif
#define FULL "awsvault-py-full" /* beside this file; an installer wrote its first line */
#define FAILED 70               /* vault.cli.exits.INTERNAL */

static char **arguments;
static struct sigaction pipe_was, size_was; /* what the caller set for SIGPIPE and SIGXFSZ */

_Noreturn void full(void)
{
    static char path[PATH_SIZE + sizeof FULL], *alone[2];
#ifdef __APPLE__
    char given[PATH_SIZE];
    unsigned most = sizeof given;
    ssize_t size = !_NSGetExecutablePath(given, &most) && realpath(given, path) ? (ssize_t)strlen(path) : -1;
#else
    ssize_t size = readlink("/proc/self/exe", path, PATH_SIZE);
    if (size < 0 && realpath((const char *)getauxval(AT_EXECFN), path)) size = (ssize_t)strlen(path); /* no /proc, as in a chroot */
#endif
    char *end = size > 0 && size < PATH_SIZE ? strrchr(path, '/') : NULL;
    if (!arguments || !arguments[0]) arguments = alone;
    if (end) {
        memcpy(end + 1, FULL, sizeof FULL);
        arguments[0] = path;
        sigaction(SIGPIPE, &pipe_was, NULL), sigaction(SIGXFSZ, &size_was, NULL); /* an ignored signal stays ignored over exec */
        execve(path, arguments, environ);
    }
    dprintf(2, "awsvault-py: error: cannot run %s: %s\nawsvault-py: hint: install awsvault-py again\n", path, strerror(errno));
    _exit(FAILED);
}

bool plain(const char *text, size_t most)
{
    size_t size = 0;
    while (size <= most && text[size] >= ' ' && text[size] <= '~') size++;
    return size <= most && !text[size];
}

bool starts(const char *text, const char *with) { return !strncmp(text, with, strlen(with)); }

/* Let the full program (disk_export.REFRESH) refresh the session in a process without parent, terminal and the caller's files. */
void refresh_beside(const char *profile)
{
    static char name[NAME_MOST + 1], command[] = FULL, refresh[] = "session-refresh", *words[] = {command, refresh, name, NULL};
    pid_t between = fork();
    while (between > 0 && waitpid(between, NULL, 0) < 0 && errno == EINTR);
    if (between) return;
    int null = open(NULL_DEVICE, O_RDWR | O_CLOEXEC);
    if (fork() || null < 0 || setsid() < 0 || dup2(null, 0) || dup2(null, 1) < 0 || dup2(null, 2) < 0) _exit(0);
#ifdef SYS_close_range
    if (syscall(SYS_close_range, 3, ~0U, 0))
#endif
        for (int fd = 3, most = getdtablesize(); fd < most && fd < 1 << 20; fd++) close(fd);
    memcpy(name, profile, strlen(profile)); /* ask() refused one that is longer */
    arguments = words;
    full();
}

void begin(char **words)
{
    struct sigaction ignored = {.sa_handler = SIG_IGN}; /* a write that fails is an error, and not the end */
    arguments = words;
    sigaction(SIGPIPE, &ignored, &pipe_was), sigaction(SIGXFSZ, &ignored, &size_was);
}
