import Foundation

/// Who is told how the day goes on: a live view on a terminal, a line an hour in a pipe, or nobody.
enum DayWatch: Sendable {
  case live(LiveView, Terminal)
  case lines
  case quiet

  init(isQuiet: Bool) {
    if isQuiet {
      self = .quiet
    } else if let terminal = Terminal() {
      self = .live(LiveView(draw: terminal.draw), terminal)
    } else {
      self = .lines
    }
  }

  func show(_ moment: DayComparison.Moment) {
    switch self {
    case .live(let view, _): view.show(moment)
    case .lines:
      guard let line = PlainProgress.line(moment) else { return }
      FileHandle.standardError.write(Data("\(line)\n".utf8))
    case .quiet: break
    }
  }

  /// Uses the terminal, if there is one, for as long as `body` takes.
  func during<Result>(_ body: () async throws -> Result) async rethrows -> Result {
    guard case .live(_, let terminal) = self else { return try await body() }
    terminal.enter()
    defer { terminal.leave() }
    return try await body()
  }
}
