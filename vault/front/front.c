/* The command line, and export. */
#include "front.h"

static void export_profile(const char *profile)
{
    struct answer found = ask("E", 1, profile);
    size_t mark = *found.start == '+', size = found.size - mark;
    ssize_t written = write(1, found.start + mark, size);
    if (written < 0) full();
    if ((size_t)written == size && mark) refresh_beside(profile);
    _exit((size_t)written != size); /* of a part: a second answer would make it worse */
}

int main(int count, char **words)
{
    begin(words);
    if (!getenv("HOME") || !*getenv("HOME")) full(); /* the password database has it */
    if (fcntl(0, F_GETFD) < 0 || fcntl(1, F_GETFD) < 0 || fcntl(2, F_GETFD) < 0) full(); /* or the agent's socket would take the place of a closed stream */
    if (count == 3 && !strcmp(words[1], "export")) export_profile(words[2]);
    if (count > 3 && !strcmp(words[1], "exec")) exec_command(count, words);
    if (count > 1 && count < 5 && !strcmp(words[1], "prompt")) shell_prompt(count, words);
    if (count == 2 && !strcmp(words[1], "--profile-names")) profile_names();
    full();
}
