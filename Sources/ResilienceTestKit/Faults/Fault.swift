public import ResilienceCore

/// One thing that a ``FaultInjector`` does to calls, how often, and when.
///
/// Faults of latency and behaviour come on top of the call; an error or a value comes in place of it: the
/// call is not made. An outcome fault makes the call and replaces what came of it: the way to lose an answer
/// after the work was done.
public struct Fault<Output: Sendable>: Sendable {
  typealias Replacement = @Sendable (Result<Output, any Error>) throws -> Output
  typealias Behaviour = nonisolated(nonsending) @Sendable (CallContext) async throws -> Void

  enum Kind: Sendable {
    case error(any Error)
    case value(Output)
    case latency(LatencyDistribution)
    case outcome(Replacement)
    case behaviour(Behaviour)
  }

  /// What events and metrics call it: `error`, `value`, `latency`, `outcome`, `hang`, or the name that a
  /// behaviour was given.
  public let name: String

  /// The share of calls that it hits, 0 to 1.
  public let rate: Double

  /// When it hits, measured from the moment the injector was switched on; `nil` means always.
  public let window: Range<Duration>?

  let kind: Kind
  private let chance: Rate
  private let compiledWindow: TimeWindow

  private init(_ name: String, _ kind: Kind, _ rate: Double, _ window: Range<Duration>?) {
    self.name = name
    self.kind = kind
    self.rate = rate
    self.window = window
    chance = Rate(rate, of: "the fault \"\(name)\"")
    compiledWindow = TimeWindow(window)
  }

  /// Whether it hits a call that is made so long after the injector was switched on.
  func hits(atNanoseconds elapsed: Int64, drawing draw: () -> UInt64) -> Bool {
    compiledWindow.contains(elapsed) && chance.happens(drawing: draw)
  }
}

extension Fault {
  /// Throws in place of the call.
  ///
  /// - Parameters:
  ///   - error: What is thrown.
  ///   - rate: The share of calls, 0 to 1. Default: all.
  ///   - window: When, measured from switching on. Default: always.
  public static func error(_ error: any Error, rate: Double = 1, during window: Range<Duration>? = nil)
    -> Fault
  {
    Fault("error", .error(error), rate, window)
  }

  /// Returns a value in place of the call.
  ///
  /// - Parameters:
  ///   - value: What is returned.
  ///   - rate: The share of calls, 0 to 1. Default: all.
  ///   - window: When, measured from switching on. Default: always.
  public static func value(_ value: Output, rate: Double = 1, during window: Range<Duration>? = nil) -> Fault
  {
    Fault("value", .value(value), rate, window)
  }

  /// Waits before the call.
  ///
  /// - Parameters:
  ///   - latency: How long.
  ///   - rate: The share of calls, 0 to 1. Default: all.
  ///   - window: When, measured from switching on. Default: always.
  public static func latency(
    _ latency: LatencyDistribution, rate: Double = 1, during window: Range<Duration>? = nil
  ) -> Fault {
    Fault("latency", .latency(latency), rate, window)
  }

  /// Makes the call, and replaces what came of it: an acknowledgement that is lost, an answer that is
  /// damaged.
  ///
  /// - Parameters:
  ///   - rate: The share of calls, 0 to 1. Default: all.
  ///   - window: When, measured from switching on. Default: always.
  ///   - replace: Turns what came of the call into what the caller gets.
  public static func outcome(
    rate: Double = 1, during window: Range<Duration>? = nil,
    _ replace: @escaping @Sendable (_ result: Result<Output, any Error>) throws -> Output
  ) -> Fault {
    Fault("outcome", .outcome(replace), rate, window)
  }

  /// Runs a closure before the call; when it throws, the call is not made.
  ///
  /// - Parameters:
  ///   - name: What events and metrics call it. Default: `behaviour`.
  ///   - rate: The share of calls, 0 to 1. Default: all.
  ///   - window: When, measured from switching on. Default: always.
  ///   - behaviour: Anything: empty a cache, take a lock, block.
  public static func behaviour(
    _ name: String = "behaviour", rate: Double = 1, during window: Range<Duration>? = nil,
    _ behaviour:
      nonisolated(nonsending) @escaping @Sendable (_ context: CallContext) async throws -> Void
  ) -> Fault {
    Fault(name, .behaviour(behaviour), rate, window)
  }

  /// Waits until the caller cancels, in place of the call.
  ///
  /// - Parameters:
  ///   - rate: The share of calls, 0 to 1. Default: all.
  ///   - window: When, measured from switching on. Default: always.
  public static func hang(rate: Double = 1, during window: Range<Duration>? = nil) -> Fault {
    .behaviour("hang", rate: rate, during: window) { _ in
      try await Waiter("Fault.hang").waitForCancellation()
    }
  }
}
