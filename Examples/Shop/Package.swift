// swift-tools-version: 6.2

import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
  name: "Shop",
  platforms: [.macOS(.v26)],
  dependencies: [
    // The name is needed: a clone may be in a folder of any name (but this one's: two packages cannot both be
    // "shop").
    .package(name: "swift-resilience", path: "../..")
  ],
  targets: [
    .executableTarget(
      name: "shop",
      dependencies: [
        .product(name: "Resilience", package: "swift-resilience"),
        .product(name: "ResilienceTestKit", package: "swift-resilience"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ShopTests",
      dependencies: ["shop", .product(name: "Resilience", package: "swift-resilience")],
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
