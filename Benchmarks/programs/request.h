// One small HTTP request, the answer to it, and the sorting of how long answers took.
#pragma once

#include "loopback.h"

static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: origin\r\n\r\n";
static const ssize_t REQUEST_BYTES = sizeof REQUEST - 1;

// What has come of an answer.
struct answer {
    size_t count;
    char text[1024];
};

enum progress { MORE_TO_COME, ANSWERED, BROKEN };

// Reads what is there: the rest of an answer, nothing yet, or something that is no 200 with a
// length. What lies behind the answer cannot be: nothing was asked for that it would answer.
static inline enum progress read_answer(int fd, struct answer *answer) {
    ssize_t count = recv(fd, answer->text + answer->count,
                         sizeof answer->text - 1 - answer->count, 0);
    if (count < 0) return errno == EAGAIN ? MORE_TO_COME : BROKEN;
    if (count == 0) return BROKEN;
    answer->count += (size_t)count;
    answer->text[answer->count] = '\0';
    const char *end = strstr(answer->text, "\r\n\r\n");
    if (end == NULL)
        return answer->count < sizeof answer->text - 1 ? MORE_TO_COME : BROKEN;
    const char *length = strcasestr(answer->text, "\r\ncontent-length:");
    if (strncmp(answer->text, "HTTP/1.1 200", 12) != 0 || length == NULL || length > end)
        return BROKEN;
    size_t body = strtoul(length + sizeof "\r\ncontent-length:" - 1, NULL, 10);
    size_t whole = (size_t)(end - answer->text) + 4 + body;
    if (answer->count > whole || whole >= sizeof answer->text) return BROKEN;
    if (answer->count < whole) return MORE_TO_COME;
    answer->count = 0;
    return ANSWERED;
}

static inline bool send_request(int fd) {
    return send(fd, REQUEST, (size_t)REQUEST_BYTES, MSG_NOSIGNAL) == REQUEST_BYTES;
}

static inline int ascending(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

// The smallest of `count` sorted values that `share` of them do not exceed, in microseconds.
static inline double percentile_us(const uint64_t *sorted_ns, size_t count, double share) {
    if (count == 0) return 0;
    size_t rank = (size_t)(share * (double)count);
    if ((double)rank < share * (double)count) rank++;
    return (double)sorted_ns[rank == 0 ? 0 : rank - 1] / 1000;
}
