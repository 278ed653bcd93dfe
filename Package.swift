// swift-tools-version: 6.2

import PackageDescription

/// Every target is built under the same rules; see "Style" in CONTRIBUTING.md.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// The pattern modules: each is a product of its own and depends on `ResilienceCore` alone.
let patterns = [
  "ResilienceRetry",
  "ResilienceTimeout",
  "ResilienceCircuitBreaker",
  "ResilienceRateLimiter",
  "ResilienceBulkhead",
  "ResilienceFallback",
  "ResilienceRegistry",
  "ResilienceTrace",
  "ResilienceEventBus",
  "ResilienceMetrics",
]

func library(_ name: String) -> Product { .library(name: name, targets: [name]) }

func target(_ name: String, dependsOn dependencies: [String], path: String? = nil) -> Target {
  .target(
    name: name, dependencies: dependencies.map { .byName(name: $0) }, path: path, swiftSettings: settings)
}

func tests(of name: String, with others: [String] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: ([name, "ResilienceTestSupport"] + others).map { .byName(name: $0) },
    swiftSettings: settings)
}

let package = Package(
  name: "swift-resilience",
  // `Task.immediate` and `Synchronization` set the floor on Apple's systems. Linux is the first platform.
  platforms: [.macOS(.v26), .iOS(.v26), .tvOS(.v26), .watchOS(.v26), .visionOS(.v26)],
  products: (["Resilience", "ResilienceCore", "ResilienceTestKit"] + patterns).map(library),
  targets: [
    target("ResilienceCore", dependsOn: []),
    target("ResilienceTestKit", dependsOn: ["ResilienceCore", "CResilienceSimulation"]),
    // What the simulator needs of the runtime and can only be said in C.
    target("CResilienceSimulation", dependsOn: []),
    target("Resilience", dependsOn: ["ResilienceCore"] + patterns),
    // What the tests of several modules share.
    target("ResilienceTestSupport", dependsOn: ["ResilienceCore"], path: "Tests/Support"),
    tests(of: "ResilienceCore", with: ["ResilienceTestKit"]),
    tests(of: "ResilienceTestKit"),
    tests(of: "Resilience", with: ["ResilienceTestKit"]),
  ] + patterns.map { target($0, dependsOn: ["ResilienceCore"]) }
    + patterns.map { tests(of: $0, with: ["ResilienceCore", "ResilienceTestKit"]) },
  swiftLanguageModes: [.v6]
)
