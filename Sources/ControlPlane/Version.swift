// Which Gyre this is.

/// The version, as commands and reports tell it.
package enum GyreVersion {
    package static let text = "0.1.0"
}
