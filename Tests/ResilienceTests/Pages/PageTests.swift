import Foundation
import ResilienceTestKit
import Synchronization
import Testing

@Suite struct PageTests {
  static let pages: [Page] = (try? Page.all(below: packageRoot)) ?? []

  @Test func allPagesAreFound() {
    let names = Self.pages.map(\.name)
    #expect(names.count > 30)
    #expect(names.contains("README") && names.contains("Cookbook") && names.contains("ResilienceRetry"))
  }

  @Test(arguments: pages.filter { !$0.code.isEmpty })
  func everyBlockOfCodeIsCompiledAsItStands(page: Page) throws {
    let sources = try page.sources(below: packageRoot)
    let texts = try sources.map { try String(contentsOf: $0, encoding: .utf8) }
    for block in page.notCompiled(by: texts) {
      Issue.record("\(page.path), \(block.heading): not compiled:\n\(block.text)")
    }
  }

  @Test func aBlockThatIsNotCompiledIsNoticed() {
    let page = Page(
      path: "Sources/A.docc/B.md", text: "# B\n\n```swift\nlet a = 1\n```\n\n```\nno code\n```\n")
    #expect(page.name == "B")
    #expect(page.code == [Page.Block(language: "swift", text: "let a = 1", heading: "B")])
    #expect(page.notCompiled(by: ["func b() {\n  let a =\n    1\n}"]).isEmpty)
    #expect(page.notCompiled(by: ["let b = 1"]).count == 1)
    #expect(page.notCompiled(by: []).count == 1)
  }
}

@Suite struct WriteYourOwnDecoratorTests {
  @Test func thePagesLayerIsNamedAndCounts() async throws {
    let counted = try await decoratorPageUse(payments)
    #expect(counted.description == "payment: retry 3 (exponential 50 ms…20 s, full jitter) → counted")
    #expect((counted.failures, counted.others) == (0, 1))
  }

  @Test func thePagesTimedLayerSaysHowLongACallTook() throws {
    let times = Mutex<[Duration]>([])
    try Simulation(seed: 1).run { _ in
      let slow = ScriptedHandler<Void, Int>("slow", [.delay(.milliseconds(300), then: .succeed(1))])
      _ = try await TimedHandler(base: slow) { time in times.withLock { $0.append(time) } }()
    }
    #expect(times.withLock { $0 } == [.milliseconds(300)])
  }
}

extension Page: CustomTestStringConvertible {
  var testDescription: String { path }
}
