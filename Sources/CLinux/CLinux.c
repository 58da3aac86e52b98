// GNU and Linux-only calls behind one error convention; see the header.
#define _GNU_SOURCE 1
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(struct gyre_epoll_event) == sizeof(struct epoll_event),
               "the kernel writes struct epoll_event into struct gyre_epoll_event");

static int outcome(int result) { return result < 0 ? -errno : result; }

int gyre_socket_open(int family) {
    return outcome(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

int gyre_socket_bind(int fd, const struct sockaddr *address, uint32_t length) {
    return outcome(bind(fd, address, length));
}

int gyre_socket_listen(int fd, int backlog) { return outcome(listen(fd, backlog)); }

int gyre_socket_accept(int fd) {
    return outcome(accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

int gyre_socket_connect(int fd, const struct sockaddr *address, uint32_t length) {
    return outcome(connect(fd, address, length));
}

int gyre_socket_name(int fd, struct sockaddr *address, uint32_t *length) {
    return outcome(getsockname(fd, address, length));
}

int gyre_socket_error(int fd) {
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return -errno;
    return -error;
}

int gyre_socket_peer(int fd, struct sockaddr *address, uint32_t *length) {
    return outcome(getpeername(fd, address, length));
}

void gyre_address_bytes(const struct sockaddr *address, void *bytes) {
    unsigned char *out = bytes;
    memset(out, 0, 16);
    if (address->sa_family == AF_INET6) {
        memcpy(out, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
    } else if (address->sa_family == AF_INET) {
        out[10] = out[11] = 0xff;
        memcpy(out + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
    }
}

int gyre_socket_set_option(int fd, int level, int name, int value) {
    return outcome(setsockopt(fd, level, name, &value, sizeof value));
}

int gyre_socket_is_paced(int fd) {
    char name[16] = {0};
    socklen_t length = sizeof name - 1;
    if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &length) < 0) return -errno;
    return strncmp(name, "bbr", 3) == 0;
}

int gyre_socket_set_unpaced(int fd) {
    return outcome(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
}

// The only linger value that never blocks: on, zero seconds, so that close(2) sends RST.
int gyre_socket_reset_on_close(int fd) {
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    return outcome(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
}

int gyre_socket_shutdown_write(int fd) { return outcome(shutdown(fd, SHUT_WR)); }

int gyre_socket_pair(int fds[2]) {
    return outcome(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds));
}

long gyre_receive(int fd, void *bytes, size_t length) {
    ssize_t result;
    do result = recv(fd, bytes, length, MSG_DONTWAIT);
    while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

long gyre_send_bytes(int fd, const void *bytes, size_t length) {
    const struct iovec segment = {.iov_base = (void *)bytes, .iov_len = length};
    return gyre_send(fd, &segment, 1, 0);
}

long gyre_send_two(
    int fd, const void *first, size_t first_length, const void *second, size_t second_length) {
    const struct iovec segments[] = {
        {.iov_base = (void *)first, .iov_len = first_length},
        {.iov_base = (void *)second, .iov_len = second_length},
    };
    return gyre_send(fd, segments, 2, 0);
}

long gyre_send(int fd, const struct iovec *segments, size_t count, int more) {
    const int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0);
    ssize_t result;
    struct msghdr message = {.msg_iov = (struct iovec *)segments, .msg_iovlen = count};
    do result = count == 1 ? send(fd, segments->iov_base, segments->iov_len, flags)
                           : sendmsg(fd, &message, flags);
    while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

int gyre_pipe_open(int fds[2], int capacity) {
    int granted;
    if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0) return -errno;
    granted = fcntl(fds[1], F_SETPIPE_SZ, capacity);
    if (granted < 0) granted = fcntl(fds[1], F_GETPIPE_SZ);
    return outcome(granted);
}

long gyre_splice(int from, int to, size_t length) {
    ssize_t result;
    do result = splice(from, NULL, to, NULL, length, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

int gyre_close(int fd) { return outcome(close(fd)); }

int gyre_event_open(void) { return outcome(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }

int gyre_event_signal(int fd) {
    const uint64_t one = 1;
    return write(fd, &one, sizeof one) < 0 && errno != EAGAIN ? -errno : 0;
}

int gyre_event_drain(int fd) {
    uint64_t count;
    return read(fd, &count, sizeof count) < 0 && errno != EAGAIN ? -errno : 0;
}

int gyre_epoll_open(void) { return outcome(epoll_create1(EPOLL_CLOEXEC)); }

int gyre_epoll_add(int epoll, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return outcome(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

// epoll_pwait2 (5.11) takes nanoseconds; older kernels get milliseconds, rounded up.
int gyre_epoll_wait(int epoll, struct gyre_epoll_event *events, int count, int64_t timeout_ns) {
    if (timeout_ns <= 0 || timeout_ns % 1000000 == 0) {
        int64_t ms = timeout_ns < 0 ? -1 : timeout_ns / 1000000;
        int capped = ms > INT32_MAX ? INT32_MAX : (int)ms;
        return outcome(epoll_wait(epoll, (struct epoll_event *)events, count, capped));
    }
    struct timespec ts = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
    int result = epoll_pwait2(epoll, (struct epoll_event *)events, count, &ts, NULL);
    if (result < 0 && errno == ENOSYS) {
        int64_t ms = timeout_ns / 1000000 + 1;
        int capped = ms > INT32_MAX ? INT32_MAX : (int)ms;
        result = epoll_wait(epoll, (struct epoll_event *)events, count, capped);
    }
    return outcome(result);
}

void *gyre_memory_reserve(size_t bytes) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    // Huge pages would make one touched record cost 2 MiB.
    madvise(memory, bytes, MADV_NOHUGEPAGE);
    return memory;
}

void gyre_memory_release(void *memory, size_t bytes) { munmap(memory, bytes); }

_Noreturn void gyre_memory_refused(size_t bytes) {
    fprintf(stderr,
            "gyre: cannot reserve %zu KiB of address space; expected room for it under ulimit -v"
            " and vm.overcommit_memory, or a lower --max-connections\n", bytes / 1024);
    _exit(1);
}

static uint64_t nanoseconds(clockid_t clock) {
    struct timespec ts = {0, 0};
    clock_gettime(clock, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int64_t gyre_realtime_seconds(void) { return (int64_t)(nanoseconds(CLOCK_REALTIME) / 1000000000u); }

uint64_t gyre_realtime_ns(void) { return nanoseconds(CLOCK_REALTIME); }

uint64_t gyre_monotonic_ns(void) { return nanoseconds(CLOCK_MONOTONIC); }

uint64_t gyre_own_cpu_ns(void) { return nanoseconds(CLOCK_THREAD_CPUTIME_ID); }

int gyre_thread_start(uint64_t *thread, const char *name, void *(*body)(void *), void *context) {
    pthread_t started;
    sigset_t all, previous;
    int error;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &previous);
    error = pthread_create(&started, NULL, body, context);
    pthread_sigmask(SIG_SETMASK, &previous, NULL);
    if (error != 0) return -error;
    pthread_setname_np(started, name);
    *thread = (uint64_t)started;
    return 0;
}

int gyre_thread_join(uint64_t thread) { return -pthread_join((pthread_t)thread, NULL); }

int gyre_thread_join_within(uint64_t thread, int milliseconds) {
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += milliseconds / 1000;
    end.tv_nsec += milliseconds % 1000 * 1000000L;
    if (end.tv_nsec >= 1000000000L) end.tv_sec++, end.tv_nsec -= 1000000000L;
    return -pthread_clockjoin_np((pthread_t)thread, NULL, CLOCK_MONOTONIC, &end);
}

uint64_t gyre_thread_cpu_ns(uint64_t thread) {
    clockid_t clock;
    if (pthread_getcpuclockid((pthread_t)thread, &clock) != 0) return 0;
    return nanoseconds(clock);
}

int gyre_thread_pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return -pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

// sched_setattr(2), for which the C library has no wrapper. Since 6.12 the kernel takes the
// runtime of an ordinary thread for its slice; before that it ignores it.
static void set_slice(uint64_t ns) {
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } attributes = {.size = sizeof attributes, .policy = SCHED_OTHER, .runtime = ns};
    errno = 0;
    attributes.nice = getpriority(PRIO_PROCESS, 0);
    if (errno == 0) syscall(SYS_sched_setattr, 0, &attributes, 0);
}

// The kernel's niceness is one of a thread, whatever POSIX says (setpriority(2)). Who is woken
// takes the processor from this thread after the shortest slice there is, and not after the usual
// milliseconds.
int gyre_thread_give_way(int niceness) {
    errno = 0;
    const int result = nice(niceness) == -1 && errno != 0 ? -errno : 0;
    set_slice(100000);
    return result;
}

int gyre_allowed_processors(int *processors, int count) {
    cpu_set_t set;
    int found = 0;
    if (sched_getaffinity(0, sizeof set, &set) < 0) return -errno;
    for (int cpu = 0; cpu < CPU_SETSIZE && found < count; cpu++)
        if (CPU_ISSET(cpu, &set)) processors[found++] = cpu;
    return found;
}

int gyre_descriptor_limit_raise(uint64_t *soft, uint64_t *hard) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    if (limit.rlim_cur < limit.rlim_max) {
        struct rlimit raised = {limit.rlim_max, limit.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
    }
    *soft = limit.rlim_cur;
    *hard = limit.rlim_max;
    return 0;
}

int gyre_memlock_limit(uint64_t *soft, uint64_t *hard) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0) return -errno;
    *soft = limit.rlim_cur;
    *hard = limit.rlim_max;
    return 0;
}

int gyre_kernel_release(char *text, size_t length) {
    struct utsname name;
    if (uname(&name) < 0) return -errno;
    snprintf(text, length, "%s", name.release);
    return 0;
}

int gyre_has_capability(int capability) {
    struct { uint32_t version; int pid; } header = {0x20080522, 0};
    struct { uint32_t effective, permitted, inheritable; } data[2];
    if (syscall(SYS_capget, &header, data) < 0) return 0;
    return (data[capability / 32].effective >> (capability % 32)) & 1;
}

int gyre_signal_open(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGHUP);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0) return -errno;
    signal(SIGPIPE, SIG_IGN);
    return outcome(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

int gyre_signal_read(int fd) {
    struct signalfd_siginfo information;
    if (read(fd, &information, sizeof information) != sizeof information) return -errno;
    return (int)information.ssi_signo;
}

int gyre_poll_readable(int first, int second, int timeout_ms) {
    struct pollfd fds[2] = {{.fd = first, .events = POLLIN}, {.fd = second, .events = POLLIN}};
    int result = poll(fds, 2, timeout_ms);
    if (result < 0) return errno == EINTR ? 0 : -errno;
    return (fds[0].revents != 0 ? 1 : 0) | (fds[1].revents != 0 ? 2 : 0);
}

int gyre_poll_one(int fd, int writable, int timeout_ms) {
    struct pollfd entry = {.fd = fd, .events = writable ? POLLOUT : POLLIN};
    return poll(&entry, 1, timeout_ms) > 0;
}

int gyre_poll_both(int readable, int writable, int timeout_ms) {
    struct pollfd fds[2] = {
        {.fd = readable, .events = POLLIN}, {.fd = writable, .events = POLLOUT}};
    int result = poll(fds, 2, timeout_ms);
    if (result < 0) return errno == EINTR ? 0 : -errno;
    return (fds[0].revents != 0 ? 1 : 0) | (fds[1].revents != 0 ? 2 : 0);
}

const char *gyre_error_name(int error) {
    const char *name = strerrorname_np(error);
    return name ? name : "errno";
}

const char *gyre_error_text(int error) {
    const char *text = strerrordesc_np(error);
    return text ? text : "unknown error";
}
