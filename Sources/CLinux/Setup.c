// What the control plane needs from the C library at start-up and for its reports. May block and
// allocate; no worker calls it.
#define _GNU_SOURCE 1
#include "CLinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int outcome(int result) { return result < 0 ? -errno : result; }

int gyre_duplicate(int fd) { return outcome(fcntl(fd, F_DUPFD_CLOEXEC, 0)); }

uint64_t gyre_memory_bytes(void) {
    return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

int gyre_sleep_ms(int milliseconds) { return outcome(poll(NULL, 0, milliseconds)); }

int gyre_child_start(const char *path, const char *words, int count, int error_output,
                     int processor) {
    char *arguments[GYRE_CHILD_WORDS_MAX + 1];
    pid_t parent = getpid(), child;
    cpu_set_t processors;
    if (count > GYRE_CHILD_WORDS_MAX) return -E2BIG;
    for (int index = 0; index < count; index++) {
        arguments[index] = (char *)words;
        words += strlen(words) + 1;
    }
    arguments[count] = NULL;
    CPU_ZERO(&processors);
    CPU_SET(processor, &processors);
    child = fork();
    if (child != 0) return outcome(child);
    // Only what signal-safety(7) allows from here on: other threads may have held any lock.
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    setpgid(0, 0);
    sched_setaffinity(0, sizeof processors, &processors);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || nothing < 0) _exit(127);
    if (dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0 || dup2(error_output, 2) < 0) _exit(127);
    execv(path, arguments);
    _exit(127);
}

int gyre_child_wait(int pid) {
    int result;
    do result = waitpid(pid, NULL, 0);
    while (result < 0 && errno == EINTR);
    return outcome(result);
}

uint64_t gyre_child_cpu_ns(int pid) {
    clockid_t clock;
    struct timespec time = {0, 0};
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) < 0) return 0;
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

int gyre_error_output_is_terminal(void) { return isatty(STDERR_FILENO); }

int gyre_file_read(const char *path, void *bytes, size_t length) {
    size_t done = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    while (done < length) {
        ssize_t count = read(fd, (char *)bytes + done, length - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            int error = errno;
            close(fd);
            return -error;
        }
        if (count == 0) break;
        done += (size_t)count;
    }
    close(fd);
    return (int)done;
}

int gyre_file_is_socket(const char *path, uint64_t *device, uint64_t *inode) {
    struct stat status;
    if (lstat(path, &status) < 0) return -errno;
    *device = status.st_dev;
    *inode = status.st_ino;
    return S_ISSOCK(status.st_mode) ? 1 : 0;
}

int gyre_file_look(const char *path, uint64_t *device, uint64_t *inode, uint64_t *bytes,
                   uint64_t *changed_ns) {
    struct stat status;
    if (stat(path, &status) < 0) return -errno;
    *device = status.st_dev;
    *inode = status.st_ino;
    *bytes = (uint64_t)status.st_size;
    *changed_ns = (uint64_t)status.st_ctim.tv_sec * 1000000000 + (uint64_t)status.st_ctim.tv_nsec;
    return 0;
}

int gyre_file_rename(const char *from, const char *to) { return outcome(rename(from, to)); }

int gyre_listeners_steer(int fd, uint32_t first, uint32_t count) {
    // A = random() % count + first: the position among the sockets that share the port.
    struct sock_filter lines[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)),
        BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, count),
        BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, first),
        BPF_STMT(BPF_RET | BPF_A, 0),
    };
    struct sock_fprog program = {.len = 4, .filter = lines};
    return outcome(setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program));
}

int gyre_listeners_release(int fd) {
    int unused = 0;
    return outcome(
        setsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &unused, sizeof unused));
}

int gyre_file_remove(const char *path) { return outcome(unlink(path)); }

int gyre_socket_set_mode(int fd, uint32_t mode) { return outcome(fchmod(fd, (mode_t)mode)); }

int gyre_folder_make(const char *path, uint32_t mode) { return outcome(mkdir(path, mode)); }

int gyre_folder_is_private(const char *path) {
    struct stat status;
    if (lstat(path, &status) < 0) return -errno;
    return S_ISDIR(status.st_mode) && status.st_uid == geteuid() && (status.st_mode & 077) == 0;
}

int gyre_folder_is_writable(const char *path) {
    struct stat status;
    if (stat(path, &status) < 0) return -errno;
    return S_ISDIR(status.st_mode) && faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0;
}

uint32_t gyre_user(void) { return (uint32_t)geteuid(); }

void gyre_error_output(const void *bytes, size_t length) {
    size_t done = 0;
    while (done < length) {
        ssize_t count = write(STDERR_FILENO, (const char *)bytes + done, length - done);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;
        done += (size_t)count;
    }
}

const char *gyre_environment(size_t index) { return environ[index]; }

int gyre_time_text(char *text, size_t length) {
    struct timespec now;
    struct tm utc;
    char seconds[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    return snprintf(text, length, "%s.%03dZ", seconds, (int)(now.tv_nsec / 1000000));
}

int gyre_log_file_open(const char *path) {
    return outcome(open(
        path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640));
}

int gyre_log_output_open(int *may_block) {
    struct stat status;
    int fd = -1;
    if (fstat(STDOUT_FILENO, &status) < 0) return -errno;
    *may_block = 0;
    // O_NONBLOCK belongs to the open file, which others may share: a pipe and a terminal can be
    // opened once more. Sockets are asked not to wait with each call, and files never do.
    if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
        fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        *may_block = fd < 0;
    }
    return fd >= 0 ? fd : gyre_duplicate(STDOUT_FILENO);
}

int gyre_log_socket_open(void) {
    return outcome(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

long gyre_write(int fd, const void *bytes, size_t length) {
    ssize_t result;
    // A socket is not to wait either, whoever shares it.
    do result = send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (result < 0 && errno == EINTR);
    if (result < 0 && errno == ENOTSOCK)
        do result = write(fd, bytes, length);
        while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

int gyre_syslog_time_text(char *text, size_t length) {
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    return (int)strftime(text, length, "%b %e %H:%M:%S", &local);
}

int gyre_address_parse(const char *host, uint16_t port, void *address, uint32_t size) {
    struct addrinfo hints, *list = NULL;
    char service[8];
    int result;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV | AI_NUMERICHOST;
    snprintf(service, sizeof service, "%u", port);
    result = getaddrinfo(host, service, &hints, &list);
    if (result != 0) return result;
    result = list->ai_addrlen <= size ? (int)list->ai_addrlen : EAI_OVERFLOW;
    if (result > 0) memcpy(address, list->ai_addr, list->ai_addrlen);
    freeaddrinfo(list);
    return result;
}

const char *gyre_address_parse_text(int code) {
    return code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code);
}

int gyre_has_route(const struct sockaddr *address, uint32_t length) {
    int result;
    int fd = socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return 0;
    result = connect(fd, address, length);
    close(fd);
    return result == 0;
}

int gyre_address_text(const struct sockaddr *address, uint32_t length, char *text, size_t size) {
    char host[NI_MAXHOST], port[8];
    if (address->sa_family == AF_UNIX) {
        const struct sockaddr_un *local = (const struct sockaddr_un *)address;
        return snprintf(text, size, "unix:%s", local->sun_path);
    }
    if (getnameinfo(address, length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return snprintf(text, size, "?");
    return snprintf(text, size, address->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}
