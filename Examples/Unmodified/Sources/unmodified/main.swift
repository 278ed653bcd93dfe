internal import ResilienceTestKit
internal import Warehouse

// `unmodified [seed] [runs]`: half a minute of the warehouse, so many times with one seed.
let arguments = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
let seed = arguments.first ?? 7
let runs = arguments.count > 1 ? arguments[1] : 1000

func halfAMinute(seed: UInt64) throws -> String {
  try Simulation(seed: seed).run { _ in
    let warehouse = Warehouse()
    try await warehouse.open(for: .seconds(30))
    return await warehouse.journal
  }
}

let first = try halfAMinute(seed: seed)
print(first)
var others = 0
for _ in 1..<max(2, runs) where try halfAMinute(seed: seed) != first { others += 1 }
print("held: \(Simulation.scope)")
print("\(runs) runs of seed \(seed), \(others) of them different")
