// `gyre format`: the format of configuration files, as files of this repository. Not in the help:
// it is for those who change the format.

internal import ArgumentParser
internal import ControlPlane

struct FormatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "format",
        abstract: "Print the JSON Schema of configuration files, or the reference.",
        shouldDisplay: false)

    @Flag(help: "Print a file with every key, its default and its meaning.")
    var reference = false

    func run() {
        print(
            reference ? ConfigurationReference.text : ConfigurationSchema.text, terminator: "")
    }
}
