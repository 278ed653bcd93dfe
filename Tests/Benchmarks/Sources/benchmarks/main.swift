// benchmarks                      lists the rows
// benchmarks PLACE ROW COUNT      calls the stack of a row COUNT times from a place: off, actor or main
//
// The script `instructions` beside Package.swift counts what a call costs.

actor Caller {
  func call(_ row: Row, _ count: Int) async throws -> Int { try await row.run(count) }
}

let rows = makeRows()
let arguments = CommandLine.arguments

if arguments.count == 4, let row = rows.first(where: { $0.name == arguments[2] }),
  let count = Int(arguments[3])
{
  let sum =
    switch arguments[1] {
    case "actor": try await Caller().call(row, count)
    case "main": try await row.run(count)
    default: try await Task.detached { try await row.run(count) }.value
    }
  // Printed, so that no call can be left out.
  print(sum)
} else {
  for row in rows { print(row.name) }
}
