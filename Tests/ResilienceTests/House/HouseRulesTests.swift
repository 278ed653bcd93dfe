import Foundation
import Testing

let packageRoot = URL(filePath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

@Suite struct HouseRulesTests {
  @Test func thePackageKeepsTheRules() throws {
    let package = try PackageModel.describe(packageRoot)
    #expect(package.targets.count > 10)
    #expect(HouseRules.violations(in: package) == [])
  }

  @Test func theSourcesKeepTheRules() throws {
    let files = SourceRules.swiftFiles(below: packageRoot.appending(path: "Sources"))
    #expect(files.count > 50)
    for file in files {
      let text = try String(contentsOf: file, encoding: .utf8)
      #expect(SourceRules.violations(inFile: file.lastPathComponent, text) == [])
      #expect(HandlerRules.violations(inFile: file.lastPathComponent, text) == [])
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: packageRoot.path)
    #expect(SourceRules.violations(inTopLevel: names) == [])
  }

  @Test func theFoldersShowTheAPI() throws {
    let sources = packageRoot.appending(path: "Sources")
    let files = try SourceRules.swiftFiles(below: sources).map { file in
      (
        path: String(file.path.dropFirst(sources.path.count + 1)),
        text: try String(contentsOf: file, encoding: .utf8)
      )
    }
    // What goes on with a public type may stand beside it.
    let types = Set(
      files.filter { SourceRules.isPublic($0.text) }.compactMap { file in
        file.path.split(separator: "/").last?.prefix { $0 != "+" && $0 != "." }.description
      })
    for file in files {
      #expect(SourceRules.violations(inLayout: file.path, file.text, types: types) == [])
      #expect(SourceRules.violations(inCommentsOf: file.path, file.text) == [])
      #expect(SourceRules.violations(inClosuresOf: file.path, file.text) == [])
    }
  }

  @Test func aBrokenLayoutIsNoticed() {
    let types: Set = ["Retry"]
    let (open, closed) = ("public struct Retry {}", "struct RetryLoop {}")
    #expect(SourceRules.violations(inLayout: "ResilienceRetry/Retry.swift", open, types: types).count == 1)
    #expect(
      SourceRules.violations(inLayout: "ResilienceRetry/Retry/Loop.swift", closed, types: types).count == 1)
    #expect(
      SourceRules.violations(inLayout: "ResilienceRetry/Retry/Retry+Loop.swift", closed, types: types) == [])
    #expect(
      SourceRules.violations(inLayout: "ResilienceRetry/Internal/Loop.swift", closed, types: types) == [])
    let long = "  /// " + String(repeating: "word ", count: 30)
    #expect(SourceRules.violations(inCommentsOf: "A.swift", "let a = 1\n\(long)\n").count == 1)
    #expect(SourceRules.violations(inCommentsOf: "A.swift", "/// ```\n\(long)\n/// ```\n") == [])
  }

  @Test func aTrailingClosureThatIsNotTheOneForEventsIsNoticed() {
    let (event, other) = (
      "onEvent: (@Sendable (Event) -> Void)? = nil", "when: (@Sendable () -> Bool)? = nil"
    )
    #expect(SourceRules.violations(inClosuresOf: "A.swift", "public func a(\(other), \(event)) {").count == 1)
    for text in [
      "public func a(\(event), \(other)) {", "public init(\(event)) {",
      "public func a(\(other)) {} public func b(\(event)) {",
    ] {
      #expect(SourceRules.violations(inClosuresOf: "A.swift", text) == [])
    }
  }

  @Test func everyTargetIsBuiltUnderTheSameRules() throws {
    let manifest = try String(contentsOf: packageRoot.appending(path: "Package.swift"), encoding: .utf8)
    for feature in [
      "ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility",
      "NonisolatedNonsendingByDefault",
    ] {
      #expect(manifest.contains(".enableUpcomingFeature(\"\(feature)\")"))
    }
    #expect(manifest.contains("swiftLanguageModes: [.v6]"))
    // Targets are made by two functions only, and both pass the settings.
    #expect(manifest.components(separatedBy: ".target(").count == 2)
    #expect(manifest.components(separatedBy: ".testTarget(").count == 2)
    #expect(manifest.components(separatedBy: "swiftSettings: settings").count == 3)
  }

  static let broken: [(change: @Sendable (inout PackageModel) -> Void, complaint: String)] = [
    ({ $0.dependencies.append(.init(identity: "swift-log")) }, "names the package swift-log"),
    ({ $0.targets[0].targetDependencies = ["ResilienceRetry"] }, "ResilienceCore depends on ResilienceRetry"),
    (
      { $0.targets[1].targetDependencies?.append("ResilienceCore2") },
      "ResilienceRetry depends on ResilienceCore2"
    ),
    ({ $0.targets[1].productDependencies = ["Logging"] }, "depends on the product Logging"),
    (
      { $0.targets[2].targetDependencies?.append("ResilienceTestKit") },
      "Resilience depends on ResilienceTestKit"
    ),
    ({ $0.targets[1].type = "executable" }, "is not a library"),
    ({ $0.products[1].name = "Retry" }, "Retry is not prefixed"),
    ({ $0.products.removeLast() }, "is not a product of its own"),
  ]

  @Test(arguments: broken.indices)
  func aBrokenRuleIsNoticed(index: Int) {
    var package = PackageModel(
      dependencies: [],
      products: ["ResilienceCore", "ResilienceRetry", "Resilience"].map { .init(name: $0, targets: [$0]) },
      targets: [
        .init(name: "ResilienceCore", type: "library", path: "Sources/ResilienceCore"),
        .init(
          name: "ResilienceRetry", type: "library", path: "Sources/ResilienceRetry",
          targetDependencies: ["ResilienceCore"]),
        .init(
          name: "Resilience", type: "library", path: "Sources/Resilience",
          targetDependencies: ["ResilienceCore", "ResilienceRetry"]),
        .init(
          name: "ResilienceTests", type: "test", path: "Tests/ResilienceTests",
          targetDependencies: ["Resilience", "ResilienceTestKit"]),
      ])
    #expect(HouseRules.violations(in: package) == [])
    Self.broken[index].change(&package)
    #expect(HouseRules.violations(in: package).contains { $0.contains(Self.broken[index].complaint) })
  }

  @Test(arguments: [
    ("internal import Foundation", "imports Foundation"),
    ("import FoundationEssentials", "imports Foundation"),
    ("public func retry<T>(_ body: () -> T) {}", "top-level function retry"),
    ("public func withTimeout(_ limit: Duration) {}", "top-level function withTimeout"),
    ("public nonisolated(nonsending) func retry(_ times: Int) async {}", "top-level function retry"),
    ("@inlinable public func withDeadline<T>(_ limit: T) {}", "top-level function withDeadline"),
    ("internal import Foundation  // for dates", "imports Foundation"),
    (String(repeating: "\n", count: 351), "more than 350"),
  ])
  func aBrokenSourceRuleIsNoticed(text: String, complaint: String) {
    #expect(SourceRules.violations(inFile: "A.swift", text).contains { $0.contains(complaint) })
    #expect(SourceRules.violations(inTopLevel: ["Package.swift", ".ci", "notes.txt"]).count == 1)
  }

  @Test(arguments: [
    ("public struct A<Base: Handler>: HandlerDecorator {", "A is no BuiltInHandler"),
    ("public final class A<Base: Handler>: RetriesInside {", "A is no BuiltInHandler"),
    (
      "struct A<Base: Handler, Key: Hashable>: Sendable,\n  HandlerDecorator\nwhere Key: Sendable {",
      "A is no"
    ),
    ("extension A: Handler {", "A is no BuiltInHandler"),
    ("  return try await base.handle(input, context: context)", "calls base.handle"),
  ])
  func aBrokenHandlerRuleIsNoticed(text: String, complaint: String) {
    #expect(HandlerRules.violations(inFile: "A.swift", text).contains { $0.contains(complaint) })
  }

  @Test(arguments: [
    "public struct A<Base: Handler>: HandlerDecorator, BuiltInHandler {",
    "public struct A<Key: Hashable>: HandlerDecorator,\n  BuiltInHandler\n{",
    "public struct A<Check: Handler>: Sendable where Check.Input == Int {", "public enum A {",
    "/// return try await base.handle(input, context: context)", "extension Handler where Input == Void {",
    "extension A where Base: Handler {",
    "public final class ScriptedHandler<Input: Sendable, Output: Sendable>: Handler {",
  ])
  func whatKeepsTheHandlerRulesIsNotComplainedOf(text: String) {
    #expect(HandlerRules.violations(inFile: "A.swift", text) == [])
  }
}
