// A load generator at a fixed rate, open loop: requests become due by a clock and not because an
// answer came, so that a slow server meets as many of them as a fast one.
//
// Due times are those of a Poisson process, from a seed. A due request takes the connection that
// has been idle longest; when there is none it waits for one. Latency counts from the due time: a
// pause of the server is then in the figure of every request that came due during it, and not only
// of the few that were under way (the coordinated omission of closed loops). The uncorrected figure
// stands beside it, and so does how late this program itself was when a connection was free.
//
// usage: openloop PORT CONNECTIONS REQUESTS_PER_SECOND MILLISECONDS SEED
#include "request.h"

#include <fcntl.h>
#include <math.h>
#include <sys/epoll.h>
#include <sys/prctl.h>

static const uint64_t SECOND = 1000000000;
// Due before anything is measured, and awaited after the last request was due.
static const uint64_t WARM_UP_NS = 300000000, GRACE_NS = 5 * SECOND;

struct connection {
    int fd;
    bool is_under_way, is_lost;
    uint64_t due_ns, sent_ns, idle_since_ns;
    struct answer answer;
};

// First in, first out.
struct idle {
    struct connection **ring;
    size_t size, first, count;
};

struct figures {
    uint64_t *corrected_ns, *uncorrected_ns, *late_ns;
    size_t answered, capacity, sent, under_way, lost, failures;
};

static void put(struct idle *idle, struct connection *connection) {
    idle->ring[(idle->first + idle->count++) % idle->size] = connection;
}

// The connection that has been idle longest; NULL when there is none.
static struct connection *take(struct idle *idle) {
    while (idle->count > 0) {
        struct connection *connection = idle->ring[idle->first];
        idle->first = (idle->first + 1) % idle->size;
        idle->count--;
        if (!connection->is_lost) return connection;
    }
    return NULL;
}

// From 0 to below 1, the same for the same seed (splitmix64).
static double random_share(uint64_t *state) {
    uint64_t word = *state += 0x9e3779b97f4a7c15;
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
    word = (word ^ word >> 27) * 0x94d049bb133111eb;
    return (double)((word ^ word >> 31) >> 11) * 0x1p-53;
}

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (memory == NULL) fail("calloc");
    return memory;
}

// Opens the connections and has one answer on each, so that none of that is measured.
static void open_all(int port, struct connection *all, struct idle *idle, int epoll) {
    for (size_t index = 0; index < idle->size; index++) {
        struct connection *connection = &all[index];
        enum progress progress = MORE_TO_COME;
        connection->fd = connect_to(port, 0, 0);
        if (connection->fd < 0 || !send_request(connection->fd)) fail("connect");
        while (progress == MORE_TO_COME)
            progress = read_answer(connection->fd, &connection->answer);
        if (progress != ANSWERED) fail("the first request was not answered");
        if (fcntl(connection->fd, F_SETFL, O_NONBLOCK) < 0) fail("fcntl");
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &event) < 0) fail("epoll_ctl");
        put(idle, connection);
    }
}

static void begin(struct connection *connection, uint64_t due_ns, struct figures *figures) {
    connection->due_ns = due_ns;
    connection->sent_ns = now_ns();
    connection->is_under_way = true;
    figures->sent++;
    figures->under_way++;
    // A failed send is met by the next read.
    (void)send_request(connection->fd);
}

static void finish(struct connection *connection, uint64_t measured_from_ns,
                   struct figures *figures) {
    uint64_t now = now_ns(), due = connection->due_ns, sent = connection->sent_ns;
    uint64_t ready = due > connection->idle_since_ns ? due : connection->idle_since_ns;
    connection->idle_since_ns = now;
    connection->is_under_way = false;
    figures->under_way--;
    if (due < measured_from_ns || figures->answered == figures->capacity) return;
    figures->corrected_ns[figures->answered] = now - due;
    figures->uncorrected_ns[figures->answered] = now - sent;
    figures->late_ns[figures->answered++] = sent > ready ? sent - ready : 0;
}

static void lose(int epoll, struct connection *connection, struct figures *figures) {
    epoll_ctl(epoll, EPOLL_CTL_DEL, connection->fd, NULL);
    if (connection->is_under_way) figures->under_way--;
    connection->is_lost = true;
    figures->lost++;
    figures->failures++;
}

// Puts the load on; returns when all is answered or given up.
static void drive(int epoll, struct idle *idle, double rate, uint64_t duration_ns, uint64_t seed,
                  struct figures *figures) {
    struct epoll_event events[256];
    uint64_t start = now_ns(), from = start + WARM_UP_NS, end = from + duration_ns;
    double due = (double)start;
    struct connection *connection;
    for (;;) {
        uint64_t now = now_ns();
        while (due <= (double)now && due < (double)end && (connection = take(idle)) != NULL) {
            begin(connection, (uint64_t)due, figures);
            due += -log(1 - random_share(&seed)) / rate * (double)SECOND;
        }
        bool is_over = due >= (double)end;
        if (is_over && figures->under_way == 0) return;
        if (now > end + GRACE_NS || figures->lost == idle->size) break;
        uint64_t wait = GRACE_NS;
        if (!is_over && idle->count > 0)
            wait = due > (double)now ? (uint64_t)(due - (double)now) : 0;
        struct timespec timeout = {(time_t)(wait / SECOND), (long)(wait % SECOND)};
        int count = epoll_pwait2(epoll, events, 256, &timeout, NULL);
        for (int index = 0; index < count; index++) {
            connection = events[index].data.ptr;
            enum progress progress = read_answer(connection->fd, &connection->answer);
            if (progress == BROKEN || (progress == ANSWERED && !connection->is_under_way)) {
                lose(epoll, connection, figures);
            } else if (progress == ANSWERED) {
                finish(connection, from, figures);
                put(idle, connection);
            }
        }
    }
    figures->failures += figures->under_way;
}

static void print(struct figures *figures, double seconds) {
    size_t count = figures->answered;
    qsort(figures->corrected_ns, count, sizeof(uint64_t), ascending);
    qsort(figures->uncorrected_ns, count, sizeof(uint64_t), ascending);
    qsort(figures->late_ns, count, sizeof(uint64_t), ascending);
    printf("{\"sent\": %zu, \"answered\": %zu, \"failures\": %zu, \"seconds\": %.3f, ",
           figures->sent, count, figures->failures, seconds);
    printf("\"p50Us\": %.1f, \"p99Us\": %.1f, \"p999Us\": %.1f, \"maxUs\": %.1f, ",
           percentile_us(figures->corrected_ns, count, 0.5),
           percentile_us(figures->corrected_ns, count, 0.99),
           percentile_us(figures->corrected_ns, count, 0.999),
           percentile_us(figures->corrected_ns, count, 1));
    printf("\"uncorrectedP99Us\": %.1f, \"lateP99Us\": %.1f}\n",
           percentile_us(figures->uncorrected_ns, count, 0.99),
           percentile_us(figures->late_ns, count, 0.99));
}

int main(int count, char **arguments) {
    if (count != 6) {
        fprintf(stderr, "usage: openloop PORT CONNECTIONS REQUESTS_PER_SECOND MILLISECONDS SEED\n");
        return 64;
    }
    long descriptors = raise_descriptors();
    int port = (int)number(arguments[1], 65535);
    size_t connections = (size_t)number(arguments[2], descriptors - 16);
    double rate = (double)number(arguments[3], 10000000);
    uint64_t duration_ns = (uint64_t)number(arguments[4], 3600000) * 1000000;
    double seconds = (double)duration_ns / (double)SECOND;
    uint64_t seed = (uint64_t)number(arguments[5], INT32_MAX);
    if (connections == 0 || rate == 0) return 64;
    // A sleep shall end when it was asked to, not up to 50 µs later.
    prctl(PR_SET_TIMERSLACK, 1);
    struct connection *all = allocate(connections, sizeof *all);
    struct idle idle = {.ring = allocate(connections, sizeof *idle.ring), .size = connections};
    // Ten standard deviations above what is expected.
    size_t capacity = (size_t)(rate * seconds + 10 * sqrt(rate * seconds)) + 100;
    struct figures figures = {
        .corrected_ns = allocate(capacity, sizeof(uint64_t)),
        .uncorrected_ns = allocate(capacity, sizeof(uint64_t)),
        .late_ns = allocate(capacity, sizeof(uint64_t)),
        .capacity = capacity,
    };
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) fail("epoll_create1");
    open_all(port, all, &idle, epoll);
    drive(epoll, &idle, rate, duration_ns, seed, &figures);
    print(&figures, seconds);
    return 0;
}
