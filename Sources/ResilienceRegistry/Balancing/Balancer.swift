public import ResilienceCore

/// Spreads calls over the instances of one service, and knows how many are in flight to each.
///
/// The engine behind ``RegisteredService/balanced(_:_:)``, and a face of its own for code that is no ``Handler``:
///
/// ```swift
/// let inventory = registry.service("inventory").balancer(.powerOfTwoChoices)
///
/// let stock = try await inventory.run { instance in
///   try await client.stock(of: sku, at: instance.address)
/// }
/// ```
///
/// Instances that are unhealthy are left out while there are others. When all of them are, all are tried.
public final class Balancer: Sendable {
  /// How it chooses.
  public let strategy: BalancingStrategy

  private let directory: ServiceDirectory
  private let state: Lock<BalancerStateMachine>

  init(directory: ServiceDirectory, strategy: BalancingStrategy) {
    self.directory = directory
    self.strategy = strategy
    state = Lock(BalancerStateMachine(strategy: strategy))
  }

  /// The name of the service.
  public var service: String { directory.service }
}

// MARK: - Picking

extension Balancer {
  /// Picks an instance at `now`, and counts a call to it as in flight until the pick is released.
  ///
  /// - Parameters:
  ///   - now: The present instant.
  ///   - draw: 64 random bits to choose with. Default: from the present call's.
  /// - Returns: `nil` when the service has no instance at all.
  @inlinable
  public func pick(at now: Instant, draw: UInt64 = CallContext.current.random()) -> InstancePick? {
    guard let selection = select(at: now, callID: 0, draw: draw) else { return nil }
    return InstancePick(balancer: self, selection: selection)
  }

  /// Runs `body` with a picked instance, on the caller's actor.
  ///
  /// When `body` throws a ``Rejection``, it is run with another instance at once: nothing was sent to the first. Let none
  /// through from a call that the work makes after it has begun.
  ///
  /// - Parameters:
  ///   - context: The call that it belongs to: a later attempt of one call avoids the instances of the earlier ones.
  ///     Default: a call of its own.
  ///   - body: The work.
  /// - Throws: ``NoInstanceAvailable`` when the service has no instance at all; what `body` throws.
  @inlinable
  public nonisolated(nonsending) func run<Result>(
    _ context: CallContext = .current,
    _ body: nonisolated(nonsending) (_ instance: ServiceInstance) async throws -> Result
  ) async throws -> Result {
    var context = context
    var refused = RefusedInstances()
    var selection = try select(&context)
    while true {
      do {
        defer { release(selection) }
        return try await body(instance(of: selection))
      } catch {
        selection = try selectAnother(than: selection, after: error, &refused, &context)
      }
    }
  }

  @usableFromInline
  @inline(never)
  func select(_ context: inout CallContext) throws -> Selection {
    let selection = select(
      at: context.now, callID: context.callID, draw: context.random())
    guard let selection else { throw NoInstanceAvailable(service: service) }
    if context.isObserved { context.emit(InstancePicked(instance(of: selection))) }
    return selection
  }

  /// Goes on to another instance when the chosen one's own layers refused to start the work.
  ///
  /// - Throws: `error` when it is no refusal; when nobody is left, the refusal that ends first.
  @usableFromInline
  @inline(never)
  func selectAnother(
    than selection: Selection, after error: any Error, _ refused: inout RefusedInstances,
    _ context: inout CallContext
  ) throws -> Selection {
    context.forgetNow()
    guard ErrorKind(of: error).contains(.rejection), let rejection = error as? any Rejection,
      !context.deadline.hasPassed(at: context.now),
      !Task.isCancelled
    else { throw error }
    refused.note(selection.epoch, rejection)
    let (epochs, callID, draw) = (refused.epochs, context.callID, context.random())
    let another: Selection? = state.withLock { state in
      state.selectAnother(than: epochs, callID: callID, draw: draw)
    }
    guard let another else { throw refused.rejection ?? error }
    if context.isObserved { context.emit(InstancePicked(instance(of: another))) }
    return another
  }

  @usableFromInline
  @inline(never)
  func release(_ selection: Selection) {
    state.withLock { $0.release(selection.slot) }
  }

  @usableFromInline
  @inline(never)
  func instance(of selection: Selection) -> ServiceInstance {
    member(of: selection).instance
  }

  /// The registration that the slot stands for now: the one that was chosen, or a later one of the same id.
  func member(of selection: Selection) -> ServiceMember {
    let member = state.withLock { $0.members[selection.slot] }
    guard let member else { preconditionFailure("slot \(selection.slot) was given back while it was in use") }
    return member
  }

  @usableFromInline
  @inline(never)
  func select(at now: Instant, callID: UInt64, draw: UInt64) -> Selection? {
    let selection: Selection? = state.withLock { state in
      directory.isCurrent(state.version, at: now) ? state.select(callID: callID, draw: draw) : nil
    }
    return selection ?? selectAnew(at: now, callID: callID, draw: draw)
  }

  @inline(never)
  private func selectAnew(at now: Instant, callID: UInt64, draw: UInt64) -> Selection? {
    let snapshot = directory.snapshot(at: now)
    return state.withLock { state in
      state.update(snapshot)
      return state.select(callID: callID, draw: draw)
    }
  }

  /// The registration that each slot stands for, 0 for none, and the number of this layout.
  func slots() -> (layout: UInt64, epochs: [UInt64]) {
    state.withLock { ($0.layout, $0.epochs) }
  }
}

// MARK: - Looking in

extension Balancer {
  /// What the balancer knows at this moment.
  public func snapshot() -> BalancerSnapshot {
    let snapshot = directory.snapshot(at: CallContext.current.readClock())
    return state.withLock { state in
      state.update(snapshot)
      return BalancerSnapshot(service: service, state)
    }
  }
}
