// swift-tools-version: 6.2

import PackageDescription

func executable(_ name: String, products: [String], others: [String] = []) -> Target {
  .executableTarget(
    name: name,
    dependencies: products.map { .product(name: $0, package: "swift-resilience") }
      + others.map { .byName(name: $0) },
    swiftSettings: [
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("MemberImportVisibility"),
      .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ])
}

let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v26)],
  dependencies: [
    // The name is needed: a clone may be in a folder of any name.
    .package(name: "swift-resilience", path: "../..")
  ],
  targets: [
    .target(name: "Counters"),
    executable("benchmarks", products: ["Resilience"], others: ["Counters"]),
    executable("idle-memory", products: ["Resilience"], others: ["Counters"]),
    executable("journal-throughput", products: ["Resilience"]),
    executable("simulation-hour", products: ["Resilience", "ResilienceTestKit"]),
    executable("balancing-latency", products: ["Resilience", "ResilienceTestKit"]),
    executable("outage-recovery", products: ["Resilience", "ResilienceTestKit"]),
    executable("latency-tails", products: ["Resilience"]),
    executable("registry-fleet", products: ["Resilience", "ResilienceTestKit"], others: ["Counters"]),
  ],
  swiftLanguageModes: [.v6]
)
