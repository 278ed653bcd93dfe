/// The rules of the house about who may depend on whom. Each violation is a sentence.
enum HouseRules {
  static let core = "ResilienceCore"
  static let umbrella = "Resilience"
  static let testKit = "ResilienceTestKit"
  /// What the test kit can only say in C.
  static let testKitsC = "CResilienceSimulation"

  static func violations(in package: PackageModel) -> [String] {
    package.dependencies.map { "the root manifest names the package \($0.identity): it has none" }
      + names(package) + products(package) + arrows(package)
  }

  private static func names(_ package: PackageModel) -> [String] {
    let vended = package.products.map(\.name) + package.products.flatMap(\.targets)
    return Set(vended).sorted().filter { !$0.hasPrefix(umbrella) }.map {
      "\($0) is not prefixed \(umbrella): target names are global to a user's whole package graph"
    }
  }

  private static func products(_ package: PackageModel) -> [String] {
    package.targets.filter { $0.path.hasPrefix("Sources/") && $0.name != testKitsC }.flatMap {
      target -> [String] in
      var problems: [String] = []
      if target.type != "library" { problems.append("\(target.name) is not a library but \(target.type)") }
      if !package.products.contains(where: { $0.name == target.name && $0.targets == [target.name] }) {
        problems.append("\(target.name) is not a product of its own")
      }
      return problems
    }
  }

  private static func arrows(_ package: PackageModel) -> [String] {
    package.targets.filter { $0.path.hasPrefix("Sources/") }.flatMap { target -> [String] in
      let foreign = (target.productDependencies ?? []).map { "\(target.name) depends on the product \($0)" }
      return foreign + (target.targetDependencies ?? []).compactMap { arrow(from: target.name, to: $0) }
    }
  }

  private static func arrow(from target: String, to other: String) -> String? {
    switch target {
    case core: "\(core) depends on \(other): it depends on nothing"
    case testKitsC: "\(testKitsC) depends on \(other): it depends on nothing"
    case testKit where other == testKitsC: nil
    case umbrella: other == testKit ? "\(umbrella) depends on \(testKit)" : nil
    default: other == core ? nil : "\(target) depends on \(other): a module depends on \(core) alone"
    }
  }
}
