// The page of the admin address. Its parts are files that can be edited as such; the compiler reads
// them, notes that it did, and so builds this anew when one has changed.
#include "CDashboard.h"

// A part of C since 2023; Clang has it for older C as well.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char dashboard_html[] = {
#embed "Page/dashboard.html"
};
static const unsigned char dashboard_css[] = {
#embed "Page/dashboard.css"
};
static const unsigned char overview_css[] = {
#embed "Page/overview.css"
};
static const unsigned char parts_css[] = {
#embed "Page/parts.css"
};
static const unsigned char tables_css[] = {
#embed "Page/tables.css"
};
static const unsigned char dashboard_js[] = {
#embed "Page/dashboard.js"
};
static const unsigned char connection_js[] = {
#embed "Page/connection.js"
};
static const unsigned char dialogs_js[] = {
#embed "Page/dialogs.js"
};
static const unsigned char format_js[] = {
#embed "Page/format.js"
};
static const unsigned char history_js[] = {
#embed "Page/history.js"
};
static const unsigned char overview_js[] = {
#embed "Page/overview.js"
};
static const unsigned char plot_js[] = {
#embed "Page/plot.js"
};
static const unsigned char plots_js[] = {
#embed "Page/plots.js"
};
static const unsigned char table_js[] = {
#embed "Page/table.js"
};
static const unsigned char tables_js[] = {
#embed "Page/tables.js"
};
static const unsigned char theme_js[] = {
#embed "Page/theme.js"
};
static const unsigned char upstreams_js[] = {
#embed "Page/upstreams.js"
};

#define FILE_OF(name, bytes) {name, bytes, sizeof bytes}

static const struct gyre_page_file files[] = {
    FILE_OF("dashboard.html", dashboard_html),
    FILE_OF("dashboard.css", dashboard_css),
    FILE_OF("overview.css", overview_css),
    FILE_OF("parts.css", parts_css),
    FILE_OF("tables.css", tables_css),
    FILE_OF("dashboard.js", dashboard_js),
    FILE_OF("connection.js", connection_js),
    FILE_OF("dialogs.js", dialogs_js),
    FILE_OF("format.js", format_js),
    FILE_OF("history.js", history_js),
    FILE_OF("overview.js", overview_js),
    FILE_OF("plot.js", plot_js),
    FILE_OF("plots.js", plots_js),
    FILE_OF("table.js", table_js),
    FILE_OF("tables.js", tables_js),
    FILE_OF("theme.js", theme_js),
    FILE_OF("upstreams.js", upstreams_js),
};

size_t gyre_page_files(void) { return sizeof files / sizeof files[0]; }

struct gyre_page_file gyre_page_file(size_t position) { return files[position]; }
