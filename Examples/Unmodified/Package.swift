// swift-tools-version: 6.2

import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "Unmodified",
  platforms: [.macOS(.v26)],
  dependencies: [
    // The name is needed: a clone may be in a folder of any name.
    .package(name: "swift-resilience", path: "../.."),
    .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.1.4"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // Knows nothing of the simulation.
    .target(
      name: "Warehouse",
      dependencies: [
        .product(name: "AsyncAlgorithms", package: "swift-async-algorithms"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "unmodified",
      dependencies: ["Warehouse", .product(name: "ResilienceTestKit", package: "swift-resilience")],
      swiftSettings: settings),
    .testTarget(
      name: "UnmodifiedTests",
      dependencies: [
        "Warehouse",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ResilienceTestKit", package: "swift-resilience"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
