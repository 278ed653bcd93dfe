public import ResilienceCore

/// A service with a queue and workers: what a call meets when its destination has a limit.
///
/// A double that sleeps for ten milliseconds serves a million callers in ten milliseconds, so nothing that
/// matters about overload can be seen with it. This one has so many workers and so much queue; its work takes
/// time, and goes on when the caller has left, as that of real servers does. Its clock and chance are its
/// caller's, usually those of a ``Simulation``.
///
/// ```swift
/// let payment = SimulatedService(
///   "payment", workers: 10, queueLimit: 100, latency: .exponential(mean: .milliseconds(20)),
///   faults: [.slow(by: 10, during: .seconds(60) ..< .seconds(90))]
/// ) { (order: Order) in Receipt(order) }
///
/// let receipt = try await payment.timeout(.seconds(1))(order)
/// payment.snapshot().wasted   // work done for callers that had left
/// ```
///
/// A caller leaves by being cancelled, and by nothing else: ending the wait at the deadline is a timeout's
/// job.
public final class SimulatedService<Input: Sendable, Output: Sendable>: Handler {
  /// Its name; idempotency not stated.
  public let traits: CallTraits

  private let work: ServiceCall<Input, Output>
  private let latency: LatencyDistribution
  private let faults: [ServiceFault]
  private let queue: Lock<ServiceQueue<Waiter>>

  /// Creates a service without work.
  ///
  /// - Parameters:
  ///   - name: For errors, events, metrics and spans; empty when unnamed.
  ///   - workers: How many calls it works on at a time, 1 or more. Default: 1.
  ///   - queueLimit: How many calls wait for a worker at most, 0 or more; those beyond are rejected. Default:
  ///     100.
  ///   - latency: How long a worker takes for each call, before the work itself.
  ///   - faults: What goes wrong, and when. Default: nothing.
  ///   - servesNewestFirst: Whether a free worker takes the call that came last, whose caller is the
  ///     likeliest to be there still. Default: no, the one that has waited longest, as most servers.
  ///   - dropsExpiredWork: Whether a worker looks at the deadline before it starts, and drops what nobody
  ///     waits for any more. Default: no, as most servers, which is how an overload outlives its cause.
  ///   - work: The answer. It holds the worker: calls of other services in it make this one slow when they
  ///     are. Runs to its end even if the caller has left.
  public init(
    _ name: String, workers: Int = 1, queueLimit: Int = 100, latency: LatencyDistribution,
    faults: [ServiceFault] = [], servesNewestFirst: Bool = false, dropsExpiredWork: Bool = false,
    _ work: nonisolated(nonsending) @escaping @Sendable (_ input: Input) async throws -> Output
  ) {
    precondition(workers >= 1, "the service \"\(name)\" needs 1 worker or more, was \(workers)")
    precondition(
      queueLimit >= 0, "the queue limit of the service \"\(name)\" must be 0 or more, was \(queueLimit)")
    traits = CallTraits(name: name)
    self.work = ServiceCall(name, work)
    self.latency = latency
    self.faults = faults
    queue = Lock(
      ServiceQueue(
        service: name, workers: workers, queueLimit: queueLimit, servesNewestFirst: servesNewestFirst,
        dropsExpiredWork: dropsExpiredWork))
  }

  /// What it has been asked and has done so far.
  public func snapshot() -> SimulatedServiceSnapshot { queue.withLock { $0.snapshot } }

  /// Queues the call, and waits until it is answered.
  ///
  /// - Throws: ``SimulatedServiceError``; what the work throws; `CancellationError` when the caller is
  ///   cancelled, while the work goes on.
  public nonisolated(nonsending) func handle(_ input: Input, context: CallContext) async throws -> Output {
    let turn = Waiter("SimulatedService queue")
    let isDown = faults.isDown(at: context.readClock().nanoseconds)
    let arrival = queue.withLock { $0.arrive(turn, deadline: context.deadline, isDown: isDown) }
    if arrival == .rejected { throw failure(isDown ? .down : .queueFull) }
    let reply = ServiceReply()
    // Not a child: it outlives a caller that leaves.
    Task.immediate(executorPreference: context.executor) {
      await self.serve(input, context, after: arrival == .queued ? turn : nil, reply)
    }
    return try await reply.receive(as: Output.self)
  }

  private nonisolated(nonsending) func serve(
    _ input: Input, _ context: CallContext, after turn: Waiter?, _ reply: ServiceReply
  ) async {
    // Its task is never cancelled: a turn that does not come was dropped.
    if let turn, await turn.wait() == .cancelled {
      _ = reply.fail(failure(.expired))
      return
    }
    let start = context.readClock()
    let nanoseconds = faults.slowed(
      latency.nanoseconds(drawing: context.random), at: start.nanoseconds)
    try? await context.clock.sleep(until: start.advanced(byNanoseconds: nanoseconds))
    let ending = await work(on: input, context, to: reply)
    let now = context.readClock()
    let handover = queue.withLock { $0.finish(ending, at: now) }
    for dropped in handover.dropped { dropped.cancel() }
    handover.started?.grant()
  }

  private nonisolated(nonsending) func work(
    on input: Input, _ context: CallContext, to reply: ServiceReply
  ) async -> ServiceQueue<Waiter>.Ending {
    do {
      let now = context.readClock().nanoseconds
      if faults.isDown(at: now) { throw failure(.crashed) }
      if faults.failsWork(at: now, drawing: context.random) { throw failure(.failed) }
      let value = try await work.perform(input, in: context)
      let isLate = context.deadline.hasPassed(at: context.readClock())
      return reply.succeed(value) && !isLate ? .inTime : .wasted
    } catch {
      _ = reply.fail(error)
      return .failed
    }
  }

  private func failure(_ reason: SimulatedServiceError.Reason) -> SimulatedServiceError {
    SimulatedServiceError(service: traits.name, reason: reason)
  }
}
