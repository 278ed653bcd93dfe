public import ResilienceCore

/// How long a piece of work may take: a duration that becomes a deadline where the work begins.
///
/// The primitive and the inline face of `.deadline`: nothing is interrupted; whatever waits below (a retry's
/// backoff, a limiter's queue, a client that reads `CallContext.current.deadline`) sees the deadline and does
/// not begin what cannot end in time.
///
/// ```swift
/// let page = try await TimeLimit(.seconds(2)).run {
///   try await render(product)   // calls made in here have at most two seconds left
/// }
/// ```
///
/// There is no inline face that interrupts: a Swift task can be cancelled but not un-cancelled, so
/// interrupting needs a child task, which the handler's `.timeout` starts.
@frozen
public struct TimeLimit: Sendable, Hashable {
  /// The limit in nanoseconds, 1 or more.
  public let nanoseconds: Int64

  /// The limit.
  public var duration: Duration { .nanoseconds(nanoseconds) }

  /// Creates a limit.
  ///
  /// - Parameter limit: More than 0, else it traps; rounded down to whole nanoseconds, but not to none. For
  ///   an instant that comes from outside tighten the call's deadline:
  ///   ``ResilienceCore/CallContext/tightenDeadline(to:)`` takes any.
  public init(_ limit: Duration) {
    precondition(limit > .zero, "a time limit must be more than 0, was \(limit)")
    nanoseconds = max(1, limit.clampedNanoseconds)
  }

  /// Creates a limit from a value that comes from outside the program, as ``init(_:)`` does from a constant.
  ///
  /// - Throws: `InvalidSetting` for 0 and less.
  public static func validated(_ limit: Duration) throws(InvalidSetting) -> TimeLimit {
    if let fault = InvalidSetting.unless(limit > .zero, "limit", limit, "more than 0s") { throw fault }
    return TimeLimit(limit)
  }

  /// What a limit says to work that is about to begin.
  @frozen
  public enum Decision: Sendable, Hashable {
    /// Begin, and be done by `deadline`: the limit's end, or the caller's deadline if that is earlier.
    case begin(deadline: Deadline)

    /// Do not begin: nobody has waited for the result since `overdueNanoseconds`.
    case refuse(overdueNanoseconds: Int64)
  }

  /// Decides whether work may begin at `now`, and by when it must be done.
  ///
  /// - Parameters:
  ///   - now: When the work would begin.
  ///   - deadline: When its caller stops waiting.
  @inlinable
  public func decision(at now: Instant, deadline: Deadline = .never) -> Decision {
    deadline.hasPassed(at: now)
      ? .refuse(overdueNanoseconds: deadline.instant.nanoseconds(to: now))
      : .begin(deadline: deadline.earlier(Deadline(at: now.advanced(byNanoseconds: nanoseconds))))
  }

  /// Runs `body` with a deadline that ends with this limit, or with the caller's if that is earlier.
  ///
  /// The body runs where the caller runs: inside an actor it may touch the actor's state, and its result need
  /// not be `Sendable`. A body that ends late has its result returned all the same.
  ///
  /// - Throws: What the body throws; ``DeadlineExceeded`` when the caller's deadline has passed already.
  @inlinable
  public nonisolated(nonsending) func run<Value>(
    _ body: nonisolated(nonsending) () async throws -> Value
  ) async throws -> Value {
    var context = CallContext.current
    try begin(&context)
    guard context.isChanged else { return try await body() }
    return try await CallContext.withCurrent(context) { try await body() }
  }

  /// Tightens the deadline of `context`, or refuses.
  @usableFromInline
  @inline(never)
  func begin(_ context: inout CallContext, name: @autoclosure () -> String = "") throws(DeadlineExceeded) {
    switch decision(at: context.now, deadline: context.deadline) {
    case .begin(let deadline):
      context.tightenDeadline(to: deadline)
    case .refuse(let overdue):
      let refusal = DeadlineExceeded(call: name(), overdue: .nanoseconds(overdue))
      context.emit(TimeoutEvent.refused(call: refusal.call, overdue: refusal.overdue))
      throw refusal
    }
  }
}

extension TimeLimit: CustomStringConvertible {
  /// The limit as a whole number and a unit, such as `3 s`.
  public var description: String { duration.unitText }
}
