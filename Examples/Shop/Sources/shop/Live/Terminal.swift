import Foundation

/// The terminal behind the standard error. While it is in use it shows its other screen, without a cursor.
final class Terminal: Sendable {
  struct Size {
    var rows: Int
    var columns: Int
  }

  /// `nil` when the standard error is no terminal, or one that cannot move its cursor.
  init?() {
    let kind = ProcessInfo.processInfo.environment["TERM"] ?? ""
    guard isatty(STDERR_FILENO) == 1, !kind.isEmpty, kind != "dumb" else { return nil }
  }

  /// Begins to use the screen; it is given back at ``leave()``, and when somebody ends the process.
  func enter() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number) { number in
        // Only what is safe in a signal's handler: no allocation, no lock.
        let restore: StaticString = "\u{1B}[?25h\u{1B}[?1049l"
        _ = write(STDERR_FILENO, restore.utf8Start, restore.utf8CodeUnitCount)
        signal(number, SIG_DFL)
        raise(number)
      }
    }
    put("\u{1B}[?1049h\u{1B}[?25l")
  }

  func leave() {
    put("\u{1B}[?25h\u{1B}[?1049l")
    for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_DFL) }
  }

  func draw(_ lines: [String]) {
    put(Self.frame(lines, Self.size))
  }

  /// What draws lines over what is on the screen, without an empty screen between: from the top, each line
  /// cleared to its end, then the rest of the screen.
  static func frame(_ lines: [String], _ size: Size) -> String {
    let shown = lines.prefix(max(1, size.rows)).map { TerminalText.escaped(String($0.prefix(size.columns))) }
    return "\u{1B}[H" + shown.map { "\($0)\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J"
  }

  private static var size: Size {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0, size.ws_col > 0 else {
      return Size(rows: 24, columns: 80)
    }
    return Size(rows: Int(size.ws_row), columns: Int(size.ws_col))
  }

  private func put(_ text: String) {
    // In one go: a frame is seen as a whole.
    FileHandle.standardError.write(Data(text.utf8))
  }
}
