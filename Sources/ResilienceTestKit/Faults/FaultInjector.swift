public import ResilienceCore
public import Synchronization

/// Breaks calls on purpose, by rate or by schedule, while it is switched on.
///
/// A fallback that has never run does not work. An injector around a call makes its failures happen when
/// people are awake: in a test, in a simulation, or in production for one call in a thousand. It is off until
/// it is switched on, and then costs one atomic load a call; chance and time come from the call's context, so
/// in a simulation the seed decides who is hit.
///
/// ```swift
/// let chaos = FaultInjector<Receipt>("payment", [
///   .latency(.exponential(mean: .milliseconds(300)), rate: 0.05),
///   .error(Unavailable(), during: .seconds(60) ..< .seconds(90)),   // counted from switching on
/// ])
/// let charge = payment.faults(chaos).timeout(.seconds(1)).retry()
///
/// chaos.switchOn()
/// ```
public final class FaultInjector<Output: Sendable>: Sendable {
  private struct Counts {
    var calls: UInt64 = 0
    var hits: [UInt64]
  }

  /// The name, for events and metrics; empty when unnamed.
  public let name: String

  /// What may hit a call. They are asked in this order, each on its own: one call may be delayed and then
  /// fail.
  public let faults: [Fault<Output>]

  let givesContext: Bool

  /// When it was switched on, in the clock's nanoseconds; the least value when it is off.
  @usableFromInline let onSince = Atomic<Int64>(.min)
  private let counts: Lock<Counts>
  private let eventQueue: EventQueue<FaultEvent>

  /// Creates an injector that is off.
  ///
  /// - Parameters:
  ///   - name: For events and metrics; empty when unnamed.
  ///   - faults: What may hit a call, in the order in which they are asked.
  ///   - onEvent: Is told when it is switched and when a call is hit, in order. Default: nobody.
  public init(
    _ name: String, _ faults: [Fault<Output>], onEvent: (@Sendable (FaultEvent) -> Void)? = nil
  ) {
    self.name = name
    self.faults = faults
    givesContext = faults.contains { if case .behaviour = $0.kind { true } else { false } }
    counts = Lock(Counts(hits: Array(repeating: 0, count: faults.count)))
    eventQueue = EventQueue(onEvent)
  }

  /// Whether faults may hit.
  @inlinable
  @inline(__always)
  public var isOn: Bool { onSince.load(ordering: .relaxed) != .min }

  /// Lets faults hit from now on; their windows are counted from here. Does nothing when it is on.
  ///
  /// - Parameter now: The present instant. Default: that of `CallContext.current`.
  public func switchOn(at now: Instant = CallContext.current.readClock()) {
    let since = max(now.nanoseconds, .min + 1)
    turn(from: { $0 == .min }, to: since, .switchedOn(injector: name))
  }

  /// Lets no fault hit any more. Calls that are being delayed stay delayed. Does nothing when it is off.
  public func switchOff() {
    turn(from: { $0 != .min }, to: .min, .switchedOff(injector: name))
  }

  /// What it has done so far.
  public func snapshot() -> FaultInjectorSnapshot {
    let counts = counts.withLock { $0 }
    return FaultInjectorSnapshot(
      injector: name, isOn: isOn, calls: counts.calls, faults: faults.map(\.name), hits: counts.hits)
  }

  private func turn(from isExpected: (Int64) -> Bool, to value: Int64, _ event: FaultEvent) {
    counts.withLock { _ in
      guard isExpected(onSince.load(ordering: .relaxed)) else { return }
      onSince.store(value, ordering: .relaxed)
      eventQueue.enqueue(event)
    }
    eventQueue.drain()
  }
}

// MARK: - Calls

extension FaultInjector {
  /// Makes a call with whatever hits it.
  @usableFromInline
  @inline(never)
  nonisolated(nonsending) func inject<Base: Handler>(
    into base: Base, _ input: Base.Input, _ context: CallContext
  ) async throws -> Output where Base.Output == Output {
    var context = context
    var replacements: [Fault<Output>.Replacement] = []
    counts.withLock { $0.calls += 1 }
    for position in faults.indices where applies(position, context) {
      switch faults[position].kind {
      case .error(let error): throw error
      case .value(let value): return value
      case .outcome(let replace): replacements.append(replace)
      case .latency(let latency):
        try await context.clock.sleep(for: .nanoseconds(latency.nanoseconds(drawing: context.random)))
      case .behaviour(let behaviour):
        let present = context
        try await CallContext.withCurrent(present) { try await behaviour(present) }
      }
      // Time has passed: the layers inside must read the clock again.
      context.forgetNow()
    }
    guard !replacements.isEmpty else { return try await base.perform(input, in: context) }
    var result: Result<Output, any Error>
    do {
      result = .success(try await base.perform(input, in: context))
    } catch {
      result = .failure(error)
    }
    for replace in replacements {
      let seen = result
      result = Result { try replace(seen) }
    }
    return try result.get()
  }

  private func applies(_ position: Int, _ context: CallContext) -> Bool {
    let fault = faults[position]
    let since = Instant(nanoseconds: onSince.load(ordering: .relaxed))
    guard since.nanoseconds != .min,
      fault.hits(atNanoseconds: since.nanoseconds(to: context.readClock()), drawing: context.random)
    else { return false }
    let event = FaultEvent.injected(injector: name, fault: fault.name)
    counts.withLock { counts in
      counts.hits[position] += 1
      eventQueue.enqueue(event)
    }
    eventQueue.drain()
    context.emit(event)
    return true
  }
}
