internal import ResilienceCore

/// Delivers events from those who publish them to every group that subscribes, at least once, in memory.
///
/// ```swift
/// let bus = EventBus(source: "shop")
/// try bus.subscribe(
///   to: Topic.orderCreated, group: "inventory",
///   handler: EventHandler("inventory.reserve") { (event: Event<OrderCreated>) in
///     try await shelf.reserve(event.data)
///   })
///
/// try await withThrowingTaskGroup { tasks in
///   tasks.addTask { try await bus.run() }
///   try await bus.publish(OrderCreated(number: 536365), as: Topic.orderCreated, subject: "customer 17850")
///   try await bus.waitUntilIdle()
///   tasks.cancelAll()
/// }
/// ```
///
/// - **Groups.** Each group gets every event of its type; within a group, one subscription handles it. A
///   group begins with its first subscription: what was published before is not delivered to it. It stays
///   until ``removeGroup(_:of:)``, also without subscriptions, so that a consumer that restarts has missed
///   nothing.
/// - **Order.** Within a group, events of one subject are delivered one after the other in the order of their
///   publication; subjects do not hold each other up. Events without a subject have no order. An event that
///   waits for redelivery holds back the later ones of its subject, as long as it is neither handled nor
///   given up.
/// - **Acknowledgement.** A handler that returns has handled the event. One that throws, or whose outcome is
///   a failure, gets it again as its ``DeliveryPolicy`` says, until the event is a dead letter. The handler's
///   own classification decides (see ``ResilienceCore/Handler/classify(_:)``), also about a
///   `CancellationError` that the bus did not cause.
/// - **Bounds.** When a group has too much outstanding, its ``DeliveryPolicy/overflow`` says whether
///   publishing throws ``QueueFull`` (then no group gets the event), waits, or whether the oldest makes room.
public final class EventBus: Sendable {
  /// The CloudEvents attribute `source` of what is published here.
  public let source: String

  /// The bounds.
  public let policy: EventBusPolicy

  /// Events that were given up. Those that a broker keeps are in its dead letters.
  public let deadLetters: DeadLetterStore

  /// Where events are stored; `nil` for a bus in memory.
  public let broker: (any EventBroker)?

  @usableFromInline let hasBroker: Bool
  private let state = Lock(EventBusState())
  private let outbox: EventQueue<EventBusEvent>
  private let timer = EventBusTimer()

  /// Creates a bus; it queues from now on, and delivers while ``run()`` runs.
  ///
  /// - Parameters:
  ///   - source: Who publishes here, as a URI reference: `shop`, `/services/order`. Not empty.
  ///   - policy: The bounds.
  ///   - onEvent: Is told of everything the bus does with an event: synchronously, in order, after its lock
  ///     is released. It must be quick. What an inbox drops as a duplicate is a delivery like any other here:
  ///     a call observer is told of it, and ``Inbox/snapshot()`` counts it.
  public convenience init(
    source: String, policy: EventBusPolicy = EventBusPolicy(),
    onEvent: (@Sendable (EventBusEvent) -> Void)? = nil
  ) {
    self.init(source, policy, nil, onEvent)
  }

  /// Creates a bus whose events a broker keeps: one that outlives the process, or is shared by several.
  ///
  /// ```swift
  /// let broker = try await JournalBroker.open(LocalDirectory(path: "/var/lib/shop/events"))
  /// let bus = EventBus(source: "shop", broker: broker)
  /// ```
  ///
  /// What is published is stored first, so it must have a form as bytes (a `Codable` payload has), and
  /// `publish` has to be awaited: ``PublishNeedsAwait``. Groups get events from the broker while ``run()``
  /// runs, those of earlier processes too; an event is removed there when it was handled, or is one of the
  /// broker's dead letters. A group is known to the broker as `name/type`, from the first `publish` or
  /// `run()` after it subscribes. It stays there when the bus removes it, until `broker.removeGroup` is
  /// called.
  ///
  /// Requests and replies stay in memory: they are of use to a caller in this process, and end with it.
  /// ``waitUntilIdle()`` waits for what this process has received.
  ///
  /// - Parameters:
  ///   - source: Who publishes here, as a URI reference: `shop`, `/services/order`. Not empty.
  ///   - broker: Where events are stored.
  ///   - policy: The bounds: of a group, how many events are received and not settled.
  ///   - onEvent: Is told of everything the bus does with an event; as above.
  public convenience init(
    source: String, broker: any EventBroker, policy: EventBusPolicy = EventBusPolicy(),
    onEvent: (@Sendable (EventBusEvent) -> Void)? = nil
  ) {
    self.init(source, policy, broker, onEvent)
  }

  private init(
    _ source: String, _ policy: EventBusPolicy, _ broker: (any EventBroker)?,
    _ onEvent: (@Sendable (EventBusEvent) -> Void)?
  ) {
    precondition(!source.isEmpty, "a bus's source must not be empty, was \"\(source)\"")
    self.source = source
    self.policy = policy
    self.broker = broker
    hasBroker = broker != nil
    deadLetters = DeadLetterStore(capacity: policy.deadLetterCapacity)
    outbox = EventQueue(onEvent)
  }

  /// What the bus holds and has done.
  public func snapshot() -> EventBusSnapshot {
    let now = CallContext.current.clock.unixTime
    return state.withLock { state in
      EventBusSnapshot(
        source: source, groups: state.snapshots(at: now),
        published: state.published, unrouted: state.unrouted, scheduled: state.scheduled.count,
        pendingRequests: state.requests.count,
        deadLetters: deadLetters.count, discardedDeadLetters: deadLetters.discarded)
    }
  }

  /// Returns when nothing is queued, in flight or waiting for redelivery.
  ///
  /// For tests and tools. It does not return while a group without subscriptions has events outstanding, nor,
  /// when there are events, before ``run()`` runs: nothing else delivers them. What is published for later is
  /// not waited for. For a clean end there is ``shutDown(grace:)``.
  ///
  /// - Throws: `CancellationError` when the task is cancelled.
  public func waitUntilIdle() async throws {
    try Task.checkCancellation()
    let waiter = Waiter("EventBus.waitUntilIdle")
    if update({ $0.isIdle(orWait: waiter) }) { return }
    guard await waiter.wait() == .granted else {
      update { $0.forgetIdle(waiter) }
      throw CancellationError()
    }
  }

  /// Changes the state, then does what follows from it outside the lock.
  func update<Result: Sendable, Failure: Error>(
    _ change: (inout EventBusState) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let (result, effects) = try state.withLock { state throws(Failure) -> (Result, EventBusState.Effects) in
      (try change(&state), state.takeEffects())
    }
    if let due = effects.timer { timer.set(for: due) }
    for waiter in effects.wakeups { waiter.grant() }
    outbox.drain()
    return result
  }

  /// Has the timer call ``releaseDue(at:)``, with the clock and the randomness of `context`; `nil` ends that.
  func keepTime(in context: CallContext?) {
    let random = CallContext.environment?.random ?? .system
    timer.start(
      context.map { context in
        let clock = context.clock
        // Not weakly: an object that is referred to so counts its references three times as slowly.
        return EventBusTimer.Source(clock: clock) {
          self.releaseDue(at: clock.now, time: clock.unixTime, random)
        }
      })
  }

  /// Tells of an event; called while the lock is held, so that the order is that of the decisions.
  func note(
    _ kind: @autoclosure () -> EventBusEvent.Kind, _ envelope: @autoclosure () -> EventEnvelope,
    group: String?, attempt: @autoclosure () -> Int
  ) {
    outbox.enqueue(EventBusEvent(kind(), envelope(), group: group, attempt: attempt()))
  }
}
