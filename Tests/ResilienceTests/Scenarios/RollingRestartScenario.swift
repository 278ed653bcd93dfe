import Testing

/// **A rolling restart.**
///
/// Everything is restarted, a batch at a time, while it is called. Whoever drains gets no new calls before it
/// stops, and a retry saves the calls to those that died without a word: no call fails. The large one, with a
/// thousand instances and a hundred clients, is `registry-fleet` in `Tests/Benchmarks`.
@Suite struct RollingRestartScenario {
  @Test func noCallFailsThatARetryCouldHaveSaved() throws {
    var failedAttempts = 0
    for seed in 1...4 as ClosedRange<UInt64> {
      let report = try RollingRestart(instances: 40, clients: 4, batch: 8, seed: seed).run()
      #expect(report.restarts == 40)
      #expect(report.calls > 600)
      #expect(report.failedCalls == 0, "seed \(seed)")
      failedAttempts += report.failedAttempts
      // A grant, a look and a write of the instance's, and the change's own way: each up to 50 ms, and a
      // batch before it.
      #expect(report.slowestConvergence <= .milliseconds(250), "seed \(seed)")
      // Each client is told of each change once; lists are read once a minute.
      #expect(report.changes <= 4 * (40 * 4 + 10))
      #expect(report.lists <= report.restarts + 4 * 3 + 40 * 6)
    }
    // It bites: some have died without a word, and some calls were sent to them before they came again.
    #expect(failedAttempts >= 4)
  }
}
