/* Faults at the calls that change files: the Nth one is answered by SIGKILL (before or after it), an error, or a
   short write. Loaded by LD_PRELOAD into one process. FAULT_AT=N (from 1), FAULT_KIND, FAULT_LOG=file for the list. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int count;

void count_from_here(void) { count = 0; } /* for a fork of a process that did much before */

static const char *kind(void) { const char *k = getenv("FAULT_KIND"); return k ? k : ""; }

static void die(void) { syscall(SYS_kill, syscall(SYS_getpid), SIGKILL); for (;;) syscall(SYS_pause); }

/* 0: go on; 1: this is the one, and go on; -1: fail with errno set. */
static int point(const char *name)
{
    const char *at = getenv("FAULT_AT"), *log = getenv("FAULT_LOG");
    count++;
    if (log) {
        char line[80];
        int size = snprintf(line, sizeof line, "%s\n", name);
        int fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (fd >= 0) { syscall(SYS_write, fd, line, (size_t)size); syscall(SYS_close, fd); }
    }
    if (!at || atoi(at) != count) return 0;
    if (!strcmp(kind(), "kill-before")) die();
    if (!strcmp(kind(), "ENOSPC")) { errno = ENOSPC; return -1; }
    if (!strcmp(kind(), "EIO")) { errno = EIO; return -1; }
    if (!strcmp(kind(), "EINTR")) { errno = EINTR; return -1; }
    if (!strcmp(kind(), "EROFS")) { errno = EROFS; return -1; }
    if (!strcmp(kind(), "EMFILE")) { errno = EMFILE; return -1; }
    return 1;
}

static int done(int hit, int result)
{
    if (hit == 1 && !strcmp(kind(), "kill-after")) die();
    return result;
}

#define REAL(type, name) type = dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void *data, size_t size)
{
    REAL(ssize_t (*real)(int, const void *, size_t), "write");
    struct stat status;
    if (fstat(fd, &status) || !S_ISREG(status.st_mode)) return real(fd, data, size);
    int hit = point("write");
    if (hit < 0) return -1;
    if (hit == 1 && !strcmp(kind(), "short") && size > 1) return real(fd, data, size / 2);
    ssize_t result = real(fd, data, size);
    done(hit, 0);
    return result;
}

#define WRAP(name, parameters, arguments)                        \
    int name parameters                                          \
    {                                                            \
        REAL(int (*real) parameters, #name);                     \
        int hit = point(#name);                                  \
        return hit < 0 ? -1 : done(hit, real arguments);         \
    }

WRAP(fsync, (int fd), (fd))
WRAP(flock, (int fd, int how), (fd, how))
WRAP(fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(ftruncate, (int fd, off_t size), (fd, size))
WRAP(rename, (const char *a, const char *b), (a, b))
WRAP(renameat, (int x, const char *a, int y, const char *b), (x, a, y, b))
WRAP(link, (const char *a, const char *b), (a, b))
WRAP(linkat, (int x, const char *a, int y, const char *b, int f), (x, a, y, b, f))
WRAP(unlink, (const char *a), (a))
WRAP(unlinkat, (int x, const char *a, int f), (x, a, f))
WRAP(mkdir, (const char *a, mode_t mode), (a, mode))

static int creating(const char *name, int x, const char *path, int flags, mode_t mode)
{
    int hit = flags & O_CREAT ? point(name) : 0;
    return hit < 0 ? -1 : done(hit, (int)syscall(SYS_openat, x, path, flags, mode));
}

#define MODE mode_t mode = 0; if (flags & O_CREAT) { va_list l; va_start(l, flags); mode = va_arg(l, mode_t); va_end(l); }

int open(const char *path, int flags, ...) { MODE return creating("open", AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return creating("open", AT_FDCWD, path, flags, mode); }
int openat(int x, const char *path, int flags, ...) { MODE return creating("openat", x, path, flags, mode); }
int openat64(int x, const char *path, int flags, ...) { MODE return creating("openat", x, path, flags, mode); }
