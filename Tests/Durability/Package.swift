// swift-tools-version: 6.2

import PackageDescription

/// Processes that are killed, and what is left of their work. A package of its own, since it builds a
/// program; `Tests/Durability/run` builds and runs it.
let package = Package(
  name: "Durability",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "swift-resilience", path: "../..")],
  targets: [
    .executableTarget(
      name: "durability",
      dependencies: [.product(name: "ResilienceEventBus", package: "swift-resilience")],
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
