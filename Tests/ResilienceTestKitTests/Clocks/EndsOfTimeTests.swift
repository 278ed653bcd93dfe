import ResilienceCore
import Testing

@testable import ResilienceTestKit

/// Instants, durations and counts from both ends of their ranges: nothing traps, and nothing goes on for
/// ever.
@Suite struct EndsOfTimeTests {
  @Test func row73_aManualClockRunsWhatIsDueAndNothingElse() {
    for seed in 0..<2000 as Range<UInt64> {
      let extremes = Extremes(seed: seed)
      let clock = ManualClock(now: extremes.instant(), unixTime: UnixTime(nanoseconds: extremes.int64()))
      let ran = Log<Int>()
      var timers: [(due: Instant, token: TimerToken, isCancelled: Bool)] = []
      for number in 0..<12 {
        let (before, due) = (clock.now, extremes.instant())
        timers.append((due, clock.schedule(at: due) { ran.append(number) }, false))
        if extremes.choice(of: 4) == 0 { timers[number].isCancelled = clock.cancel(timers[number].token) }
        clock.advance(by: max(.zero, extremes.duration()))
        #expect(clock.now >= before)
        _ = clock.unixTime.description
      }
      let due = timers.indices.filter { timers[$0].due <= clock.now && !timers[$0].isCancelled }
      #expect(ran.entries.sorted() == due, "seed \(seed)")
    }
  }

  @Test func row73_aManualClocksSleepersWakeAtTheEndOfTime() async throws {
    for now in [Int64.min, -1, .max - 1, .max] {
      let clock = ManualClock(now: Instant(nanoseconds: now))
      try await withThrowingTaskGroup(of: Void.self) { group in
        for duration in [Duration(attoseconds: .min), .zero, .nanoseconds(1), Duration(attoseconds: .max)] {
          group.addTask { try await clock.sleep(for: duration) }
        }
        try await clock.waitForSleepers(now == .max ? 0 : 2)
        clock.advance(by: Duration(attoseconds: .max))
        clock.advance(by: Duration(attoseconds: .max))
        try await group.waitForAll()
      }
      #expect(clock.sleeperCount == 0)
    }
  }

  /// All but the end itself: what sleeps until then never wakes.
  @Test func row73_aSimulationSleepsUntilAnyInstantBeforeTheEndOfTime() throws {
    for seed in 0..<300 as Range<UInt64> {
      let extremes = Extremes(seed: seed)
      let simulation = Simulation(
        seed: seed, startingAt: UnixTime(nanoseconds: extremes.int64()), stepLimit: 1000)
      let isEndless = Log<Instant>()
      let run = Result {
        try simulation.run { sim in
          for _ in 0..<6 {
            let (before, duration) = (sim.now, extremes.duration())
            let target = before.advanced(by: max(.zero, duration))
            if target == Instant(nanoseconds: .max), target > before { isEndless.append(before) }
            try await extremes.choice(of: 2) == 0 ? sim.sleep(for: duration) : sim.advance(by: duration)
            #expect(sim.now == target, "seed \(seed)")
            _ = CallContext.current.clock.unixTime.description
          }
        }
      }
      switch run {
      case .success: #expect(isEndless.entries.isEmpty, "seed \(seed)")
      case .failure(let error as SimulationError):
        #expect(error.reason == .deadlock)
        #expect(isEndless.entries == [error.instant], "seed \(seed)")
      case .failure(let error): throw error
      }
    }
  }

  @Test func row73_latenciesStayWithinTheirRange() {
    let extremes = Extremes(seed: 1)
    for _ in 0..<20_000 {
      let draw = UInt64(bitPattern: extremes.int64())
      let (one, other) = (max(.zero, extremes.duration()), max(.zero, extremes.duration()))
      let (least, most) = (min(one, other), max(one, other))
      let uniform = LatencyDistribution.uniform(least...most).nanoseconds { draw }
      #expect((least.clampedNanoseconds...most.clampedNanoseconds).contains(uniform))
      #expect(LatencyDistribution.exponential(mean: most).sample(draw: draw) >= .zero)
      #expect(LatencyDistribution.constant(most).nanoseconds { draw } == most.clampedNanoseconds)
    }
  }

  private static func window(_ extremes: Extremes) -> Range<Duration>? {
    let (one, other) = (extremes.duration(), extremes.duration())
    return extremes.choice(of: 4) == 0 ? nil : min(one, other)..<max(one, other)
  }

  private static func latency(_ extremes: Extremes) -> LatencyDistribution {
    let most = max(.zero, extremes.duration())
    return [.constant(most), .uniform(.zero...most), .exponential(mean: most)][extremes.choice(of: 3)]
  }

  @Test func row73_aSimulatedServiceAccountsForEveryCallAtTheEndsOfTime() throws {
    for seed in 0..<300 as Range<UInt64> {
      let extremes = Extremes(seed: seed)
      let factor = [Double.leastNonzeroMagnitude, 1, 1e9, .greatestFiniteMagnitude][extremes.choice(of: 4)]
      let service = SimulatedService<Int, Int>(
        "stock", workers: extremes.choice(of: 2) == 0 ? 1 : .max, queueLimit: extremes.choice(of: 3),
        latency: Self.latency(extremes),
        faults: [
          .slow(by: factor, during: Self.window(extremes)),
          .down(during: Self.window(extremes) ?? .zero ..< .zero),
          .errors(rate: 0.5, during: Self.window(extremes)),
        ], dropsExpiredWork: true
      ) { $0 }
      try untilTheEndOfTime(seed: seed, stepLimit: 10_000) { sim in
        await withTaskGroup { group in
          for number in 0..<6 {
            let (delay, deadline) = (extremes.duration(), Deadline(at: extremes.instant()))
            group.addTask {
              try? await sim.sleep(for: delay)
              var context = CallContext.current
              context.tightenDeadline(to: deadline)
              _ = try? await service.handle(number, context: context)
            }
          }
        }
      }
      let snapshot = service.snapshot()
      #expect(snapshot.offered == 6)
      #expect(
        snapshot.completedInTime + snapshot.wasted + snapshot.failed + snapshot.rejected + snapshot.expired
          == 6, "seed \(seed): \(snapshot)")
    }
  }

  @Test func row73_faultsScriptsAndLinksTakeAnyWindow() throws {
    for seed in 0..<300 as Range<UInt64> {
      let extremes = Extremes(seed: seed)
      let injector = FaultInjector<Int>(
        "chaos",
        [
          .latency(Self.latency(extremes), rate: 0.5, during: Self.window(extremes)),
          .value(2, rate: 0.5, during: Self.window(extremes)),
        ])
      let network = SimulatedNetwork(
        NetworkLink(
          delay: Self.latency(extremes), partitions: [Self.window(extremes)].compactMap { $0 }))
      let script = ScriptedHandler<Int, Int>(
        "script",
        during: [Self.window(extremes)].compactMap { window in
          window.map { ($0, .delay(extremes.duration(), then: .succeed(1))) }
        }, otherwise: .succeed(3))
      injector.switchOn(at: extremes.instant())
      try Simulation(seed: seed, stepLimit: 10_000).run { sim in
        let call = script.faults(injector).link(network, from: "a", to: "b")
        await withTaskGroup { group in
          for number in 0..<4 {
            let delay = extremes.duration()
            group.addTask {
              try? await sim.sleep(for: delay)
              _ = try? await call(number)
            }
          }
          // What was lost is waited for until the caller gives up.
          try? await CallContext.current.clock.sleep(until: Instant(nanoseconds: .max - 1))
          group.cancelAll()
        }
      }
      let requests = network.snapshot().links.filter { $0.from == "a" }
      #expect(
        injector.snapshot().calls <= requests.reduce(0) { $0 + UInt64($1.sent - $1.lost) }, "seed \(seed)")
      #expect(script.callCount <= injector.snapshot().calls)
    }
  }

  @Test(arguments: [[1: -1], [.min: .max, 2: .max], [3: .min, .max: -5, 4: 7]])
  func row73_aReplayTakesAnyDecisions(decisions: [Int: Int]) throws {
    let order = try Simulation.replay(decisions) { _ in
      let order = Log<Int>()
      await withTaskGroup { group in
        for task in 0..<3 { group.addTask { order.append(task) } }
      }
      return order.entries
    }
    #expect(order.sorted() == [0, 1, 2])
  }
}
