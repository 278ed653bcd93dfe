// swift-tools-version: 6.2

import PackageDescription

/// What a server's program imports beside this package.
let neighbours: [(module: String, package: String)] = [
  ("Hummingbird", "hummingbird"),
  ("Logging", "swift-log"),
  ("Metrics", "swift-metrics"),
  ("ServiceContextModule", "swift-service-context"),
  ("Tracing", "swift-distributed-tracing"),
]

let package = Package(
  name: "Coexistence",
  platforms: [.macOS(.v26)],
  dependencies: [
    // The name is needed: a clone may be in a folder of any name.
    .package(name: "swift-resilience", path: "../.."),
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-service-context", from: "1.5.1"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
  ],
  targets: [
    .testTarget(
      name: "CoexistenceTests",
      dependencies: [
        .product(name: "Resilience", package: "swift-resilience"),
        .product(name: "ResilienceTestKit", package: "swift-resilience"),
      ] + neighbours.map { .product(name: $0.module, package: $0.package) },
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
