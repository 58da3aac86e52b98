// A TCP forwarder with one blocking thread per connection, as it was done before event loops.
//
// A flow is two connections, the client's and the one to the origin, so it has two threads: each
// sleeps in recv(2) on its own connection and writes what comes to the other one. There is nothing
// to dispatch and nothing to remember: the scheduler is the event loop, and the stacks are the
// state. What that costs is what this program is here to show.
//
// usage: threads PORT TARGET_PORT
#include "loopback.h"

#include <pthread.h>
#include <stdatomic.h>

enum { BUFFER_BYTES = 16 * 1024, STACK_BYTES = 64 * 1024 };

struct flow {
    int client;
    int origin;
    // The last one out closes both.
    atomic_int threads;
};

static int target;
static pthread_attr_t small_stack;

static bool write_all(int fd, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t taken = send(fd, bytes, count, MSG_NOSIGNAL);
        if (taken < 0) return false;
        bytes += taken;
        count -= (size_t)taken;
    }
    return true;
}

// Moves bytes one way until the reader's stream ends, then ends the writer's.
static void pump(struct flow *flow, int from, int to) {
    char buffer[BUFFER_BYTES];
    ssize_t count;
    while ((count = recv(from, buffer, sizeof buffer, 0)) > 0)
        if (!write_all(to, buffer, (size_t)count)) break;
    // A reset of one side is the end of both.
    shutdown(to, count == 0 ? SHUT_WR : SHUT_RDWR);
    if (count != 0) shutdown(from, SHUT_RDWR);
    if (atomic_fetch_sub(&flow->threads, 1) == 1) {
        close(flow->client);
        close(flow->origin);
        free(flow);
    }
}

static void *serve_origin(void *argument) {
    struct flow *flow = argument;
    pump(flow, flow->origin, flow->client);
    return NULL;
}

static void *serve_client(void *argument) {
    struct flow *flow = argument;
    pthread_t other;
    flow->origin = connect_to(target, 0, 0);
    if (flow->origin < 0) {
        reset_and_close(flow->client);
        free(flow);
        return NULL;
    }
    if (pthread_create(&other, &small_stack, serve_origin, flow) != 0) {
        close(flow->origin);
        reset_and_close(flow->client);
        free(flow);
        return NULL;
    }
    pump(flow, flow->client, flow->origin);
    return NULL;
}

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "usage: threads PORT TARGET_PORT\n");
        return 64;
    }
    raise_descriptors();
    target = (int)number(arguments[2], 65535);
    pthread_attr_init(&small_stack);
    pthread_attr_setstacksize(&small_stack, STACK_BYTES);
    pthread_attr_setdetachstate(&small_stack, PTHREAD_CREATE_DETACHED);
    int listener = listen_on((int)number(arguments[1], 65535), 0);
    for (;;) {
        int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (client < 0) continue;
        set_option(client, IPPROTO_TCP, TCP_NODELAY, 1);
        struct flow *flow = malloc(sizeof *flow);
        if (flow == NULL) fail("malloc");
        *flow = (struct flow){.client = client, .origin = -1, .threads = 2};
        pthread_t thread;
        if (pthread_create(&thread, &small_stack, serve_client, flow) != 0) {
            reset_and_close(client);
            free(flow);
        }
    }
}
