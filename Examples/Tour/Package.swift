// swift-tools-version: 6.2

import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
  name: "Tour",
  platforms: [.macOS(.v26)],
  dependencies: [
    // The name is needed: a clone may be in a folder of any name.
    .package(name: "swift-resilience", path: "../..")
  ],
  targets: [
    .executableTarget(
      name: "tour",
      dependencies: [
        .product(name: "Resilience", package: "swift-resilience"),
        .product(name: "ResilienceTestKit", package: "swift-resilience"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "TourTests",
      dependencies: [
        "tour", .product(name: "Resilience", package: "swift-resilience"),
        .product(name: "ResilienceTestKit", package: "swift-resilience"),
      ],
      exclude: ["Transcripts"], swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
