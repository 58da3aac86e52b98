# syntax=docker/dockerfile:1
# Two stages: the first has the compiler, the second the binary, liburing, c-ares and nothing else.
#
# Docker's default seccomp profile blocks io_uring. Without further options Gyre says so in its log
# and serves on epoll. To let it use io_uring, give the container the profile of this repository:
#
#   docker build -t gyre .
#   docker run --rm --security-opt seccomp=Config/seccomp-io_uring.json -p 8080:8080 \
#       gyre http --listen :8080 --to app.internal:9000
#
# `gyre tcp` takes the same addresses and forwards any TCP.
# `docker run --rm gyre probe` shows what a container can use and why not.

FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libc-ares-dev liburing-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /gyre
# Dependencies change seldom: resolve them in a layer of their own.
COPY Package.swift ./
RUN swift package resolve
COPY Sources Sources
# The tests are not built here, but the manifest names their folders.
COPY Tests Tests
RUN swift build --configuration release --static-swift-stdlib --product gyre \
    && install -D -s .build/release/gyre /out/gyre

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends libc-ares2 liburing2 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --no-create-home --shell /usr/sbin/nologin gyre
COPY --from=build /out/gyre /usr/local/bin/gyre
USER gyre
# Docker sends SIGTERM, which drains; give it as long as --drain-timeout (docker stop -t).
ENTRYPOINT ["gyre"]
CMD ["--help"]
