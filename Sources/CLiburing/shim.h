// What Swift cannot import from liburing (macros over enums, function-like macros) and what
// Debian 12's liburing 2.3 does not have yet: newer kernel ABI constants, the completion-queue
// walk, and one `enter` that submits and waits with a timeout and a minimum wait.
// Include only this header: liburing/io_uring.h and linux/io_uring.h share one include guard.
#ifndef GYRE_CLIBURING_H
#define GYRE_CLIBURING_H

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// Kernel ABI newer than liburing 2.3 (include/uapi/linux/io_uring.h, kernel version in brackets).
static const uint32_t GYRE_ENTER_NO_IOWAIT = 1u << 7;       // [6.15]
static const uint32_t GYRE_FEAT_MIN_TIMEOUT = 1u << 15;     // [6.12]
static const uint32_t GYRE_FEAT_NO_IOWAIT = 1u << 17;       // [6.15]

// SPLICE_F_MOVE | SPLICE_F_NONBLOCK: glibc has them behind _GNU_SOURCE, which here would change
// the layout of types that other modules share.
static const uint32_t GYRE_SPLICE_FLAGS = 3;

static const uint8_t GYRE_SQE_FIXED_FILE = IOSQE_FIXED_FILE;

// The last operation of kernel 6.15 that direct descriptors look for: RECV_ZC.
static const int GYRE_OP_RECEIVE_ZERO_COPY = 58;
static const int GYRE_OP_FIXED_FD_INSTALL = 54;             // [6.8]
static const uint32_t GYRE_SOCKET_SETSOCKOPT = 3;           // SOCKET_URING_OP_SETSOCKOPT [6.7]
static const uint32_t GYRE_SPLICE_FROM_FIXED = 1u << 31;    // SPLICE_F_FD_IN_FIXED [5.7]

// Every feature the design stands on; a kernel without one of them is served by epoll.
static const uint32_t GYRE_FEATURES_REQUIRED = IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE |
    IORING_FEAT_FAST_POLL | IORING_FEAT_EXT_ARG | IORING_FEAT_NATIVE_WORKERS |
    IORING_FEAT_CQE_SKIP | IORING_FEAT_LINKED_FILE;

static const uint32_t GYRE_SETUP_FLAGS = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP |
    IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
    IORING_SETUP_R_DISABLED;

// The ring's flags say when an enter has something to run [5.19].
static const uint32_t GYRE_SETUP_TASKRUN_FLAG = IORING_SETUP_TASKRUN_FLAG;

static const uint32_t GYRE_CQE_BUFFER = IORING_CQE_F_BUFFER;
static const uint32_t GYRE_CQE_MORE = IORING_CQE_F_MORE;
static const uint32_t GYRE_CQE_NONEMPTY = IORING_CQE_F_SOCK_NONEMPTY;
static const uint32_t GYRE_CQE_BUFFER_SHIFT = IORING_CQE_BUFFER_SHIFT;

long syscall(long number, ...);

typedef struct io_uring_sqe gyre_sqe;
typedef struct io_uring_cqe gyre_cqe;

// The ring is created disabled: whoever enables it becomes its only submitter.
static inline int gyre_ring_create(struct io_uring *ring, unsigned entries,
                                   unsigned completions, uint32_t flags) {
    struct io_uring_params params;
    memset(&params, 0, sizeof params);
    params.flags = GYRE_SETUP_FLAGS | flags;
    params.cq_entries = completions;
    return io_uring_queue_init_params(entries, ring, &params);
}

// liburing 2.3 declares io_uring_enable_rings but its shared library does not export it.
static inline int gyre_ring_enable(struct io_uring *ring) {
    long result = syscall(__NR_io_uring_register, ring->ring_fd, IORING_REGISTER_ENABLE_RINGS,
                          NULL, 0);
    return result < 0 ? -errno : (int)result;
}

// Publishes prepared entries and returns how many the kernel has not consumed yet.
static inline unsigned gyre_ring_publish(struct io_uring *ring) {
    struct io_uring_sq *sq = &ring->sq;
    sq->sqe_head = sq->sqe_tail;
    io_uring_smp_store_release(sq->ktail, sq->sqe_tail);
    return sq->sqe_tail - io_uring_smp_load_acquire(sq->khead);
}

static inline unsigned gyre_ring_free_entries(struct io_uring *ring) {
    return io_uring_sq_space_left(ring);
}

// One io_uring_enter(2): submits, runs completions and waits. `timeout_ns` < 0 waits for ever.
// Returns entries submitted, or -errno (-ETIME when nothing was submitted and time ran out).
static inline int gyre_ring_enter(struct io_uring *ring, unsigned submit, unsigned wanted,
                                  int64_t timeout_ns, uint32_t min_wait_us, uint32_t extra) {
    struct __kernel_timespec ts;
    struct io_uring_getevents_arg arg;
    unsigned flags = IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG | extra;
    int result;
    memset(&arg, 0, sizeof arg);
    arg.pad = min_wait_us;  // min_wait_usec since 6.12; must be 0 before
    if (timeout_ns >= 0) {
        ts.tv_sec = timeout_ns / 1000000000;
        ts.tv_nsec = timeout_ns % 1000000000;
        arg.ts = (uint64_t)(uintptr_t)&ts;
    }
    if (ring->int_flags & 1) flags |= IORING_ENTER_REGISTERED_RING;  // INT_FLAG_REG_RING
    result = io_uring_enter2(ring->enter_ring_fd, submit, wanted, flags, (sigset_t *)&arg,
                             sizeof arg);
    return result;
}

static inline unsigned gyre_ring_completions(struct io_uring *ring) {
    return io_uring_smp_load_acquire(ring->cq.ktail) - *ring->cq.khead;
}

// Looks some times, about as long as a look at the clock takes, whether an enter would bring more
// than `seen` completions.
static inline int gyre_ring_watch(struct io_uring *ring, unsigned seen) {
    for (int look = 0; look < 16; look++) {
        if (IO_URING_READ_ONCE(*ring->sq.kflags) & IORING_SQ_TASKRUN) return 1;
        if (gyre_ring_completions(ring) > seen) return 1;
#if defined(__x86_64__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        __asm__ volatile("yield");
#endif
    }
    return 0;
}

static inline const gyre_cqe *_Nonnull gyre_ring_completion(struct io_uring *ring, unsigned index) {
    return &ring->cq.cqes[(*ring->cq.khead + index) & ring->cq.ring_mask];
}

static inline unsigned gyre_ring_overflows(struct io_uring *ring) {
    return IO_URING_READ_ONCE(*ring->cq.koverflow);
}

static inline void gyre_prep_accept(gyre_sqe *sqe, int fd, int multishot) {
    if (multishot)
        io_uring_prep_multishot_accept(sqe, fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    else
        io_uring_prep_accept(sqe, fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

// Accepts into an empty slot of the file table, which the result does not name: it is 0. The
// kernel writes the client's address to `address`.
static inline void gyre_prep_accept_direct(gyre_sqe *sqe, int fd, struct sockaddr *address,
                                           socklen_t *length, unsigned slot) {
    io_uring_prep_accept_direct(sqe, fd, address, length, SOCK_NONBLOCK, slot);
}

static inline void gyre_prep_socket_direct(gyre_sqe *sqe, int family, unsigned slot) {
    io_uring_prep_socket_direct(sqe, family, SOCK_STREAM | SOCK_NONBLOCK, 0, slot, 0);
}

// setsockopt(2) of a socket that has no descriptor. liburing 2.3 has none of these names: the
// command is in the low half of `off`, level and name share `addr`, the length of the value is in
// the word of `file_index`. `value` must stay until the completion.
static inline void gyre_prep_socket_option(gyre_sqe *sqe, int slot, int level, int name,
                                           const void *value, unsigned length) {
    io_uring_prep_rw(IORING_OP_URING_CMD, sqe, slot, NULL, 0, GYRE_SOCKET_SETSOCKOPT);
    sqe->addr = (uint32_t)level | (uint64_t)(uint32_t)name << 32;
    sqe->addr3 = (uint64_t)(uintptr_t)value;
    sqe->file_index = length;
}

// Gives a file of the table a descriptor of the process besides, which is the result.
static inline void gyre_prep_install(gyre_sqe *sqe, int slot) {
    io_uring_prep_rw(GYRE_OP_FIXED_FD_INSTALL, sqe, slot, NULL, 0, 0);
}

static inline int gyre_files_reserve(struct io_uring *ring, unsigned count) {
    return io_uring_register_files_sparse(ring, count);
}

static inline int gyre_files_put(struct io_uring *ring, unsigned slot, int fd) {
    return io_uring_register_files_update(ring, slot, &fd, 1);
}

// The number of the last operation that the kernel knows; negative when it cannot be asked.
static inline int gyre_last_operation(struct io_uring *ring) {
    struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
    int last = probe ? probe->last_op : -1;
    if (probe) io_uring_free_probe(probe);
    return last;
}

// Receives into provided buffers. `credit` caps the bytes of the whole multishot request [6.17:
// the cap lives in sqe->optlen, which shares its word with file_index]; as a single shot, of one.
static inline void gyre_prep_receive(gyre_sqe *sqe, int fd, uint32_t credit, int multishot,
                                     int poll_first) {
    io_uring_prep_recv(sqe, fd, NULL, multishot ? 0 : credit, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = 0;
    if (multishot) {
        sqe->ioprio |= IORING_RECV_MULTISHOT;
        sqe->file_index = credit;
    }
    if (poll_first) sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
}

// `more` promises that the stream goes on or ends at once: the last segment waits for what follows.
static inline void gyre_prep_send(gyre_sqe *sqe, int fd, const void *bytes, size_t length,
                                  int more) {
    io_uring_prep_send(sqe, fd, bytes, length,
                       MSG_WAITALL | MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

static inline void gyre_prep_sendmsg(gyre_sqe *sqe, int fd, const struct msghdr *message,
                                     int more) {
    io_uring_prep_sendmsg(sqe, fd, message,
                          MSG_WAITALL | MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

// What is prepared next runs when this is through, however it came out.
static inline void gyre_link(gyre_sqe *sqe) { sqe->flags |= IOSQE_IO_HARDLINK; }

static inline void gyre_prep_splice(gyre_sqe *sqe, int from, int to, unsigned length) {
    io_uring_prep_splice(sqe, from, -1, to, -1, length, GYRE_SPLICE_FLAGS);
}

static inline void gyre_prep_poll(gyre_sqe *sqe, int fd, unsigned events) {
    io_uring_prep_poll_add(sqe, fd, events);
}

// The kernel adds POLLRDHUP to every poll, which a stream that has ended satisfies at once; a
// multishot poll is edge-triggered, so it can wait for what comes after that.
static inline void gyre_prep_poll_hangup(gyre_sqe *sqe, int fd) {
    io_uring_prep_poll_multishot(sqe, fd, 0);
}

// Cancels one request by its user data. Cancelling by descriptor would walk every armed request of
// the ring (io_poll_file_find in the kernel's io_uring/poll.c).
static inline void gyre_prep_cancel(gyre_sqe *sqe, uint64_t user_data) {
    io_uring_prep_cancel64(sqe, user_data, 0);
}

static inline int gyre_buffer_ring_register(struct io_uring *ring, void *memory,
                                            unsigned entries) {
    struct io_uring_buf_reg registration;
    memset(&registration, 0, sizeof registration);
    registration.ring_addr = (uint64_t)(uintptr_t)memory;
    registration.ring_entries = entries;
    return io_uring_register_buf_ring(ring, &registration, 0);
}

static inline void gyre_buffer_ring_put(void *memory, unsigned entries, unsigned offset,
                                        void *bytes, unsigned length, uint16_t identifier) {
    io_uring_buf_ring_add((struct io_uring_buf_ring *)memory, bytes, length, identifier,
                          io_uring_buf_ring_mask(entries), (int)offset);
}

static inline void gyre_buffer_ring_publish(void *memory, unsigned count) {
    io_uring_buf_ring_advance((struct io_uring_buf_ring *)memory, (int)count);
}

#endif
