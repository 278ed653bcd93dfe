public import ResilienceCore
public import Synchronization

/// How the work of one timed call ended; shared by the caller, who learns from it, and the child task.
@usableFromInline
final class TimedWork: Sendable {
  @usableFromInline
  enum State: UInt8, AtomicRepresentable, Sendable {
    case running
    /// With a value, or with an error in time.
    case ended
    /// With an error when its time was up.
    case late
    /// The caller was cancelled before the time was up: whatever the work throws is the answer to that.
    case revoked
  }

  @usableFromInline let state = Atomic(State.running)

  @inlinable
  init() {}

  @inlinable
  var isRunning: Bool { state.load(ordering: .acquiring) == .running }

  @inlinable
  var isLate: Bool { state.load(ordering: .acquiring) == .late }

  @inlinable
  var isRevoked: Bool { state.load(ordering: .acquiring) == .revoked }

  // Not inlined into the task's closure, which hops to an executor around every call it can see.
  @inlinable
  @inline(never)
  nonisolated(nonsending) func run<Base: Handler>(
    _ base: Base, _ input: Base.Input, _ context: CallContext
  ) async throws -> Base.Output {
    do {
      let value = try await base.perform(input, in: context)
      end(.ended)
      return value
    } catch {
      fail(context)
      throw error
    }
  }

  /// The work threw.
  @usableFromInline
  func fail(_ context: CallContext) {
    end(context.deadline.hasPassed(at: context.readClock()) ? .late : .ended)
  }

  @usableFromInline
  func end(_ ending: State) {
    _ = state.compareExchange(expected: .running, desired: ending, ordering: .acquiringAndReleasing)
  }

  /// The caller was cancelled; by a limit further out that ends with this one, if `now` is late.
  @usableFromInline
  func callerWasCancelled(at now: Instant, deadline: Deadline) {
    if !deadline.hasPassed(at: now) { end(.revoked) }
  }
}
