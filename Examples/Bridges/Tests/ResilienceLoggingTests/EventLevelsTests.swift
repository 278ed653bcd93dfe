import Foundation
import Logging
import ResilienceLogging
import Testing

@Suite struct EventLevelsTests {
  /// The names of the events, as the toolkit's page of names lists them.
  private static let names: [String] = {
    let root = URL(filePath: #filePath).appending(path: "../../../../..").standardized
    let page = root.appending(path: "Sources/ResilienceCore/ResilienceCore.docc/SignalNames.md")
    let lines = (try? String(contentsOf: page, encoding: .utf8))?.split(separator: "\n") ?? []
    return lines.filter { $0.hasPrefix("- Events: ") }.flatMap { line in
      line.dropFirst("- Events: ".count).split(separator: ", ").map { String($0.dropFirst().dropLast()) }
    }
  }()

  /// An event that is new in the toolkit needs a level here: it fails until it has one.
  @Test func everyEventOfTheToolkitHasALevel() {
    #expect(Self.names.count > 50)
    #expect(Self.names.filter { !EventLevels.standard.names($0) } == [])
  }

  @Test(arguments: [
    ("retry.scheduled", Logger.Level.debug), ("circuit_breaker.rejected", .debug), ("retry.gave_up", .info),
    ("circuit_breaker.closed", .notice), ("circuit_breaker.opened", .warning),
    ("event_bus.dead_lettered", .error),
    ("span.attribute", .trace), ("mine.happened", .info),
  ])
  func aKindHasItsLevel(name: String, level: Logger.Level) {
    #expect(EventLevels.standard[name] == level)
  }

  @Test func aLevelCanBeChanged() {
    var levels = EventLevels.standard
    levels["retry.scheduled"] = .info
    levels.others = .debug
    #expect(levels["retry.scheduled"] == .info)
    #expect(levels["mine.happened"] == .debug)
  }
}
