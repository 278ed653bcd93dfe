public import Synchronization

/// One slot's calls in flight, in one atomic word with the answer to whether another may be added without a
/// lock.
///
/// ```
///                open()                        retire()
///        ┌───────────────────┐          ┌───────────────────┐
///        │                   ▼          │                   ▼
///      closed               open      closed             retired
///        ▲                   │          ▲                   │
///        └───────────────────┘          └───────────────────┘
///               close()                 vacate(), once no call is left
/// ```
///
/// It begins closed, with no registration. What opens, closes, retires and vacates it holds the balancer's
/// lock; ``pin()`` and ``release()`` hold none, and meet any of these at any point:
///
/// - A pin adds a call first and looks afterwards. Was the slot open, it belongs to the call from there on:
///   nobody vacates it before the release. Was it not, the pin takes its call back.
/// - ``vacate()`` exchanges the word only while it says that nobody is there, so that it succeeds once for
///   each ``retire()``: for the last release, or for a pin that takes its call back after it.
/// - A slot is filled anew only when it was vacated. A pin that was aimed at the registration before gets the
///   one that is there: so whose slot it is, is read after the pin.
@usableFromInline
struct SlotCounter: ~Copyable, Sendable {
  // Two bits, so that one release too many leaves the sign.
  private static var closed: Int { -1 << 62 }
  private static var retired: Int { 1 << 61 }
  private static var calls: Int { retired - 1 }

  @usableFromInline let word = Atomic<Int>(closed)
  /// The registration; 0 for none.
  @usableFromInline let epoch = Atomic<UInt64>(0)
  /// Calls ever, of all registrations.
  @usableFromInline let picks = Atomic<UInt64>(0)
  @usableFromInline let slot: Int

  init(slot: Int) {
    self.slot = slot
  }

  var inFlight: Int { word.load(ordering: .relaxed) & Self.calls }

  /// The calls in flight for comparisons: while it is not open, more than an open one has.
  @inlinable
  @inline(__always)
  var load: UInt { UInt(bitPattern: word.load(ordering: .relaxed)) }

  /// Adds a call if it is open.
  ///
  /// - Returns: `false` when it is not; then the call is to be taken back.
  @inlinable
  @inline(__always)
  func pin() -> Bool {
    guard word.wrappingAdd(1, ordering: .acquiring).newValue >= 0 else { return false }
    picks.wrappingAdd(1, ordering: .relaxed)
    return true
  }

  /// Takes a call back.
  ///
  /// - Returns: `false` when it is not open, so that more may be to do.
  @inlinable
  @inline(__always)
  func release() -> Bool {
    word.wrappingAdd(-1, ordering: .releasing).newValue >= 0
  }

  /// Whether it is retired and nobody is there.
  var isAbandoned: Bool { word.load(ordering: .relaxed) == Self.closed | Self.retired }
}

extension SlotCounter {
  /// Whether more calls were taken back than were added.
  var isOverdrawn: Bool { inFlight == Self.calls }

  func check() {
    precondition(!isOverdrawn, "slot \(slot) was given back more often than it was taken")
  }
}

// MARK: - Under the balancer's lock

extension SlotCounter {
  /// Adds a call, open or not.
  func add() {
    word.wrappingAdd(1, ordering: .acquiring)
    picks.wrappingAdd(1, ordering: .relaxed)
  }

  /// Gives the slot, which is vacant, to a registration.
  func assign(to registration: UInt64) {
    epoch.store(registration, ordering: .relaxed)
  }

  func open() {
    word.bitwiseAnd(Self.calls, ordering: .releasing)
  }

  func close() {
    word.bitwiseOr(Self.closed, ordering: .relaxed)
  }

  /// Says that the registration is gone, so that the slot is free once no call is in flight.
  func retire() {
    word.bitwiseOr(Self.closed | Self.retired, ordering: .relaxed)
  }

  /// Takes a retired slot from its registration if no call is in flight.
  func vacate() -> Bool {
    word.compareExchange(
      expected: Self.closed | Self.retired, desired: Self.closed, ordering: .acquiringAndReleasing
    ).exchanged
  }
}
