// A TCP forwarder around select(2) or poll(2): one thread, no memory in the kernel of what is
// waited for. Every wait hands the whole list over and every answer is searched for in it, so a
// request costs in proportion to the connections that exist and not to those that have something
// to say. select(2) moreover ends at descriptor 1023, which is 510 flows; what is beyond is reset.
//
// usage: readiness select|poll PORT TARGET_PORT
#include "loopback.h"

#include <poll.h>
#include <sys/select.h>

enum { BUFFER_BYTES = 16 * 1024 };

// One of the two connections of a flow, by its descriptor.
struct side {
    int peer;
    // What this side could not take yet. Its peer is not read meanwhile, so it never grows.
    char *unsent;
    size_t unsent_bytes;
    bool is_connecting;
    // Its stream has ended, and the peer was told so.
    bool has_ended;
};

static bool uses_select;
static int target;
static int listener;
static long descriptors;
static struct side *sides;
// By descriptor, with gaps: what is waited for, and what has come.
static struct pollfd *polled;
static nfds_t polled_end;
static fd_set readers, writers;

static void want(int fd, bool reads, bool writes) {
    // Memory becomes real with the first connection that needs it.
    while (polled_end <= (nfds_t)fd) polled[polled_end++].fd = -1;
    polled[fd].events = (short)((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
    polled[fd].fd = reads || writes ? fd : -1;
    if (!uses_select) return;
    if (reads) FD_SET(fd, &readers); else FD_CLR(fd, &readers);
    if (writes) FD_SET(fd, &writers); else FD_CLR(fd, &writers);
}

// Waits; afterwards `revents` says what has come, for both calls.
static void await(void) {
    if (!uses_select) {
        if (poll(polled, polled_end, -1) < 0 && errno != EINTR) fail("poll");
        return;
    }
    fd_set readable = readers, writable = writers;
    if (select((int)polled_end, &readable, &writable, NULL, NULL) < 0) {
        if (errno != EINTR) fail("select");
        return;
    }
    for (int fd = 0; fd < (int)polled_end; fd++)
        polled[fd].revents = (short)((FD_ISSET(fd, &readable) ? POLLIN : 0)
                                     | (FD_ISSET(fd, &writable) ? POLLOUT : 0));
}

static void forget(int fd) {
    want(fd, false, false);
    polled[fd].revents = 0;
    free(sides[fd].unsent);
    sides[fd] = (struct side){0};
    close(fd);
}

static void end_flow(int fd) {
    int peer = sides[fd].peer;
    forget(fd);
    forget(peer);
}

static void update(int fd) {
    struct side *side = &sides[fd], *peer = &sides[side->peer];
    bool reads = !side->has_ended && !side->is_connecting && !peer->is_connecting
                 && peer->unsent_bytes == 0;
    want(fd, reads, side->is_connecting || side->unsent_bytes > 0);
}

static void open_flow(int client) {
    // A refusal shows when the connection is first used; only an immediate one shows here.
    int origin = connect_to(target, 0, SOCK_NONBLOCK);
    long end = uses_select ? FD_SETSIZE : descriptors;
    if (origin < 0 || client >= end || origin >= end) {
        if (origin >= 0) close(origin);
        reset_and_close(client);
        return;
    }
    sides[client] = (struct side){.peer = origin};
    sides[origin] = (struct side){.peer = client, .is_connecting = true};
    update(client);
    update(origin);
}

static void accept_all(void) {
    int client;
    while ((client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        set_option(client, IPPROTO_TCP, TCP_NODELAY, 1);
        open_flow(client);
    }
}

// Reads once and passes it on; false when the flow is over.
static bool move(int fd) {
    static char buffer[BUFFER_BYTES];
    int to = sides[fd].peer;
    ssize_t count = recv(fd, buffer, sizeof buffer, 0);
    if (count < 0) return errno == EAGAIN;
    if (count == 0) {
        sides[fd].has_ended = true;
        shutdown(to, SHUT_WR);
        return !sides[to].has_ended;
    }
    ssize_t taken = send(to, buffer, (size_t)count, MSG_NOSIGNAL);
    if (taken < 0 && errno != EAGAIN) return false;
    if (taken < 0) taken = 0;
    if (taken < count) {
        size_t rest = (size_t)(count - taken);
        sides[to].unsent = malloc(rest);
        if (sides[to].unsent == NULL) return false;
        memcpy(sides[to].unsent, buffer + taken, rest);
        sides[to].unsent_bytes = rest;
    }
    return true;
}

// Sends what could not be sent before; false when the flow is over.
static bool flush(int fd) {
    struct side *side = &sides[fd];
    side->is_connecting = false;
    if (side->unsent_bytes == 0) return true;
    ssize_t taken = send(fd, side->unsent, side->unsent_bytes, MSG_NOSIGNAL);
    if (taken < 0) return errno == EAGAIN;
    side->unsent_bytes -= (size_t)taken;
    memmove(side->unsent, side->unsent + taken, side->unsent_bytes);
    if (side->unsent_bytes == 0) {
        free(side->unsent);
        side->unsent = NULL;
    }
    return true;
}

static void serve(int fd, short events) {
    if (fd == listener) {
        accept_all();
        return;
    }
    // Errors come unasked; the call that was waited for meets them.
    if (events & (POLLERR | POLLHUP)) events |= polled[fd].events;
    events &= polled[fd].events;
    bool lives = true;
    if (events & POLLOUT) lives = flush(fd);
    if (lives && events & POLLIN) lives = move(fd);
    if (!lives) {
        end_flow(fd);
        return;
    }
    update(sides[fd].peer);
    update(fd);
}

int main(int count, char **arguments) {
    if (count != 4 || (strcmp(arguments[1], "select") && strcmp(arguments[1], "poll"))) {
        fprintf(stderr, "usage: readiness select|poll PORT TARGET_PORT\n");
        return 64;
    }
    uses_select = strcmp(arguments[1], "select") == 0;
    target = (int)number(arguments[3], 65535);
    descriptors = raise_descriptors();
    sides = calloc((size_t)descriptors, sizeof *sides);
    polled = calloc((size_t)descriptors, sizeof *polled);
    if (sides == NULL || polled == NULL) fail("calloc");
    listener = listen_on((int)number(arguments[2], 65535), SOCK_NONBLOCK);
    want(listener, true, false);
    for (;;) {
        await();
        nfds_t end = polled_end;
        for (nfds_t fd = 0; fd < end; fd++)
            // A flow that ended in this very loop has left nothing here for its descriptors.
            if (polled[fd].fd >= 0 && polled[fd].revents != 0) serve((int)fd, polled[fd].revents);
    }
}
