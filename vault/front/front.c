/* The command line, the way to the full program, and export. */
#include "front.h"
#include <sys/wait.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#else
#include <sys/syscall.h>
#endif
#define FULL "awsvault-py-full"   /* beside this file; an installer wrote its first line */
#define REFRESH "session-refresh" /* vault.cli.disk_export.REFRESH */
#define FAILED 70                 /* vault.cli.exits.INTERNAL */

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
#endif
    char *end = size > 0 && size < PATH_SIZE ? strrchr(path, '/') : NULL;
    wipe();
    if (!arguments || !arguments[0]) arguments = alone;
    if (end) {
        memcpy(end + 1, FULL, sizeof FULL);
        arguments[0] = path;
        sigaction(SIGPIPE, &pipe_was, NULL); /* an ignored signal stays ignored over exec */
        sigaction(SIGXFSZ, &size_was, NULL);
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

/* Let the full program refresh the session in a process without parent, terminal and the caller's files. */
void refresh_beside(const char *profile)
{
    static char name[NAME_MOST + 1], command[] = FULL, refresh[] = REFRESH, *words[] = {command, refresh, name, NULL};
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

static void export_profile(const char *profile)
{
    struct answer found = ask("E", 1, profile);
    size_t mark = *found.start == '+', size = found.size - mark;
    ssize_t written = write(1, found.start + mark, size);
    if (written < 0) full();
    if ((size_t)written == size && mark) refresh_beside(profile);
    wipe();
    _exit((size_t)written != size); /* of a part: a second answer would make it worse */
}

int main(int count, char **words)
{
    struct sigaction ignored = {.sa_handler = SIG_IGN}; /* a write that fails is an error, and not the end */
    arguments = words;
    sigaction(SIGPIPE, &ignored, &pipe_was);
    sigaction(SIGXFSZ, &ignored, &size_was);
    if (!getenv("HOME") || !*getenv("HOME")) full(); /* the password database has it */
    if (fcntl(0, F_GETFD) < 0 || fcntl(1, F_GETFD) < 0 || fcntl(2, F_GETFD) < 0) full(); /* or the agent's socket would take the place of a closed stream */
    if (count == 3 && !strcmp(words[1], "export")) export_profile(words[2]);
    if (count > 3 && !strcmp(words[1], "exec")) exec_command(count, words);
    if (count > 1 && count < 5 && !strcmp(words[1], "prompt")) shell_prompt(count, words);
    if (count == 2 && !strcmp(words[1], "--profile-names")) profile_names();
    full();
}
