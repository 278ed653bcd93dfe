public import ResilienceCore

/// The handlers that a builder made, one for each registration, in the slots of the balancer.
///
/// Generic and so kept thin: who is chosen, and which slot means whom, is the balancer's business.
@usableFromInline
final class InstanceHandlers<Inner: Handler>: Sendable {
  /// A class, so that taking one out counts one reference, and not one for each layer.
  @usableFromInline
  final class Entry: Sendable {
    @usableFromInline let epoch: UInt64
    @usableFromInline let handler: Inner

    init(epoch: UInt64, handler: Inner) {
      self.epoch = epoch
      self.handler = handler
    }

    // Methods of the entry, since taking the handler out would copy it.

    @inlinable
    @inline(__always)
    nonisolated(nonsending) func handle(_ input: Inner.Input, context: CallContext) async throws
      -> Inner.Output
    {
      try await handler.perform(input, in: context)
    }

    @inlinable
    func outcome(ofValue value: Inner.Output) -> Outcome { handler.outcome(ofValue: value) }

    @inlinable
    func outcome(ofError error: any Error, _ kind: ErrorKind) -> Outcome { handler.classified(error, kind) }
  }

  @usableFromInline
  struct State: Sendable {
    @usableFromInline var entries: [Entry?] = []
    @usableFromInline var layout: UInt64 = 0
    /// Answers for all of them what counts.
    @usableFromInline var representative: Entry?

    @usableFromInline
    init() {}

    /// One of a later registration of the same id will do.
    @inlinable
    func entry(for selection: Selection) -> Entry? {
      guard selection.slot < entries.count, let entry = entries[selection.slot] else { return nil }
      return entry.epoch >= selection.epoch ? entry : nil
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
  func entry(for selection: Selection) -> Entry {
    let known: Entry? = state.withLock { state in
      state.layout < selection.layout ? nil : state.entry(for: selection)
    }
    return known ?? obtain(for: selection)
  }

  @inlinable
  var representative: Entry? { state.withLock { $0.representative } }

  /// Drops what is gone, and builds what is missing. When several first calls race, each builds and the first one's
  /// handler stays: the builder is the user's code, and no lock is held around it.
  @usableFromInline
  @inline(never)
  func obtain(for selection: Selection) -> Entry {
    dropGone()
    if let entry = state.withLock({ $0.entry(for: selection) }) { return entry }
    let member = balancer.member(of: selection)
    let entry = Entry(epoch: member.epoch, handler: build(member.instance))
    return state.withLock { state in
      if let first = state.entry(for: selection) { return first }
      while state.entries.count <= selection.slot { state.entries.append(nil) }
      state.entries[selection.slot] = entry
      if state.representative == nil { state.representative = entry }
      return entry
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
      if let left = state.entries.lazy.compactMap({ $0 }).first { state.representative = left }
      return before
    }
  }
}
