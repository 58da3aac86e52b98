// Holds connections that have had one answer each and then only exist. Several of these, each from
// an address of its own, make more clients than one process may have descriptors, or than one
// address has ports.
//
// Prints "ready" when all are there. On SIGTERM it prints how many were "lost" meanwhile, resets
// the others and ends.
//
// usage: hold PORT CONNECTIONS HOST AT_ONCE
// HOST is the last part of a source address 127.0.0.HOST, AT_ONCE how many ask before the first of
// them must have its answer.
#include "request.h"

#include <signal.h>

static int ask(int port, int host) {
    int fd = connect_to(port, host, 0);
    if (fd < 0) fail("connect");
    // One that is not answered is a failure to tell, not to wait for.
    struct timeval patience = {.tv_sec = 5};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (!send_request(fd)) fail("send");
    return fd;
}

static void await_answer(int fd) {
    struct answer answer = {.count = 0};
    enum progress progress = MORE_TO_COME;
    while (progress == MORE_TO_COME) {
        size_t before = answer.count;
        progress = read_answer(fd, &answer);
        if (progress == MORE_TO_COME && answer.count == before) fail("no answer");
    }
    if (progress != ANSWERED) {
        fprintf(stderr, "a connection got no 200\n");
        exit(1);
    }
}

static bool is_open(int fd) {
    char byte;
    return recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

int main(int count, char **arguments) {
    if (count != 5) {
        fprintf(stderr, "usage: hold PORT CONNECTIONS HOST AT_ONCE\n");
        return 64;
    }
    long descriptors = raise_descriptors();
    int port = (int)number(arguments[1], 65535);
    size_t connections = (size_t)number(arguments[2], descriptors - 16), lost = 0;
    int host = (int)number(arguments[3], 254);
    size_t at_once = (size_t)number(arguments[4], 4096);
    int *clients = calloc(connections, sizeof *clients);
    if (clients == NULL) fail("calloc");
    for (size_t asked = 0, answered = 0; answered < connections; answered = asked) {
        for (; asked < connections && asked < answered + at_once; asked++)
            clients[asked] = ask(port, host);
        for (size_t index = answered; index < asked; index++) await_answer(clients[index]);
    }
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigprocmask(SIG_BLOCK, &ending, NULL);
    printf("ready\n");
    fflush(stdout);
    while (sigwaitinfo(&ending, NULL) < 0) {}
    for (size_t index = 0; index < connections; index++) {
        if (!is_open(clients[index])) lost++;
        reset_and_close(clients[index]);
    }
    printf("lost %zu\n", lost);
    return 0;
}
