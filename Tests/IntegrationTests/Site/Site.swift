// `gyre run` with whole sites: limits, live change, and processes that come and go. A file per
// theme; each is an extension of this suite.

import IntegrationSupport
import Testing

extension Integration {
    @Suite struct Site {}
}
