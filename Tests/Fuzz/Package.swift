// swift-tools-version: 6.2

import PackageDescription

/// A target for each parser of what comes from outside; `Tests/Fuzz/run` builds and runs them. A package of
/// its own, so that the root passes without a toolchain that has libFuzzer.
let parsers = ["traceparent", "tracestate", "baggage", "b3", "sampling"]

let package = Package(
  name: "Fuzz",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "swift-resilience", path: "../..")],
  targets: [
    .target(name: "FuzzDriver"), .target(name: "FuzzSupport", dependencies: ["FuzzDriver"]),
  ]
    + parsers.map { parser in
      .executableTarget(
        name: "fuzz-\(parser)",
        dependencies: ["FuzzSupport", .product(name: "ResilienceTrace", package: "swift-resilience")])
    },
  swiftLanguageModes: [.v6]
)
