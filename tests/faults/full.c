/* A full disk for one process, loaded by LD_PRELOAD: what is there stays and may be opened, locked, renamed and removed;
   no byte is written to a file, and no file or folder is made. FULL_UNDER=/folder: only what is in it is on that disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int full(void) { errno = ENOSPC; return -1; }

static int there(const char *path)
{
    const char *disk = getenv("FULL_UNDER");
    return !disk || !strncmp(path, disk, strlen(disk));
}

static int there_fd(int fd)
{
    char name[40], path[4096];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(name, path, sizeof path - 1);
    path[size < 0 ? 0 : size] = 0;
    return there(path);
}

ssize_t write(int fd, const void *data, size_t size)
{
    struct stat status;
    if (!fstat(fd, &status) && S_ISREG(status.st_mode) && there_fd(fd)) return full();
    return syscall(SYS_write, fd, data, size);
}

int mkdir(const char *path, mode_t mode)
{
    if (syscall(SYS_faccessat, AT_FDCWD, path, F_OK) && there(path)) return full();
    return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

static int creating(int folder, const char *path, int flags, mode_t mode)
{
    int here = *path == '/' || folder == AT_FDCWD ? there(path) : there_fd(folder);
    if (here && flags & O_CREAT && syscall(SYS_faccessat, folder, path, F_OK)) return full();
    return (int)syscall(SYS_openat, folder, path, flags, mode);
}

#define MODE mode_t mode = 0; if (flags & O_CREAT) { va_list l; va_start(l, flags); mode = va_arg(l, mode_t); va_end(l); }

int open(const char *path, int flags, ...) { MODE return creating(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return creating(AT_FDCWD, path, flags, mode); }
int openat(int x, const char *path, int flags, ...) { MODE return creating(x, path, flags, mode); }
int openat64(int x, const char *path, int flags, ...) { MODE return creating(x, path, flags, mode); }
