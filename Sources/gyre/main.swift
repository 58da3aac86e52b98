// Where the process starts and ends: parses, runs, and turns every failure into one line.

internal import ArgumentParser
internal import ControlPlane
internal import Glibc

do {
    var command = try Gyre.parseAsRoot()
    try command.run()
} catch let error as StartError {
    ErrorOutput.write(line: "gyre: \(error)")
    exit(EXIT_FAILURE)
} catch {
    let code = Gyre.exitCode(for: error).rawValue
    if code == EXIT_SUCCESS {
        print(Gyre.fullMessage(for: error))
    } else if let line = Refusal.line(Gyre.message(for: error), CommandLine.arguments) {
        ErrorOutput.write(line: line)
    }
    exit(code)
}
