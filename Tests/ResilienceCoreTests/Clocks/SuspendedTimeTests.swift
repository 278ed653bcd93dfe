#if os(Linux)
  import Foundation
  import ResilienceCore
  import ResilienceTestSupport
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
      let text = try OtherProcess.run("SuspendedProcessProbe", within: SuspendedProcess.command)
      let instants = text.split(separator: " ").compactMap { Int64($0) }.map(Instant.init(nanoseconds:))
      try #require(instants.count == 2)
      let (woken, slept) = (instants[0], instants[1])
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
  @Suite(.enabled(if: OtherProcess.output != nil, "run by another test"))
  struct SuspendedProcessProbe {
    @Test func readsTheClockAndSleeps() async throws {
      let clock = SystemClock()
      let woken = clock.now
      try await clock.sleep(for: .milliseconds(10))
      try OtherProcess.report("\(woken.nanoseconds) \(clock.now.nanoseconds)")
    }
  }

  /// A process with a day of suspension behind it.
  private enum SuspendedProcess {
    static let command = ["unshare", "--map-root-user", "--time", "--boottime", "86400"]

    static let isPossible = OtherProcess.output == nil && (try? OtherProcess.start(command + ["true"])) == 0
  }
#endif
