// System calls the Swift overlay cannot reach or reports through errno. One convention for all of
// them, the same as a ring completion's: the result when it is not negative, else -errno.
#ifndef GYRE_CLINUX_H
#define GYRE_CLINUX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

// Sockets. Every descriptor made here is non-blocking and close-on-exec.
int gyre_socket_open(int family);
int gyre_socket_bind(int fd, const struct sockaddr *address, uint32_t length);
int gyre_socket_listen(int fd, int backlog);
int gyre_socket_accept(int fd);
int gyre_socket_connect(int fd, const struct sockaddr *address, uint32_t length);
int gyre_socket_name(int fd, struct sockaddr *address, uint32_t *length);
int gyre_socket_error(int fd);
int gyre_socket_peer(int fd, struct sockaddr *address, uint32_t *length);
/* An IP address in 16 bytes, IPv4 mapped; zero for other families. */
void gyre_address_bytes(const struct sockaddr *address, void *bytes);
int gyre_socket_set_option(int fd, int level, int name, int value);
/* Whether a TCP socket's congestion control sends on a timer (BBR, tcp(7) TCP_CONGESTION). */
int gyre_socket_is_paced(int fd);
/* Gives it one that does not, which every kernel has and allows everybody. */
int gyre_socket_set_unpaced(int fd);
int gyre_socket_reset_on_close(int fd);
int gyre_socket_shutdown_write(int fd);
int gyre_socket_pair(int fds[2]);
long gyre_receive(int fd, void *bytes, size_t length);
long gyre_send_bytes(int fd, const void *bytes, size_t length);
/* Both as one datagram. */
long gyre_send_two(
    int fd, const void *first, size_t first_length, const void *second, size_t second_length);
/* With `more` the last segment waits for what follows: more bytes or the end of the stream. */
long gyre_send(int fd, const struct iovec *segments, size_t count, int more);

// Pipes and splice(2). The pipe is non-blocking; returns its capacity in bytes, which is smaller
// than `capacity` when the per-user pipe budget (pipe(7)) is used up.
int gyre_pipe_open(int fds[2], int capacity);
long gyre_splice(int from, int to, size_t length);

int gyre_close(int fd);

// eventfd(2), the wake-up of a sleeping worker.
int gyre_event_open(void);
int gyre_event_signal(int fd);
int gyre_event_drain(int fd);

// epoll(7): edge-triggered for sockets, level-triggered and exclusive for listeners.
struct gyre_epoll_event {
    uint32_t events;
    uint64_t token;
} __attribute__((packed));
int gyre_epoll_open(void);
int gyre_epoll_add(int epoll, int fd, uint32_t events, uint64_t token);
int gyre_epoll_wait(int epoll, struct gyre_epoll_event *events, int count, int64_t timeout_ns);

// Memory: anonymous, reserved now and made real page by page on first touch. NULL when refused.
void *gyre_memory_reserve(size_t bytes);
void gyre_memory_release(void *memory, size_t bytes);

// Ends the process with one line and exit code 1: tables are made at start only, and nothing can
// start without them.
_Noreturn void gyre_memory_refused(size_t bytes);

// Time: CLOCK_MONOTONIC in nanoseconds; the calling thread's processor time, a real system call.
uint64_t gyre_monotonic_ns(void);
uint64_t gyre_own_cpu_ns(void);
int64_t gyre_realtime_seconds(void);
uint64_t gyre_realtime_ns(void);

// Threads. The body runs with `context`; all signals stay blocked in it.
int gyre_thread_start(uint64_t *thread, const char *name, void *(*body)(void *), void *context);
int gyre_thread_join(uint64_t thread);
int gyre_thread_join_within(uint64_t thread, int milliseconds);    // -ETIMEDOUT
uint64_t gyre_thread_cpu_ns(uint64_t thread);
int gyre_thread_pin(int cpu);
/* Makes the calling thread alone so much nicer than it is (sched(7)), and its slices short. */
int gyre_thread_give_way(int niceness);

// Host: processors this process may run on, descriptor and memory-lock limits.
int gyre_allowed_processors(int *processors, int count);
int gyre_descriptor_limit_raise(uint64_t *soft, uint64_t *hard);
int gyre_memlock_limit(uint64_t *soft, uint64_t *hard);
int gyre_kernel_release(char *text, size_t length);
int gyre_has_capability(int capability);

// Signals: blocks SIGINT, SIGTERM and SIGUSR1 in the calling thread, ignores SIGPIPE, and returns
// a descriptor that delivers the blocked ones; `gyre_signal_read` takes the next one from it.
int gyre_signal_open(void);
int gyre_signal_read(int fd);
int gyre_poll_readable(int first, int second, int timeout_ms);
// Whether one descriptor became readable, or writable, or came to its end, in time.
int gyre_poll_one(int fd, int writable, int timeout_ms);
// The same of two at once, the second to be written to; a negative one is not looked at.
int gyre_poll_both(int readable, int writable, int timeout_ms);

// Set-up, not for the data path (Setup.c).
int gyre_duplicate(int fd);
uint64_t gyre_memory_bytes(void);
int gyre_sleep_ms(int milliseconds);

// Programs. Starts `path` with `count` words, each ended by NUL, at most GYRE_CHILD_WORDS_MAX, on
// one processor; its standard error stream is `error_output`, the other two are /dev/null. It has a
// process group of its own, and is killed when the calling thread ends. Returns its pid.
// `gyre_child_wait` waits for its end; `gyre_child_cpu_ns` is the processor time of all its threads
// in nanoseconds, 0 when there is no such program.
#define GYRE_CHILD_WORDS_MAX 31
int gyre_child_start(const char *path, const char *words, int count, int error_output,
                     int processor);
int gyre_child_wait(int pid);
uint64_t gyre_child_cpu_ns(int pid);

// Small files: reads at most `length` bytes from the start; whether `path` is a socket (1) or
// something else (0), with its identity; removes a name.
int gyre_file_read(const char *path, void *bytes, size_t length);
// One `NAME=value` of the environment; NULL behind the last one.
const char *gyre_environment(size_t index);
int gyre_file_is_socket(const char *path, uint64_t *device, uint64_t *inode);
int gyre_file_remove(const char *path);
// What tells one state of a file from another, through links; gives a file another's name.
int gyre_file_look(const char *path, uint64_t *device, uint64_t *inode, uint64_t *bytes,
                   uint64_t *changed_ns);
int gyre_file_rename(const char *from, const char *to);
// Of the sockets that share a listening socket's port, new connections go to `count` from the
// position `first` on, in the order of binding (SO_ATTACH_REUSEPORT_CBPF, socket(7)); or again to
// all of them (SO_DETACH_REUSEPORT_BPF, Linux 5.3).
int gyre_listeners_steer(int fd, uint32_t first, uint32_t count);
int gyre_listeners_release(int fd);
// Permissions that bind(2) gives to the file of a Unix socket, less the umask.
int gyre_socket_set_mode(int fd, uint32_t mode);

// Folders: makes one; whether it is a folder, and no link, of the calling user that nobody else
// may enter (1) or not; whether files may be made in it. The user is the effective one.
int gyre_folder_make(const char *path, uint32_t mode);
int gyre_folder_is_private(const char *path);
int gyre_folder_is_writable(const char *path);
uint32_t gyre_user(void);

// Writes all of it to descriptor 2 in as few write(2) calls as the kernel allows.
void gyre_error_output(const void *bytes, size_t length);
int gyre_error_output_is_terminal(void);

// The terminal on the standard streams (Terminal.c). `begin` has keys come one by one, unechoed
// and without their signals, until `end`; once each. The size is `rows << 16 | columns`, 0 when
// there is none. `read` gives a byte, -EPIPE when there is none: after poll(2) because it is gone.
// `signals` is as gyre_signal_open, of SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGTSTP and SIGWINCH.
int gyre_output_is_terminal(void);
int gyre_terminal_begin(void);
void gyre_terminal_end(void);
uint32_t gyre_terminal_size(void);
int gyre_terminal_read(void);
int gyre_terminal_signals(void);

// UTC with milliseconds, RFC 3339; returns the length of the text.
int gyre_time_text(char *text, size_t length);

// What logs are written to. A file to append to, made with mode 0640; the standard output stream,
// of its own and non-blocking where the kernel allows, which `may_block` says; a datagram socket.
int gyre_log_file_open(const char *path);
int gyre_log_output_open(int *may_block);
int gyre_log_socket_open(void);
long gyre_write(int fd, const void *bytes, size_t length);
// Local time as syslog has it ("Nov  6 08:49:37"); returns the length of the text.
int gyre_syslog_time_text(char *text, size_t length);

// Reads a numeric IP address, an IPv6 one maybe with a zone, and asks nobody (getaddrinfo(3)).
// Returns the length of the address, or a negative EAI_ code, whose sentence
// `gyre_address_parse_text` gives.
int gyre_address_parse(const char *host, uint16_t port, void *address, uint32_t size);
const char *gyre_address_parse_text(int code);
// Whether the kernel has a route to an address; sends nothing (connect(2) of a datagram socket).
int gyre_has_route(const struct sockaddr *address, uint32_t length);
// "1.2.3.4:5", "[v6]:5" or "unix:/path"; returns the length of the text.
int gyre_address_text(const struct sockaddr *address, uint32_t length, char *text, size_t size);

// The short name of an errno value ("ECONNREFUSED") and its sentence, both static.
const char *gyre_error_name(int error);
const char *gyre_error_text(int error);

#endif
