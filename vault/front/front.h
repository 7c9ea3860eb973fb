/* The native front: it answers what the agent can answer at once, and leaves everything else to the full program.

   It does what vault/warm.py, vault/cli/warm_exec.py and vault/cli/prompt_line.py do, byte for byte (tests/vectors). It allocates
   nothing: each buffer is static, each length bounded as in vault/limits.py. Whatever is unusual, too long or fails ends in full(). */
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MOST (64 * 1024)
#define NAME_MOST 512 /* bytes of a profile's name */
#define PATH_SIZE 4096
#define OUTER "AWSVAULT_OUTER_" /* before the name of a variable: its value outside an exec */
#define NULL_DEVICE "/dev/null"
#ifndef PATIENCE /* more milliseconds for tests on a busy machine */
#define PATIENCE 0
#endif

extern char **environ;
struct buffer { char *start, *at, *end; };   /* a bounded text: full() if something does not fit */
struct answer { char *start; size_t size; }; /* a NUL follows it; size 0: there is none */
_Noreturn void full(void); /* replace this process with the full program */
void begin(char **words);  /* the command line that full() hands on; write errors are no signals */
void refresh_beside(const char *profile);
bool plain(const char *text, size_t most), starts(const char *text, const char *with); /* plain: printable ASCII */
struct buffer over(char *memory, size_t size), *new_request(void);
void put(struct buffer *to, const char *from, size_t size), put_fingerprint(struct buffer *to);
__attribute__((format(printf, 2, 3))) void add(struct buffer *to, const char *format, ...); /* and a NUL, not counted */
const char *agent_socket(void), *aws_file(bool config, bool outer); /* valid until the next call */
struct answer exchange(int milliseconds), ask(const char *kind, size_t size, const char *profile);
void exec_command(int count, char **words), shell_prompt(int count, char **words), profile_names(void); /* return for full() */
