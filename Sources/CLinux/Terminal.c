// The terminal on the standard streams: keys one by one without echo, its size, and the signals
// that matter to who draws on it. One thread, one terminal.
#include "CLinux.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;

int gyre_output_is_terminal(void) { return isatty(STDOUT_FILENO); }

int gyre_terminal_begin(void) {
    struct termios now;
    if (tcgetattr(STDIN_FILENO, &before) < 0) return -errno;
    now = before;
    now.c_iflag &= ~(tcflag_t)(IXON | ICRNL | INLCR | ISTRIP);
    now.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    now.c_cc[VMIN] = 0;
    now.c_cc[VTIME] = 0;
    return tcsetattr(STDIN_FILENO, TCSANOW, &now) < 0 ? -errno : 0;
}

void gyre_terminal_end(void) { tcsetattr(STDIN_FILENO, TCSAFLUSH, &before); }

uint32_t gyre_terminal_size(void) {
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0) return 0;
    return (uint32_t)size.ws_row << 16 | size.ws_col;
}

int gyre_terminal_read(void) {
    unsigned char byte;
    ssize_t count = read(STDIN_FILENO, &byte, 1);
    if (count < 0) return -errno;
    return count == 0 ? -EPIPE : byte;
}

int gyre_terminal_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGTSTP);
    sigaddset(&set, SIGWINCH);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0) return -errno;
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}
