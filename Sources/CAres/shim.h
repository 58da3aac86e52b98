// The c-ares resolver, and the one wait that drives a channel of it together with a descriptor of
// ours. c-ares 1.18 (Debian 12) has no thread of its own.
#ifndef GYRE_CARES_H
#define GYRE_CARES_H

#include <ares.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>

static const int GYRE_DNS_CLASS_IN = 1;     // RFC 1035 section 3.2.4
static const int GYRE_DNS_TYPE_SRV = 33;    // RFC 2782

// Waits until an answer arrives, a query times out, `wake` is readable or `timeout_ms` has passed
// (-1: for ever), and lets the channel, which may be NULL, do what there is to do. Returns whether
// `wake` is readable.
static inline int gyre_ares_wait(ares_channel channel, int wake, int timeout_ms) {
    ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
    struct pollfd fds[ARES_GETSOCK_MAXNUM + 1];
    int count = 0, ready;
    if (channel) {
        const int mask = ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM);
        struct timeval next;
        for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
            const short wanted = (short)((ARES_GETSOCK_READABLE(mask, i) ? POLLIN : 0)
                                         | (ARES_GETSOCK_WRITABLE(mask, i) ? POLLOUT : 0));
            if (!wanted) break;
            fds[count].fd = sockets[i];
            fds[count].events = wanted;
            fds[count++].revents = 0;
        }
        if (ares_timeout(channel, NULL, &next)) {
            const long next_ms = next.tv_sec * 1000 + (next.tv_usec + 999) / 1000;
            if (timeout_ms < 0 || next_ms < timeout_ms) timeout_ms = (int)next_ms;
        }
    }
    fds[count].fd = wake;
    fds[count].events = POLLIN;
    fds[count].revents = 0;
    ready = poll(fds, (nfds_t)count + 1, timeout_ms);
    if (channel) {
        for (int i = 0; i < count && ready > 0; i++)
            if (fds[i].revents)
                ares_process_fd(channel,
                                fds[i].revents & ~POLLOUT ? fds[i].fd : ARES_SOCKET_BAD,
                                fds[i].revents & ~POLLIN ? fds[i].fd : ARES_SOCKET_BAD);
        ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    }
    return ready > 0 && fds[count].revents != 0;
}

#endif
