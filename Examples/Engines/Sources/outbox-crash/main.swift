import Foundation

// Kills a shop whose orders and events are in one database, again and again, and looks whether they agree:
// `outbox-crash FOLDER [KILLS [SEED]]`, with 2 kills or more, since the first comes while it opens. A shop itself is `outbox-crash shop FOLDER FIRST-NUMBER`.

let arguments = Array(CommandLine.arguments.dropFirst())
do {
  switch arguments.first {
  case "shop" where arguments.count == 3:
    try await Shop(in: arguments[1]).sellForever(from: Int(arguments[2]) ?? 0)
  case let folder? where arguments.count <= 3:
    try await killAndCheck(
      in: folder, kills: arguments.dropFirst().first.flatMap { Int($0) } ?? 20,
      seed: arguments.dropFirst(2).first.flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max))
  default: throw Problem("usage: outbox-crash FOLDER [KILLS [SEED]]")
  }
} catch {
  print(error)
  exit(1)
}
