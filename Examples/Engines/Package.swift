// swift-tools-version: 6.2

import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
  name: "Engines",
  platforms: [.macOS(.v26)],
  products: [
    .executable(name: "resilience-hub", targets: ["resilience-hub"]),
    .library(name: "ResilienceEtcd", targets: ["ResilienceEtcd"]),
    .library(name: "ResilienceHub", targets: ["ResilienceHub"]),
    .library(name: "ResilienceRedis", targets: ["ResilienceRedis"]),
    .library(name: "ResilienceSQLite", targets: ["ResilienceSQLite"]),
  ],
  dependencies: [
    // The name is needed: a clone may be in a folder of any name.
    .package(name: "swift-resilience", path: "../.."),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .target(
      name: "ResilienceEtcd",
      dependencies: [
        .product(name: "Resilience", package: "swift-resilience"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOFoundationCompat", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ], swiftSettings: settings),
    .target(
      name: "ResilienceHub",
      dependencies: [
        .product(name: "Resilience", package: "swift-resilience"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOFoundationCompat", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ], swiftSettings: settings),
    .executableTarget(
      name: "resilience-hub",
      dependencies: [
        "ResilienceHub",
        .product(name: "Resilience", package: "swift-resilience"),
        .product(name: "Hummingbird", package: "hummingbird"),
      ], swiftSettings: settings),
    .executableTarget(
      name: "hub-costs",
      dependencies: [
        "ResilienceHub",
        .product(name: "Resilience", package: "swift-resilience"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
      ], swiftSettings: settings),
    .target(
      name: "ResilienceSQLite",
      dependencies: [
        .product(name: "Resilience", package: "swift-resilience"),
        .product(name: "GRDB", package: "GRDB.swift"),
      ], swiftSettings: settings),
    .executableTarget(
      name: "outbox-costs",
      dependencies: [
        "ResilienceSQLite",
        .product(name: "Resilience", package: "swift-resilience"),
        .product(name: "GRDB", package: "GRDB.swift"),
      ], swiftSettings: settings),
    .executableTarget(
      name: "outbox-crash",
      dependencies: [
        "ResilienceSQLite",
        .product(name: "Resilience", package: "swift-resilience"),
        .product(name: "GRDB", package: "GRDB.swift"),
      ], swiftSettings: settings),
    .executableTarget(
      name: "etcd-load",
      dependencies: [
        "ResilienceEtcd",
        .product(name: "Resilience", package: "swift-resilience"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ], swiftSettings: settings),
    .testTarget(
      name: "ResilienceEtcdTests",
      dependencies: [
        "ResilienceEtcd",
        .product(name: "Resilience", package: "swift-resilience"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ], swiftSettings: settings),
    .testTarget(
      name: "ResilienceHubTests",
      dependencies: [
        "ResilienceHub",
        "resilience-hub",
        .product(name: "Resilience", package: "swift-resilience"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ], swiftSettings: settings),
    .target(
      name: "ResilienceRedis",
      dependencies: [
        .product(name: "Resilience", package: "swift-resilience"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ], swiftSettings: settings),
    .executableTarget(
      name: "redis-load",
      dependencies: [
        "ResilienceRedis",
        .product(name: "Resilience", package: "swift-resilience"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ResilienceRedisTests",
      dependencies: [
        "ResilienceRedis", "redis-load",
        .product(name: "Resilience", package: "swift-resilience"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ], swiftSettings: settings),
    .testTarget(
      name: "ResilienceSQLiteTests",
      dependencies: [
        "ResilienceSQLite",
        "outbox-crash",
        .product(name: "Resilience", package: "swift-resilience"),
        .product(name: "GRDB", package: "GRDB.swift"),
      ], swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
