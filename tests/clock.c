/* A clock that tests move, loaded by LD_PRELOAD. TEST_CLOCK names a file of three native int64 that all processes of a
   test share: the nanoseconds that have passed (every clock shows them), those that the wall clock is wrong by (that one
   alone), and whether sleeps take their real time.
   Where they do not, a sleep of LONG or more moves the clock on to its end, unless another sleeper has done so already.
   Programs that these processes start with a cleared environment (the agent) live by it too, and by no other library that
   was loaded before a command: a disk that is full for one command is not so for the agent that it starts. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL
#define LONG (SECOND / 2)
#define FIELDS 3

static int64_t *shared;
static char preload[4096], file[4096]; /* the two variables, for programs that are started with a cleared environment */

/* Exported, for forks whose environment is set after the start (tests/forkserver.py). */
__attribute__((constructor)) void take_the_tests_clock(void)
{
    const char *path = getenv("TEST_CLOCK");
    Dl_info own;
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *page = mmap(NULL, FIELDS * sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page != MAP_FAILED) shared = page;
    close(fd);
    snprintf(file, sizeof file, "TEST_CLOCK=%s", path);
    int found = dladdr((void *)take_the_tests_clock, &own);
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", found ? own.dli_fname : "");
}

static int names(char *const *env, const char *variable)
{
    for (size_t size = strlen(variable); *env; env++)
        if (!strncmp(*env, variable, size)) return 1;
    return 0;
}

int execve(const char *path, char *const *arguments, char *const *env)
{
    int (*real)(const char *, char *const *, char *const *) = dlsym(RTLD_NEXT, "execve");
    size_t count = 0;
    if (!shared || names(env, "TEST_CLOCK=")) return real(path, arguments, env);
    while (env[count]) count++;
    char *with[count + 3];
    memcpy(with, env, count * sizeof *with);
    with[count++] = file;
    if (!names(env, "LD_PRELOAD=")) with[count++] = preload;
    with[count] = NULL;
    return real(path, arguments, with);
}

static int64_t offset(clockid_t id)
{
    if (!shared) return 0;
    int64_t passed = __atomic_load_n(&shared[0], __ATOMIC_SEQ_CST);
    switch (id) {
    case CLOCK_REALTIME: case CLOCK_REALTIME_COARSE: return passed + __atomic_load_n(&shared[1], __ATOMIC_SEQ_CST);
    case CLOCK_MONOTONIC: case CLOCK_MONOTONIC_COARSE: case CLOCK_MONOTONIC_RAW: case CLOCK_BOOTTIME: return passed;
    default: return 0; /* time of a processor */
    }
}

static int64_t number(const struct timespec *t) { return t->tv_sec * SECOND + t->tv_nsec; }

static struct timespec span(int64_t n)
{
    struct timespec t = {n / SECOND, n % SECOND};
    if (t.tv_nsec < 0) { t.tv_sec--; t.tv_nsec += SECOND; }
    return t;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    int result = (int)syscall(SYS_clock_gettime, id, t);
    if (!result) *t = span(number(t) + offset(id));
    return result;
}

time_t time(time_t *t)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (t) *t = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    t->tv_sec = now.tv_sec;
    t->tv_usec = now.tv_nsec / 1000;
    return 0;
}

static void pass_to(int64_t end)
{
    int64_t seen = __atomic_load_n(&shared[0], __ATOMIC_SEQ_CST);
    while (seen < end && !__atomic_compare_exchange_n(&shared[0], &seen, end, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
}

/* As clock_nanosleep: an error number, not -1. */
int clock_nanosleep(clockid_t id, int flags, const struct timespec *asked, struct timespec *left)
{
    struct timespec now, wait = *asked;
    int64_t passed = shared ? __atomic_load_n(&shared[0], __ATOMIC_SEQ_CST) : 0;
    if (flags & TIMER_ABSTIME) {
        clock_gettime(id, &now);
        wait = span(number(asked) > number(&now) ? number(asked) - number(&now) : 0);
    }
    if (shared && number(&wait) >= LONG && !__atomic_load_n(&shared[2], __ATOMIC_SEQ_CST)) {
        pass_to(passed + number(&wait));
        return 0;
    }
    return syscall(SYS_clock_nanosleep, id, 0, &wait, left) ? errno : 0;
}

int nanosleep(const struct timespec *asked, struct timespec *left)
{
    int error = clock_nanosleep(CLOCK_MONOTONIC, 0, asked, left);
    if (error) errno = error;
    return error ? -1 : 0;
}
