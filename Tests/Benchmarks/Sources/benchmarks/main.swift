import ResilienceCore
#if canImport(Glibc)
import Glibc
#endif

/// What every row runs: a closure that captures something, so that the call is opaque, as a user's is.
let offset = CommandLine.arguments.count
let call = ServiceCall("call") { (input: Int) in input &+ offset }

func row<H: Handler>(_ handler: H) -> @Sendable (Int) async throws -> Int where H.Input == Int, H.Output == Int {
  { count in try await loop(handler, count) }
}

@inline(never)
func loop<H: Handler>(_ handler: H, _ count: Int) async throws -> Int where H.Input == Int, H.Output == Int {
  var sum = 0
  for input in 0..<count { sum &+= try await handler(input) }
  return sum
}

let rows: [(name: String, run: @Sendable (Int) async throws -> Int)] = [
  ("call", row(call))
]

let arguments = CommandLine.arguments
guard arguments.count == 3, let count = Int(arguments[2]), let row = rows.first(where: { $0.name == arguments[1] })
else {
  rows.forEach { print($0.name) }
  exit(0)
}
_ = try await row.run(count)
