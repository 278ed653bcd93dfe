/// What one call knows about itself: its deadline, its identity, its attempt, its trace.
///
/// Handed down by value from layer to layer and never up: a layer that changes it changes what the layers
/// inside it see, and nothing else. It holds no reference, so copying it is free. The code at the leaf reads
/// it as ``current`` or takes it as the second argument of its closure.
public struct CallContext: Sendable, BitwiseCopyable {
  @usableFromInline package var inherited: InheritedContext
  @usableFromInline package var identity: CallIdentity
  // 32 bits each, so that no padding is left: the compiler carries padding across every await.
  @usableFromInline var attemptNumber: UInt32
  @usableFromInline var attemptLimit: UInt32
  /// What ``now`` has read.
  @usableFromInline package var knownNow: KnownInstant

  @inlinable
  package init(inherited: InheritedContext) {
    self.inherited = inherited
    identity = .unclaimed
    attemptNumber = 1
    attemptLimit = 1
    knownNow = .none
  }

  /// When the caller stops waiting. Tighten it with ``tightenDeadline(to:)``.
  @inlinable
  public var deadline: Deadline { inherited.deadline }

  /// The span that whatever is started from here belongs to.
  @inlinable
  public var trace: TraceIDs { inherited.trace }

  /// Whether somebody wants to be told of events; ``emit(_:)`` tests it.
  @inlinable
  public var isObserved: Bool { inherited.observer != .none }

  /// 0 when nobody observes; for those that test it together with something else.
  @inlinable
  package var observerBits: UInt32 { inherited.observer.rawValue }

  @inlinable
  package var isChanged: Bool { flags.contains(.changed) }

  /// What the leaf binds. Out of line: else its parts would be stored for every call, also for those that
  /// bind nothing.
  @usableFromInline
  @inline(never)
  func inheritedUnchanged() -> InheritedContext { inherited.unchanged }

  /// The same context after it was bound.
  @inlinable
  package var bound: CallContext {
    var context = self
    context.inherited = inherited.unchanged
    return context
  }

  @inlinable
  package var flags: CallFlags {
    get { inherited.flags }
    set { inherited.flags = newValue }
  }
}

// MARK: - Changing what the inner layers see

extension CallContext {
  /// Sets the deadline to the earlier of the present one and `deadline`.
  @inlinable
  public mutating func tightenDeadline(to deadline: Deadline) {
    guard deadline.instant < self.deadline.instant else { return }
    inherited.deadline = deadline
    flags.insert(.changed)
  }

  /// Takes the deadline away, for work that several callers wait for: none of them may cut it short for the
  /// others.
  @inlinable
  package mutating func dropDeadline() {
    guard !deadline.isNever else { return }
    inherited.deadline = .never
    flags.insert(.changed)
  }

  /// Makes `trace` the span that inner layers and nested calls belong to.
  @inlinable
  public mutating func enterSpan(_ trace: TraceIDs) {
    inherited.trace = trace
    flags.insert(.changed)
  }

  /// Lets the observer be told of attempts and decisions of the inner layers and of nested calls. Whoever
  /// registered it keeps it registered until the call has ended.
  @inlinable
  package mutating func observe(with observer: ObserverHandle) {
    inherited.observer = observer
    flags.insert(.changed)
  }

  /// Forgets the time, after a wait on the way down.
  @inlinable
  package mutating func forgetNow() {
    knownNow = .none
  }
}

// MARK: - Time and chance

extension CallContext {
  /// The present instant, read from the clock once and then shared by the layers below.
  ///
  /// Valid on the way down only: after an `await`, and to measure how long something took, use
  /// ``readClock()``, since this stays what it was. It notes what it has read, so it needs a `var`; elsewhere
  /// write `CallContext.current.readClock()`.
  @inlinable
  public var now: Instant {
    mutating get {
      if let now = knownNow.instant { return now }
      let now = readClock()
      knownNow = KnownInstant(now)
      return now
    }
  }

  /// Reads the clock afresh.
  @inlinable
  public func readClock() -> Instant {
    flags.contains(.environment) ? Self.environmentNow() : SystemClock.read()
  }

  /// The next 64 random bits.
  @inlinable
  @inline(__always)
  public func random() -> UInt64 {
    flags.contains(.environment) ? Self.environmentRandom() : SystemRandomSource().next()
  }

  /// A random number for ids, never 0.
  @inlinable
  @inline(__always)
  package func makeID() -> UInt64 {
    CallIdentity(drawing: random()).bits
  }

  /// The clock to wait on.
  public var clock: any ResilienceClock {
    flags.contains(.environment) ? Self.environment?.clock ?? .system : .system
  }

  /// Where a pattern must start its tasks; `nil` leaves it to the runtime.
  @inlinable
  public var executor: (any TaskExecutor)? {
    flags.contains(.environment) ? Self.environmentExecutor() : nil
  }

  @usableFromInline
  @inline(never)
  static func environmentNow() -> Instant {
    Self.environment?.clock.now ?? SystemClock.read()
  }

  @usableFromInline
  @inline(never)
  static func environmentRandom() -> UInt64 {
    Self.environment?.random.next() ?? SystemRandomSource().next()
  }

  @usableFromInline
  @inline(never)
  static func environmentExecutor() -> (any TaskExecutor)? {
    Self.environment?.executor
  }
}

// MARK: - Observation

extension CallContext {
  /// Tells the observer of a decision. One test when nobody observes: the event is not even made.
  @inlinable
  public func emit(_ event: @autoclosure () -> some ResilienceEvent) {
    if isObserved { Self.record(event(), in: self) }
  }

  /// Tells the observer that an attempt begins; the observer may give it a span of its own.
  ///
  /// - Parameter maker: What makes it: ``CallFlags/hedgeTry``, ``CallFlags/delivery``. Default: a retry.
  @inlinable
  package mutating func attemptBegan(of maker: CallFlags = []) {
    if isObserved { Self.attemptBegan(&self, of: maker) }
  }

  /// Tells the observer how an attempt ended. `self` is the attempt's context, `call` the one it was made
  /// from.
  @inlinable
  package func attemptEnded(of call: CallContext, _ outcome: Outcome, error: (any Error)?) {
    if isObserved { Self.attemptEnded(self, of: call, outcome, error) }
  }
}

extension CallContext {
  @usableFromInline
  @inline(never)
  static func record(_ event: some ResilienceEvent, in context: CallContext) {
    context.inherited.observer.observer?.record(event, in: context)
  }

  @usableFromInline
  @inline(never)
  static func attemptBegan(_ context: inout CallContext, of maker: CallFlags) {
    // A nested call inherits what its caller's attempt is.
    context.flags.subtract(.otherAttempts)
    context.flags.formUnion(maker)
    context.inherited.observer.observer?.attemptBegan(&context)
  }

  @usableFromInline
  @inline(never)
  static func attemptEnded(
    _ context: CallContext, of call: CallContext, _ outcome: Outcome, _ error: (any Error)?
  ) {
    context.inherited.observer.observer?.attemptEnded(context, of: call, outcome, error: error)
  }
}
