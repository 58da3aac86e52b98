/* The files of the dashboard, as they lie in Page, built into the program. */
#ifndef GYRE_CDASHBOARD_H
#define GYRE_CDASHBOARD_H

#include <stddef.h>

/* A file; all it points at lives as long as the process. */
struct gyre_page_file {
    const char *name; /* In Page; ends with 0. */
    const unsigned char *bytes;
    size_t count;
};

/* How many files there are. */
size_t gyre_page_files(void);

/* The file at a position below gyre_page_files(). */
struct gyre_page_file gyre_page_file(size_t position);

#endif
