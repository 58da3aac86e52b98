// What the programs of this folder share: numbers from the command line, sockets on the loopback,
// and time. Nothing here ever reaches an address outside of this machine.
#pragma once
#define _GNU_SOURCE 1

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline _Noreturn void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

// A whole number from the command line that is not above `max`.
static inline long number(const char *text, long max) {
    char *end;
    long value = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < 0 || value > max) {
        fprintf(stderr, "'%s' is not a number from 0 to %ld\n", text, max);
        exit(64);
    }
    return value;
}

static inline uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// As many descriptors as this process may have.
static inline long raise_descriptors(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) fail("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0) fail("setrlimit");
    return (long)limit.rlim_cur;
}

// 127.0.0.`host`, for `host` from 1 to 254.
static inline struct sockaddr_in loopback(int host, int port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl((INADDR_LOOPBACK & ~0xffu) | (uint32_t)host),
    };
}

static inline void set_option(int fd, int level, int name, int value) {
    if (setsockopt(fd, level, name, &value, sizeof value) < 0) fail("setsockopt");
}

static inline int listen_on(int port, int flags) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    struct sockaddr_in address = loopback(1, port);
    if (fd < 0) fail("socket");
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
    if (listen(fd, 4096) < 0) fail("listen");
    return fd;
}

// A connection to 127.0.0.1, which a non-blocking one has only begun; -1 when it was refused.
// `host` is the last part of the address that it comes from, or 0 for whatever the kernel takes.
static inline int connect_to(int port, int host, int flags) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (fd < 0) fail("socket");
    if (host != 0) {
        struct sockaddr_in source = loopback(host, 0);
        // The port is chosen when the other end is known, so that it may be used for several.
        set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
        if (bind(fd, (struct sockaddr *)&source, sizeof source) < 0) fail("bind");
    }
    struct sockaddr_in target = loopback(1, port);
    if (connect(fd, (struct sockaddr *)&target, sizeof target) < 0 && errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    return fd;
}

// Closes without TIME_WAIT: thousands of ports waiting would be in the way of the next round.
static inline void reset_and_close(int fd) {
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(fd);
}
