/* Mailbox server in C99 and POSIX: one client after the other.
 *
 * cc -O2 -o server server.c
 * ./server PORT
 */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { MAGIC = 0xAE73, READ = 1, CREATE = 2, RESPONSE = 3, MAX_ITEMS = 255 };

struct message {
    struct message *next;
    unsigned char sender_len;
    unsigned message_len;
    unsigned char bytes[]; /* the sender, then the message */
};

struct box {
    struct box *next;
    struct message *first, *last;
    size_t name_len;
    unsigned char name[255];
};

static struct box *boxes;

static struct box *find_box(const unsigned char *name, size_t len)
{
    for (struct box *b = boxes; b != NULL; b = b->next)
        if (b->name_len == len && memcmp(b->name, name, len) == 0)
            return b;
    return NULL;
}

static struct box *make_box(const unsigned char *name, size_t len)
{
    struct box *b = find_box(name, len);
    if (b != NULL || (b = calloc(1, sizeof *b)) == NULL)
        return b;
    memcpy(b->name, name, len);
    b->name_len = len;
    b->next = boxes;
    boxes = b;
    return b;
}

/* Reads exactly len bytes. The socket's own timeout ends a silence. */
static int read_all(int fd, unsigned char *to, size_t len)
{
    size_t got = 0;
    while (got < len) {
        ssize_t n = recv(fd, to + got, len - got, 0);
        if (n > 0) {
            got += (size_t)n;
        } else if (n == 0) {
            printf("error: the request ends after %zu of %zu bytes\n", got, len);
            return -1;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            printf("error: nothing came for one second\n");
            return -1;
        } else if (errno != EINTR) {
            printf("error: recv: %s\n", strerror(errno));
            return -1;
        }
    }
    return 0;
}

/* Writes all, as long as some of it leaves each second. */
static int write_all(int fd, const unsigned char *from, size_t len)
{
    while (len > 0) {
        struct pollfd room = {.fd = fd, .events = POLLOUT};
        if (poll(&room, 1, 1000) == 0) {
            printf("error: nothing could be sent for one second\n");
            return -1;
        }
        ssize_t n = send(fd, from, len, MSG_DONTWAIT);
        if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
            continue;
        if (n < 0) {
            printf("error: send: %s\n", strerror(errno));
            return -1;
        }
        from += n;
        len -= (size_t)n;
    }
    return 0;
}

static void print_name(const char *before, const unsigned char *name, size_t len)
{
    fputs(before, stdout);
    fwrite(name, 1, len, stdout);
}

static void create(const unsigned char *h, const unsigned char *body, unsigned message_len)
{
    const unsigned char *receiver = body + h[3];
    struct box *b = make_box(receiver, h[4]);
    struct message *m = malloc(sizeof *m + h[3] + message_len);
    if (b == NULL || m == NULL) {
        printf("error: out of memory\n");
        free(m);
        return;
    }
    m->next = NULL;
    m->sender_len = h[3];
    m->message_len = message_len;
    memcpy(m->bytes, body, h[3]);
    memcpy(m->bytes + h[3], receiver + h[4], message_len);
    if (b->first == NULL)
        b->first = m;
    else
        b->last->next = m;
    b->last = m;
    print_name("stored a message from ", body, h[3]);
    print_name(" for ", receiver, h[4]);
    putchar('\n');
}

/* Lays out the response; returns how many messages it holds, or -1. */
static int build_response(const struct box *b, unsigned char **response, size_t *size)
{
    const struct message *m = b != NULL ? b->first : NULL;
    int items = 0;
    *size = 5;
    for (const struct message *i = m; i != NULL && items < MAX_ITEMS; i = i->next, items++)
        *size += 3u + i->sender_len + i->message_len;
    unsigned char *p = *response = malloc(*size);
    if (p == NULL)
        return -1;
    p += 5;
    for (int i = 0; i < items; i++, m = m->next) {
        *p++ = m->sender_len;
        *p++ = (unsigned char)(m->message_len >> 8);
        *p++ = (unsigned char)(m->message_len & 0xFF);
        memcpy(p, m->bytes, m->sender_len + m->message_len);
        p += m->sender_len + m->message_len;
    }
    p = *response;
    p[0] = MAGIC >> 8;
    p[1] = MAGIC & 0xFF;
    p[2] = RESPONSE;
    p[3] = (unsigned char)items;
    p[4] = m != NULL;
    return items;
}

static void answer(int fd, const unsigned char *name, size_t len)
{
    struct box *b = find_box(name, len);
    unsigned char *response;
    size_t size;
    int items = build_response(b, &response, &size);
    if (items < 0) {
        printf("error: out of memory\n");
        return;
    }
    if (write_all(fd, response, size) == 0) {
        for (int i = 0; i < items; i++) {
            struct message *m = b->first;
            b->first = m->next;
            free(m);
        }
        printf("sent %d messages", items);
        print_name(" to ", name, len);
        putchar('\n');
    }
    free(response);
}

static const char *fault(const unsigned char *h, unsigned message_len)
{
    if ((h[0] << 8 | h[1]) != MAGIC)
        return "wrong magic number";
    if (h[2] != READ && h[2] != CREATE)
        return "unknown request";
    if (h[3] == 0)
        return "no name";
    if ((h[2] == CREATE) != (h[4] != 0))
        return "wrong length of the receiver";
    if ((h[2] == CREATE) != (message_len != 0))
        return "wrong length of the message";
    return NULL;
}

static void serve(int fd)
{
    static unsigned char body[255 + 255 + 65535];
    unsigned char h[7];
    if (read_all(fd, h, sizeof h) < 0)
        return;
    unsigned message_len = (unsigned)h[5] << 8 | h[6];
    const char *problem = fault(h, message_len);
    if (problem != NULL) {
        printf("error: %s\n", problem);
        return;
    }
    if (read_all(fd, body, (size_t)h[3] + h[4] + message_len) < 0)
        return;
    if (h[2] == CREATE)
        create(h, body, message_len);
    else
        answer(fd, body, h[3]);
}

static int listen_on(long port)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    here.sin_addr.s_addr = htonl(INADDR_ANY);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&here, sizeof here) < 0 || listen(fd, 16) < 0) {
        int reason = errno;
        close(fd);
        errno = reason;
        return -1;
    }
    return fd;
}

int main(int argc, char **argv)
{
    char *end;
    if (argc != 2) {
        fprintf(stderr, "usage: server PORT\n");
        return 1;
    }
    long port = strtol(argv[1], &end, 10);
    if (*argv[1] == '\0' || *end != '\0' || port < 1024 || port > 64000) {
        fprintf(stderr, "error: the port must be a number from 1024 to 64000\n");
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    int listener = listen_on(port);
    if (listener < 0) {
        fprintf(stderr, "error: cannot listen on port %ld: %s\n", port, strerror(errno));
        return 1;
    }
    for (;;) {
        struct sockaddr_in peer;
        socklen_t len = sizeof peer;
        struct timeval gap = {.tv_sec = 1};
        char host[INET_ADDRSTRLEN] = "?";
        int fd = accept(listener, (struct sockaddr *)&peer, &len);
        if (fd < 0) {
            printf("error: accept: %s\n", strerror(errno));
            continue;
        }
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &gap, sizeof gap);
        inet_ntop(AF_INET, &peer.sin_addr, host, sizeof host);
        printf("connection from %s port %d\n", host, ntohs(peer.sin_port));
        serve(fd);
        close(fd);
    }
}
