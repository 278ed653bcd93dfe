// swift-tools-version: 6.2

import PackageDescription

/// A target for each parser of what comes from outside; `Tests/Fuzz/run` builds and runs them. A package of
/// its own, so that the root passes without a toolchain that has libFuzzer.
let parsers = [
  "traceparent": "ResilienceTrace", "tracestate": "ResilienceTrace", "baggage": "ResilienceTrace",
  "b3": "ResilienceTrace", "sampling": "ResilienceTrace",
  "cloudevents": "ResilienceEventBus", "cloudeventfields": "ResilienceEventBus",
]

let package = Package(
  name: "Fuzz",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "swift-resilience", path: "../..")],
  targets: [
    .target(name: "FuzzDriver"), .target(name: "FuzzSupport", dependencies: ["FuzzDriver"]),
  ]
    + parsers.sorted { $0.key < $1.key }.map { parser, product in
      .executableTarget(
        name: "fuzz-\(parser)",
        dependencies: ["FuzzSupport", .product(name: product, package: "swift-resilience")])
    },
  swiftLanguageModes: [.v6]
)
