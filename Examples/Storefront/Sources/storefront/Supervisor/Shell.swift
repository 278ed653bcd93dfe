import Foundation
import Subprocess
import SystemPackage

/// Commands of the system, for what only it can do.
enum Shell {
  struct Failure: Error, CustomStringConvertible {
    var script: String
    var text: String
    var description: String { "\"\(script)\" failed: \(text)" }
  }

  /// Runs a script until its first failure.
  ///
  /// - Returns: What it has printed.
  /// - Throws: ``Failure``, with what it has said.
  @discardableResult
  static func run(_ script: String) async throws -> String {
    let result = try await Subprocess.run(
      .path("/bin/sh"), arguments: ["-ec", "\(pathOfRoot)\n\(script)"], input: .none,
      output: .string(limit: 1 << 20),
      error: .string(limit: 1 << 16))
    guard result.terminationStatus.isSuccess else {
      let text = result.standardError.trimmingCharacters(in: .whitespacesAndNewlines)
      throw Failure(script: script, text: text.isEmpty ? "\(result.terminationStatus)" : text)
    }
    return result.standardOutput
  }

  /// Where tools of root are, whoever has become root by.
  static let pathOfRoot = "PATH=\"$PATH:/usr/sbin:/sbin\""

  /// A text as one word of a script.
  static func quoted(_ text: String) -> String { "'\(text.replacingOccurrences(of: "'", with: "'\\''"))'" }

  /// Where a program is; `nil` where it is not installed.
  static func path(of program: String) -> String? {
    // Tools of root are in folders that not everybody's path has.
    let path = (ProcessInfo.processInfo.environment["PATH"] ?? "") + ":/usr/sbin:/sbin"
    return path.split(separator: ":").map { "\($0)/\(program)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}
