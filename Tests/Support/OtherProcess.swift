#if os(Linux)
  import Foundation

  /// This test program once more, in a process of its own, which runs one suite and reports a text.
  package enum OtherProcess {
    package struct Failed: Error {
      package let command: [String]
      package let status: Int32
    }

    private static let variable = "RESILIENCE_OTHER_PROCESS"

    /// Where the suite that is run in another process writes; `nil` where the tests themselves run.
    package static let output = ProcessInfo.processInfo.environment[variable]

    /// Runs a suite, which is enabled where ``output`` is not `nil`.
    ///
    /// - Returns: What it has reported.
    package static func run(_ suite: String, within command: [String] = []) throws -> String {
      let output = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
      defer { try? FileManager.default.removeItem(atPath: output) }
      let itself = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
      let command = command + [itself, "--testing-library", "swift-testing", "--filter", suite]
      let status = try start(command, environment: [variable: output])
      guard status == 0 else { throw Failed(command: command, status: status) }
      return try String(contentsOfFile: output, encoding: .utf8)
    }

    /// What the suite in the other process has found.
    package static func report(_ text: String) throws {
      guard let output else { return }
      try text.write(toFile: output, atomically: true, encoding: .utf8)
    }

    /// - Returns: The command's status.
    package static func start(_ command: [String], environment: [String: String] = [:]) throws -> Int32 {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = command
      process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      return process.terminationStatus
    }
  }
#endif
