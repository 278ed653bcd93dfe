// swift-tools-version: 6.2

import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// One bridge: what it imports of this toolkit, of other bridges, and of other packages (product, package).
struct Bridge {
  var name: String
  var toolkit: [String]
  var bridges: [String] = []
  var others: [(product: String, package: String)] = []
  /// What its tests import besides.
  var tests: [(product: String, package: String)] = []
  var testBridges: [String] = []

  var dependencies: [Target.Dependency] {
    toolkit.map { .product(name: $0, package: "swift-resilience") } + bridges.map { .target(name: $0) }
      + others.map { .product(name: $0.product, package: $0.package) }
  }
}

let bridges = [
  Bridge(
    name: "ResilienceHTTPTypes", toolkit: ["Resilience", "ResilienceCore"],
    others: [("HTTPTypes", "swift-http-types")]),
  Bridge(
    name: "ResilienceAsyncHTTPClient", toolkit: ["Resilience", "ResilienceCore"],
    bridges: ["ResilienceHTTPTypes"],
    others: [
      ("AsyncHTTPClient", "async-http-client"), ("HTTPTypes", "swift-http-types"), ("NIOCore", "swift-nio"),
      ("NIOHTTP1", "swift-nio"), ("NIOSSL", "swift-nio-ssl"), ("NIOPosix", "swift-nio"),
    ],
    tests: [("Hummingbird", "hummingbird"), ("Logging", "swift-log")]),
  Bridge(
    name: "ResilienceHummingbird", toolkit: ["Resilience", "ResilienceCore"],
    bridges: ["ResilienceHTTPTypes"],
    others: [
      ("Hummingbird", "hummingbird"), ("HTTPTypes", "swift-http-types"), ("NIOCore", "swift-nio"),
      ("Logging", "swift-log"), ("ServiceLifecycle", "swift-service-lifecycle"),
      ("UnixSignals", "swift-service-lifecycle"),
    ],
    tests: [
      ("AsyncHTTPClient", "async-http-client"), ("HummingbirdTesting", "hummingbird"),
      ("NIOHTTP1", "swift-nio"),
    ],
    testBridges: ["ResilienceAsyncHTTPClient"]),
  Bridge(
    name: "ResilienceLogging", toolkit: ["ResilienceCore"], others: [("Logging", "swift-log")],
    tests: [("Resilience", "swift-resilience"), ("InMemoryLogging", "swift-log")]),
  Bridge(
    name: "ResilienceSwiftMetrics", toolkit: ["ResilienceCore"], others: [("CoreMetrics", "swift-metrics")],
    tests: [("Resilience", "swift-resilience"), ("MetricsTestKit", "swift-metrics")]),
  Bridge(
    name: "ResilienceDistributedTracing", toolkit: ["ResilienceCore", "ResilienceTrace"],
    others: [("Tracing", "swift-distributed-tracing")],
    tests: [("InMemoryTracing", "swift-distributed-tracing")]),
  Bridge(
    name: "ResilienceServiceLifecycle",
    toolkit: ["ResilienceCore", "ResilienceEventBus", "ResilienceRegistry", "ResilienceTrace"],
    others: [("ServiceLifecycle", "swift-service-lifecycle"), ("Logging", "swift-log")]),
  Bridge(
    name: "ResilienceConfiguration", toolkit: ["Resilience"],
    others: [("Configuration", "swift-configuration"), ("ServiceLifecycle", "swift-service-lifecycle")],
    tests: [("Logging", "swift-log"), ("SystemPackage", "swift-system")]),
  Bridge(
    name: "ResilienceGRPC", toolkit: ["ResilienceCore", "ResilienceTimeout", "ResilienceTrace"],
    others: [("GRPCCore", "grpc-swift-2")],
    tests: [
      ("Resilience", "swift-resilience"), ("GRPCInProcessTransport", "grpc-swift-2"),
      ("GRPCNIOTransportHTTP2", "grpc-swift-nio-transport"),
    ]),
  Bridge(
    name: "ResilienceGRDB", toolkit: ["Resilience"], others: [("GRDB", "GRDB.swift")]),
]

/// What imports all of the bridges: what the script `costs` counts, and the tests of what crosses them.
let crossing: [Target] = [
  .executableTarget(
    name: "costs",
    dependencies: bridges.map { .target(name: $0.name) } + [
      .product(name: "Resilience", package: "swift-resilience"),
      .product(name: "Configuration", package: "swift-configuration"),
      .product(name: "CoreMetrics", package: "swift-metrics"), .product(name: "GRDB", package: "GRDB.swift"),
      .product(name: "GRPCCore", package: "grpc-swift-2"), .product(name: "Logging", package: "swift-log"),
      .product(name: "Tracing", package: "swift-distributed-tracing"),
    ], swiftSettings: settings),
  .testTarget(
    name: "BridgesTests",
    dependencies: bridges.map { .target(name: $0.name) } + [
      .target(name: "BridgesTestSupport"),
      .product(name: "Resilience", package: "swift-resilience"),
      .product(name: "SystemPackage", package: "swift-system"),
      .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      .product(name: "AsyncHTTPClient", package: "async-http-client"),
      .product(name: "Configuration", package: "swift-configuration"),
      .product(name: "GRDB", package: "GRDB.swift"),
      .product(name: "HTTPTypes", package: "swift-http-types"),
      .product(name: "Hummingbird", package: "hummingbird"),
      .product(name: "NIOHTTP1", package: "swift-nio"),
      .product(name: "Logging", package: "swift-log"),
      .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      .product(name: "GRPCCore", package: "grpc-swift-2"),
      .product(name: "GRPCNIOTransportHTTP2", package: "grpc-swift-nio-transport"),
      .product(name: "Tracing", package: "swift-distributed-tracing"),
    ], swiftSettings: settings),
]

/// Imports what a server's program imports beside the toolkit and the bridges.
let coexistence = Target.testTarget(
  name: "CoexistenceTests",
  dependencies: bridges.map { .target(name: $0.name) } + [
    .product(name: "Resilience", package: "swift-resilience"),
    .product(name: "ResilienceRetry", package: "swift-resilience"),
    .product(name: "ResilienceTestKit", package: "swift-resilience"),
    .product(name: "AsyncHTTPClient", package: "async-http-client"),
    .product(name: "Configuration", package: "swift-configuration"),
    .product(name: "GRDB", package: "GRDB.swift"),
    .product(name: "GRPCCore", package: "grpc-swift-2"),
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "Logging", package: "swift-log"),
    .product(name: "Metrics", package: "swift-metrics"),
    .product(name: "ServiceContextModule", package: "swift-service-context"),
    .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    .product(name: "Tracing", package: "swift-distributed-tracing"),
  ], swiftSettings: settings)

/// A server that calls another one, with the toolkit and without, and the one that they call.
let gateway: [Target] = [
  .executableTarget(
    name: "gateway",
    dependencies: [
      "ResilienceAsyncHTTPClient", "ResilienceHummingbird",
      .product(name: "AsyncHTTPClient", package: "async-http-client"),
      .product(name: "Hummingbird", package: "hummingbird"),
      .product(name: "Resilience", package: "swift-resilience"),
    ]),
  .executableTarget(
    name: "bare",
    dependencies: [
      .product(name: "AsyncHTTPClient", package: "async-http-client"),
      .product(name: "Hummingbird", package: "hummingbird"),
    ]),
  .executableTarget(name: "supplier", dependencies: [.product(name: "Hummingbird", package: "hummingbird")]),
  .executableTarget(
    name: "http-costs",
    dependencies: [
      "ResilienceAsyncHTTPClient", "ResilienceHummingbird",
      .product(name: "NIOEmbedded", package: "swift-nio"),
      .product(name: "AsyncHTTPClient", package: "async-http-client"),
      .product(name: "Hummingbird", package: "hummingbird"),
    ]),
]

/// What the tests of several bridges share.
let support = Target.target(
  name: "BridgesTestSupport",
  dependencies: [
    .product(name: "Hummingbird", package: "hummingbird"), .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    .product(name: "Logging", package: "swift-log"),
  ],
  path: "Tests/Support", swiftSettings: settings)

let package = Package(
  name: "Bridges",
  platforms: [.macOS(.v26)],
  products: bridges.map { .library(name: $0.name, targets: [$0.name]) },
  dependencies: [
    // The name is needed: a clone may be in a folder of any name.
    .package(name: "swift-resilience", path: "../.."),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
    .package(url: "https://github.com/apple/swift-service-context", from: "1.5.1"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(
      url: "https://github.com/apple/swift-configuration", from: "1.4.0",
      traits: [.defaults, "YAML", "Reloading"]),
    .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
    .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: bridges.flatMap { bridge -> [Target] in
    [
      .target(name: bridge.name, dependencies: bridge.dependencies, swiftSettings: settings),
      .testTarget(
        name: "\(bridge.name)Tests",
        dependencies: bridge.dependencies + bridge.testBridges.map { .target(name: $0) } + [
          .target(name: bridge.name), .target(name: "BridgesTestSupport"),
          .product(name: "ResilienceTestKit", package: "swift-resilience"),
        ] + bridge.tests.map { .product(name: $0.product, package: $0.package) },
        swiftSettings: settings),
    ]
  } + crossing + gateway + [coexistence, support],
  swiftLanguageModes: [.v6]
)
