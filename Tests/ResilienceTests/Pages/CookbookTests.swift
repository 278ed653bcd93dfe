import Foundation
import ResilienceTestKit
import Testing

/// Each task of the cookbook prints what the page says, in virtual time.
@Suite(.enabled(if: Simulation.scope.contains(.tasks), "the runtime is not held here"))
struct CookbookTests {
  static let page = PageTests.pages.first { $0.name == "Cookbook" }
  static let tasks = page?.code.map(\.heading) ?? []

  @Test func thereIsARecipeForEachTask() {
    #expect(Cookbook.recipes.count == Self.tasks.count)
    #expect(Set(Self.tasks).count == 21)
  }

  @Test(arguments: 0..<21)
  func aTaskPrintsWhatThePageSays(index: Int) async throws {
    let task = Self.tasks[index]
    let printed = Printed()
    if task == "Test all of it" {
      // It has a simulation of its own.
      try await Printed.$current.withValue(printed) { try await Cookbook.recipes[index]() }
    } else {
      try Simulation(seed: 1).run { _ in
        try await Printed.$current.withValue(printed) { try await Cookbook.recipes[index]() }
      }
    }
    let lines = printed.lines
    let said = Self.page?.blocks.first { $0.heading == task && $0.language.isEmpty }
    #expect(lines.joined(separator: "\n") == said?.text, "\(task)")
  }

  /// What other pages print stands there as a block under the code, or as a comment behind it.
  @Test func thePagesPrintWhatTheySay() throws {
    let printed = try Simulation(seed: 1).run { _ in
      let (order, decorator) = (Printed(), Printed())
      _ = try await Printed.$current.withValue(order) { try await canonicalOrderPage() }
      _ = try await Printed.$current.withValue(decorator) { try await decoratorPageUse(payments) }
      return (order: order.lines, decorator: decorator.lines)
    }
    func page(_ name: String) throws -> Page { try #require(PageTests.pages.first { $0.name == name }) }
    let said = try page("CanonicalOrder").blocks.filter(\.language.isEmpty).map(\.text)
    #expect(said == printed.order)
    let comments = try page("WriteYourOwnDecorator").code.flatMap { $0.text.split(separator: "\n") }
    #expect(comments.contains { printed.decorator.count == 1 && $0.hasSuffix("// \(printed.decorator[0])") })
  }
}
