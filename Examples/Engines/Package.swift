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
    .library(name: "ResilienceEtcd", targets: ["ResilienceEtcd"]),
    .library(name: "ResilienceRedis", targets: ["ResilienceRedis"]),
  ],
  dependencies: [
    // The name is needed: a clone may be in a folder of any name.
    .package(name: "swift-resilience", path: "../.."),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
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
    .testTarget(
      name: "ResilienceEtcdTests",
      dependencies: [
        "ResilienceEtcd",
        .product(name: "Resilience", package: "swift-resilience"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
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
  ],
  swiftLanguageModes: [.v6]
)
