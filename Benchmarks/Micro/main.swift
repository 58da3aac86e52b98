// Runs one case so many times and ends; `Benchmarks/micro` counts the instructions that takes, by
// two runs of different length, so that what is done once does not count.

import Glibc

let cases =
    headCases + framingCases + memoryCases + routeCases + balancingCases + admissionCases
    + workerCases

switch CommandLine.arguments.dropFirst() {
case ["--list"]:
    for one in cases { print(one.name) }
case let words where words.count == 2:
    guard let one = cases.first(where: { $0.name == words.first }), let word = words.last,
        let times = Int(word), (1...1_000_000).contains(times)
    else { fallthrough }
    one.body(times)
default:
    print("usage: micro --list | micro NAME TIMES")
    exit(64)
}
