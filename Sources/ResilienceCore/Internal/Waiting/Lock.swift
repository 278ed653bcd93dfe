public import Synchronization

/// A mutual-exclusion lock around the state it protects.
///
/// `Synchronization.Mutex`, plus one acquiring load and one releasing store: the mutex's slow path is not
/// instrumented, so without them ThreadSanitizer reports races on correct code. Hold it for a few
/// instructions: no callback, no resumption, no I/O inside.
@usableFromInline
package struct Lock<State: ~Copyable>: ~Copyable, Sendable {
  @usableFromInline let mutex: Mutex<State>
  @usableFromInline let happensBefore = Atomic<UInt32>(0)

  @inlinable
  package init(_ state: consuming sending State) {
    mutex = Mutex(state)
  }

  @inlinable
  @inline(__always)
  package borrowing func withLock<Result: ~Copyable, Failure: Error>(
    _ body: (inout sending State) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result {
    try mutex.withLock { (state: inout sending State) throws(Failure) -> sending Result in
      _ = happensBefore.load(ordering: .acquiring)
      defer { happensBefore.store(0, ordering: .releasing) }
      return try body(&state)
    }
  }
}
