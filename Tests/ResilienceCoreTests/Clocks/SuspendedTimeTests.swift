#if os(Linux)
  import Foundation
  import ResilienceCore
  import Testing

  /// Time that passes while the machine is suspended. Tests cannot suspend a machine, but Linux can start a
  /// process in which it looks as if it had been.
  @Suite struct SuspendedTimeTests {
    /// "The uptime of the system (including time spent in suspend)", in whole hundredths of a second:
    /// proc(5).
    @Test func row70_theClockIsTheTimeSinceTheMachineWasBooted() throws {
      let before = try uptime()
      let now = Double(SystemClock.read().nanoseconds) / 1e9
      let after = try uptime()
      #expect(before <= now && now <= after + 0.011)
    }

    @Test(.enabled(if: SuspendedProcess.isPossible, "needs `unshare --time`"))
    func row70_aDayOfSuspensionIsADay() throws {
      let before = SystemClock.read()
      let (woken, slept) = try SuspendedProcess.run("SuspendedProcessProbe")
      let passed = before.duration(to: woken)
      #expect(passed >= .seconds(86_400))
      #expect(passed < .seconds(86_400 + 60))
      // A timer that waits on another clock than it is armed on would wait for a day.
      #expect(woken.duration(to: slept) < .seconds(60))
    }

    private func uptime() throws -> Double {
      let text = try String(contentsOfFile: "/proc/uptime", encoding: .utf8)
      return try #require(text.split(separator: " ").first.flatMap { Double($0) })
    }
  }

  /// What is run by the test above, in a process of its own, and by nobody else.
  @Suite(.enabled(if: SuspendedProcess.output != nil, "run by another test"))
  struct SuspendedProcessProbe {
    @Test func readsTheClockAndSleeps() async throws {
      let output = try #require(SuspendedProcess.output)
      let clock = SystemClock()
      let woken = clock.now
      try await clock.sleep(for: .milliseconds(10))
      let text = "\(woken.nanoseconds) \(clock.now.nanoseconds)"
      try text.write(toFile: output, atomically: true, encoding: .utf8)
    }
  }

  /// This program once more, with a day of suspension behind it.
  private enum SuspendedProcess {
    private static let variable = "RESILIENCE_SUSPENDED_PROCESS"
    private static let command = ["unshare", "--map-root-user", "--time", "--boottime", "86400"]

    /// Where the process writes what it found.
    static let output = ProcessInfo.processInfo.environment[variable]

    static let isPossible = output == nil && (try? start(command + ["true"], environment: [:])) == 0

    /// - Returns: When the process read the clock, and when it had slept.
    static func run(_ filter: String) throws -> (woken: Instant, slept: Instant) {
      let output = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
      defer { try? FileManager.default.removeItem(atPath: output) }
      let itself = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
      let status = try start(
        command + [itself, "--testing-library", "swift-testing", "--filter", filter],
        environment: [variable: output])
      try #require(status == 0)
      let text = try String(contentsOfFile: output, encoding: .utf8)
      let numbers = text.split(separator: " ").compactMap { Int64($0) }
      try #require(numbers.count == 2)
      return (Instant(nanoseconds: numbers[0]), Instant(nanoseconds: numbers[1]))
    }

    private static func start(_ command: [String], environment: [String: String]) throws -> Int32 {
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
