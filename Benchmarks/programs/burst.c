// Bursts of new connections: all begun at once, one request each, and how long the answers took
// from the beginning of the burst. Each burst is over, and reset, before the next one begins.
//
// usage: burst PORT CONNECTIONS BURSTS
#include "request.h"

#include <sys/epoll.h>

enum { PAUSE_US = 50000, BURST_MS_MAX = 5000 };

struct connection {
    int fd;
    bool was_asked;
    uint64_t answered_ns;
    struct answer answer;
};

static void watch(int epoll, struct connection *connection) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = connection};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &event) < 0) fail("epoll_ctl");
}

// Goes on with a connection; true when it is over, for better or worse.
static bool serve(struct connection *connection, uint32_t events) {
    if (!connection->was_asked && events & EPOLLOUT && !(events & EPOLLERR)) {
        connection->was_asked = true;
        return !send_request(connection->fd);
    }
    enum progress progress = read_answer(connection->fd, &connection->answer);
    if (progress == ANSWERED) connection->answered_ns = now_ns();
    return progress != MORE_TO_COME;
}

// One burst. Writes the times of the answers and returns how many there were.
static size_t burst(int port, struct connection *all, size_t count, uint64_t *times_ns) {
    struct epoll_event events[256];
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) fail("epoll_create1");
    size_t under_way = 0, answered = 0;
    uint64_t began = now_ns(), end = began + BURST_MS_MAX * 1000000ull;
    for (size_t index = 0; index < count; index++) {
        all[index] = (struct connection){.fd = connect_to(port, 0, SOCK_NONBLOCK)};
        if (all[index].fd < 0) continue;
        watch(epoll, &all[index]);
        under_way++;
    }
    while (under_way > 0 && now_ns() < end) {
        int ready = epoll_wait(epoll, events, 256, 100);
        for (int index = 0; index < ready; index++) {
            struct connection *connection = events[index].data.ptr;
            if (!serve(connection, events[index].events)) continue;
            epoll_ctl(epoll, EPOLL_CTL_DEL, connection->fd, NULL);
            under_way--;
        }
    }
    for (size_t index = 0; index < count; index++) {
        if (all[index].fd < 0) continue;
        if (all[index].answered_ns != 0) times_ns[answered++] = all[index].answered_ns - began;
        reset_and_close(all[index].fd);
    }
    close(epoll);
    return answered;
}

int main(int count, char **arguments) {
    if (count != 4) {
        fprintf(stderr, "usage: burst PORT CONNECTIONS BURSTS\n");
        return 64;
    }
    long descriptors = raise_descriptors();
    int port = (int)number(arguments[1], 65535);
    size_t connections = (size_t)number(arguments[2], descriptors - 16);
    size_t bursts = (size_t)number(arguments[3], 1000), answered = 0;
    struct connection *all = calloc(connections, sizeof *all);
    uint64_t *times = calloc(connections * bursts, sizeof *times);
    uint64_t *longest = calloc(bursts, sizeof *longest);
    if (all == NULL || times == NULL || longest == NULL) fail("calloc");
    for (size_t number = 0; number < bursts; number++) {
        size_t more = burst(port, all, connections, times + answered);
        for (size_t index = answered; index < answered + more; index++)
            if (times[index] > longest[number]) longest[number] = times[index];
        answered += more;
        usleep(PAUSE_US);
    }
    qsort(times, answered, sizeof *times, ascending);
    qsort(longest, bursts, sizeof *longest, ascending);
    printf("{\"answered\": %zu, \"failures\": %zu, \"p50Us\": %.1f, \"p99Us\": %.1f, "
           "\"wholeUs\": %.1f, \"maxUs\": %.1f}\n",
           answered, connections * bursts - answered, percentile_us(times, answered, 0.5),
           percentile_us(times, answered, 0.99), percentile_us(longest, bursts, 0.5),
           percentile_us(longest, bursts, 1));
    return 0;
}
