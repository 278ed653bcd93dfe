// swift-tools-version: 6.2

import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

// A package of its own: it does not build where the headers of librdkafka are not installed.
let package = Package(
  name: "Kafka",
  platforms: [.macOS(.v26)],
  products: [
    .library(name: "ResilienceKafka", targets: ["ResilienceKafka"])
  ],
  dependencies: [
    // The name is needed: a clone may be in a folder of any name.
    .package(name: "swift-resilience", path: "../..")
  ],
  targets: [
    .systemLibrary(
      name: "CRdkafka", pkgConfig: "rdkafka",
      providers: [.apt(["librdkafka-dev"]), .brew(["librdkafka"])]),
    .target(
      name: "ResilienceKafka",
      dependencies: [
        "CRdkafka",
        .product(name: "Resilience", package: "swift-resilience"),
      ], swiftSettings: settings),
    .executableTarget(
      name: "kafka-costs",
      dependencies: [
        "ResilienceKafka",
        .product(name: "Resilience", package: "swift-resilience"),
      ], swiftSettings: settings),
    .testTarget(
      name: "ResilienceKafkaTests",
      dependencies: [
        "CRdkafka", "ResilienceKafka",
        .product(name: "Resilience", package: "swift-resilience"),
      ], swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
