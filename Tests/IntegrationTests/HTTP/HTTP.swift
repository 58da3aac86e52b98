// `gyre http` on loopback against real clients and origins, and against bytes written by hand where
// it matters which ones exactly. A file per theme; each is an extension of this suite.

import Testing

extension Integration {
    @Suite struct HTTP {}
}
