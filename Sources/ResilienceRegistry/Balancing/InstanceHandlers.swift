public import ResilienceCore

/// The handlers that a builder made, one for each registration, in the slots of the balancer.
///
/// Generic and so kept thin: who is chosen, and which slot means whom, is the balancer's business.
@usableFromInline
final class InstanceHandlers<Inner: Handler>: Sendable {
  @usableFromInline
  struct Entry: Sendable {
    @usableFromInline let epoch: UInt64
    @usableFromInline let handler: Inner

    @usableFromInline
    init(epoch: UInt64, handler: Inner) {
      self.epoch = epoch
      self.handler = handler
    }
  }

  @usableFromInline
  struct State: Sendable {
    @usableFromInline var entries: [Entry?] = []
    @usableFromInline var layout: UInt64 = 0
    /// Answers for all of them what counts.
    @usableFromInline var representative: Inner?

    @usableFromInline
    init() {}

    /// One of a later registration of the same id will do.
    @inlinable
    func handler(for selection: Selection) -> Inner? {
      guard selection.slot < entries.count, let entry = entries[selection.slot] else { return nil }
      return entry.epoch >= selection.epoch ? entry.handler : nil
    }
  }

  @usableFromInline let state = Lock(State())
  private let balancer: Balancer
  private let build: @Sendable (ServiceInstance) -> Inner

  init(_ balancer: Balancer, _ build: @escaping @Sendable (ServiceInstance) -> Inner) {
    self.balancer = balancer
    self.build = build
  }

  /// The handler for a selection that is held.
  @inlinable
  @inline(__always)
  func handler(for selection: Selection) -> Inner {
    let known: Inner? = state.withLock { state in
      state.layout < selection.layout ? nil : state.handler(for: selection)
    }
    return known ?? obtain(for: selection)
  }

  @inlinable
  var representative: Inner? { state.withLock { $0.representative } }

  /// Drops what is gone, and builds what is missing. When several first calls race, each builds and the first one's
  /// handler stays: the builder is the user's code, and no lock is held around it.
  @usableFromInline
  @inline(never)
  func obtain(for selection: Selection) -> Inner {
    dropGone()
    if let handler = state.withLock({ $0.handler(for: selection) }) { return handler }
    let member = balancer.member(of: selection)
    let handler = build(member.instance)
    return state.withLock { state in
      if let first = state.handler(for: selection) { return first }
      while state.entries.count <= selection.slot { state.entries.append(nil) }
      state.entries[selection.slot] = Entry(epoch: member.epoch, handler: handler)
      if state.representative == nil { state.representative = handler }
      return handler
    }
  }

  private func dropGone() {
    // Returned, so that what the user's handlers hold is not released under the lock.
    _ = state.withLock { state -> State in
      let before = state
      let (layout, epochs) = balancer.slots()
      for slot in state.entries.indices where state.entries[slot]?.epoch != epochs[slot] {
        state.entries[slot] = nil
      }
      state.layout = layout
      // Only when none is left does the last one stay, to answer for those to come.
      if let left = state.entries.lazy.compactMap({ $0 }).first { state.representative = left.handler }
      return before
    }
  }
}
