/* The connection to the agent: one request, one answer. As dial() and exchange() in vault/warm.py. */
#include "front.h"
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#define LENGTH 4        /* bytes before each frame */
#define PIECES 8        /* of an answer; each may take ANSWER_MS */
#define SOCKET_MOST 100 /* bytes of the socket's path */
#define CONNECT_MS (100 + PATIENCE)
#define ANSWER_MS (500 + PATIENCE)

static char request_memory[LENGTH + FRAME_MOST + 1], received[LENGTH + FRAME_MOST + 1];
static size_t got; /* bytes of received */
static struct buffer request;

struct buffer *new_request(void)
{
    request = over(request_memory, sizeof request_memory), request.at += LENGTH;
    return &request;
}

static bool same_user(int fd)
{
#ifdef __APPLE__
    uid_t user;
    gid_t group;
    return !getpeereid(fd, &user, &group) && user == geteuid();
#else
    struct ucred peer;
    socklen_t size = sizeof peer;
    return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) && peer.uid == geteuid();
#endif
}

static void limit(int fd, int what, int milliseconds)
{
    setsockopt(fd, SOL_SOCKET, what, &(struct timeval){milliseconds / 1000, milliseconds % 1000 * 1000}, sizeof(struct timeval));
}

/* A connection to this user's agent, or -1. The file and the process that listens must both belong to this user. */
static int dial(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat status;
    if (strlen(path) > SOCKET_MOST || lstat(path, &status) || !S_ISSOCK(status.st_mode)) return -1;
    int fd = status.st_uid == geteuid() && !(status.st_mode & 077) ? socket(AF_UNIX, SOCK_STREAM, 0) : -1;
    if (fd < 0) return -1;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    limit(fd, SO_SNDTIMEO, CONNECT_MS);
    memcpy(address.sun_path, path, strlen(path));
    if (!connect(fd, (struct sockaddr *)&address, sizeof address) && same_user(fd)) return fd;
    close(fd);
    return -1;
}

/* One frame, and nothing after it; otherwise none. */
static struct answer receive(int fd)
{
    const unsigned char *head = (const unsigned char *)received;
    for (int pieces = PIECES; pieces; pieces--) {
        ssize_t size = recv(fd, received + got, sizeof received - got, 0);
        if (size < 0 && errno == EINTR) continue; /* stopped, and continued */
        if (size <= 0) break;
        got += (size_t)size;
        size_t frame = got < LENGTH ? FRAME_MOST : (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
        if (frame > FRAME_MOST || got > LENGTH + frame) break;
        if (got < LENGTH + frame) continue;
        received[got] = 0;
        return (struct answer){received + LENGTH, frame};
    }
    return (struct answer){received, 0};
}

struct answer exchange(int milliseconds)
{
    struct answer found = {received, 0};
    size_t size = (size_t)(request.at - request.start);
    if (size > LENGTH + FRAME_MOST) full();
    for (int byte = 0; byte < LENGTH; byte++) request.start[byte] = (char)((size - LENGTH) >> (24 - 8 * byte) & 0xFF);
    int fd = dial(agent_socket());
    if (fd < 0) return found;
    limit(fd, SO_RCVTIMEO, milliseconds);
    if (send(fd, request.start, size, 0) == (ssize_t)size) found = receive(fd); /* SIGPIPE is ignored */
    close(fd);
    return found;
}

/* The answer to a request of this kind for the profile: a line, and possibly more. */
struct answer ask(const char *kind, size_t size, const char *profile)
{
    const char *agent = getenv("AWSVAULT_AGENT");
    if ((agent && *agent && strcmp(agent, "auto")) || !*profile || *profile == '-' || strlen(profile) > NAME_MOST) full();
    put(new_request(), kind, size), put(&request, profile, strlen(profile) + 1);
    put_fingerprint(&request);
    struct answer found = exchange(ANSWER_MS);
    if (!found.size || found.start[found.size - 1] != '\n') full(); /* MISS has no line end */
    return found;
}
