public import ResilienceCore
public import Synchronization

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
    /// Whether a refusal that comes out says that nothing was sent: not behind a retry, whose earlier
    /// attempts may have been.
    @usableFromInline let provesRefusals: Bool

    init(epoch: UInt64, handler: Inner) {
      self.epoch = epoch
      self.handler = handler
      provesRefusals = !handler.mayRepeatCalls
    }

    // Methods of the entry, since taking the handler out would copy it.

    @inlinable
    @inline(__always)
    nonisolated(nonsending) func perform(_ input: Inner.Input, in context: CallContext) async throws
      -> Inner.Output
    {
      try await handler.perform(input, in: context)
    }

    @inlinable
    func outcome(ofValue value: Inner.Output) -> Outcome { handler.outcome(ofValue: value) }

    @inlinable
    func outcome(ofError error: any Error, _ kind: ErrorKind) -> Outcome { handler.classified(error, kind) }

    @inlinable
    func verdict(of value: Inner.Output, in context: CallContext) -> Verdict {
      handler.judge(value: value, in: context).verdictOnDestination
    }

    @inlinable
    @inline(never)
    func verdict(ofError error: any Error, in context: CallContext) -> Verdict {
      handler.judge(error, in: context).verdictOnDestination
    }
  }

  @usableFromInline
  struct State: Sendable {
    @usableFromInline var entries: [Entry?] = []
    @usableFromInline var layout: UInt64 = 0
    /// Answers for all of them what counts.
    @usableFromInline var representative: Entry?

    @usableFromInline
    init() {}

    @inlinable
    func entry(for selection: Selection) -> Entry? {
      guard selection.slot < entries.count, let entry = entries[selection.slot] else { return nil }
      return entry.epoch == selection.epoch ? entry : nil
    }
  }

  @usableFromInline let state = Lock(State())
  @usableFromInline let balancer: Balancer
  private let build: @Sendable (ServiceInstance) -> Inner

  init(_ balancer: Balancer, _ build: @escaping @Sendable (ServiceInstance) -> Inner) {
    self.balancer = balancer
    self.build = build
  }

  /// The handler for a selection that is held.
  @inlinable
  @inline(__always)
  func entry(for selection: Selection) -> Entry {
    let layout = balancer.publishedLayout.load(ordering: .acquiring)
    let known: Entry? = state.withLock { state in
      state.layout < layout ? nil : state.entry(for: selection)
    }
    return known ?? obtain(for: selection)
  }

  @inlinable
  var representative: Entry? { state.withLock { $0.representative } }

  /// Drops what is gone, and builds what is missing. When several first calls race, each builds and the first
  /// one's handler stays: the builder is the user's code, and no lock is held around it.
  @usableFromInline
  @inline(never)
  func obtain(for selection: Selection) -> Entry {
    let gone = dropGone()
    // Let go of here, so that what the user's handlers hold is not released under the lock.
    defer { _fixLifetime(gone) }
    let entry =
      state.withLock { $0.entry(for: selection) }
      ?? Entry(epoch: selection.epoch, handler: build(balancer.instance(of: selection)))
    let (kept, replaced) = state.withLock { state -> (Entry, Entry?) in
      while state.entries.count <= selection.slot { state.entries.append(nil) }
      let kept = state.entry(for: selection) ?? entry
      state.entries[selection.slot] = kept
      guard let former = state.representative, gone.contains(where: { $0 === former }) else {
        if state.representative == nil { state.representative = kept }
        return (kept, nil)
      }
      // Only when none is left does the last one stay, to answer for those to come.
      state.representative = kept
      return (kept, former)
    }
    _fixLifetime(replaced)
    return kept
  }

  private func dropGone() -> [Entry] {
    let (layout, slots) = balancer.takeFreed()
    return state.withLock { state in
      var gone: [Entry] = []
      for (slot, epoch) in slots where slot < state.entries.count {
        guard let entry = state.entries[slot], entry.epoch == epoch else { continue }
        gone.append(entry)
        state.entries[slot] = nil
      }
      state.layout = max(state.layout, layout)
      return gone
    }
  }
}
