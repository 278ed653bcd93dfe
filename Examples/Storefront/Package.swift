// swift-tools-version: 6.2

import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
  name: "Storefront",
  platforms: [.macOS(.v26)],
  products: [
    // Loaded by the processes whose clock a day of faults sets, and by nothing else.
    .library(name: "StorefrontClock", type: .dynamic, targets: ["CStorefrontClock"])
  ],
  traits: [
    .trait(name: "Kafka", description: "Events on Kafka: needs librdkafka's headers, and 2.3 at run time.")
  ],
  dependencies: [
    // The name is needed: a clone may be in a folder of any name.
    .package(name: "swift-resilience", path: "../.."),
    .package(name: "Bridges", path: "../Bridges"),
    .package(name: "Engines", path: "../Engines"),
    .package(name: "Kafka", path: "../Kafka"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
  ],
  targets: [
    .target(
      name: "CStorefrontClock", cSettings: [.define("_GNU_SOURCE")],
      linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    .executableTarget(
      name: "storefront",
      dependencies: [
        .product(name: "Resilience", package: "swift-resilience"),
        .product(name: "ResilienceAsyncHTTPClient", package: "Bridges"),
        .product(name: "ResilienceConfiguration", package: "Bridges"),
        .product(name: "ResilienceEtcd", package: "Engines"),
        .product(name: "ResilienceHTTPTypes", package: "Bridges"),
        .product(name: "ResilienceHub", package: "Engines"),
        .product(name: "ResilienceHummingbird", package: "Bridges"),
        .product(name: "ResilienceKafka", package: "Kafka", condition: .when(traits: ["Kafka"])),
        .product(name: "ResilienceLogging", package: "Bridges"),
        .product(name: "ResilienceRedis", package: "Engines"),
        .product(name: "ResilienceSQLite", package: "Engines"),
        .product(name: "ResilienceServiceLifecycle", package: "Bridges"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Configuration", package: "swift-configuration"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "JWTKit", package: "jwt-kit"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "StorefrontTests",
      dependencies: [
        "storefront",
        .product(name: "Resilience", package: "swift-resilience"),
        .product(name: "ResilienceRedis", package: "Engines"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "JWTKit", package: "jwt-kit"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
