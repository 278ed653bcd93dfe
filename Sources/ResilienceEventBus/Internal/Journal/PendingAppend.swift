internal import ResilienceCore

/// An append, from its call to its answer.
final class PendingAppend: Sendable {
  private enum State: Sendable {
    case waiting
    /// It is part of a write: taking it back is too late.
    case claimed
    case abandoned
    case done(Result<Int64, any Error>)
  }

  let records: [JournalRecord]
  let bytes: Int
  /// Whether it is the last one.
  let isClose: Bool
  private let waiter = Waiter("Journal.append")
  private let state = Lock(State.waiting)

  init(_ records: [JournalRecord], bytes: Int, isClose: Bool = false) {
    self.records = records
    self.bytes = bytes
    self.isClose = isClose
  }

  /// What it has come to; `nil` when it is its turn to write.
  ///
  /// - Throws: `CancellationError`; what the write has thrown.
  func wait(isolation: isolated (any Actor)? = #isolation) async throws -> Int64? {
    guard await waiter.wait() == .granted else {
      state.withLock { if case .waiting = $0 { $0 = .abandoned } }
      throw CancellationError()
    }
    return try result()
  }

  /// Waits until it is done, or its turn to write, whatever happens to the task.
  func waitUninterrupted(isolation: isolated (any Actor)? = #isolation) async {
    await waiter.waitUninterrupted()
  }

  func result() throws -> Int64? {
    guard case .done(let result) = state.withLock({ $0 }) else { return nil }
    return try result.get()
  }

  /// Where its records are, once it was written.
  func offsets() throws -> Range<Int64> {
    guard let first = try result() else {
      preconditionFailure("a journal has not written what its writer has appended")
    }
    return first..<first + Int64(records.count)
  }

  /// `false` when nobody waits for it any more.
  func claim() -> Bool {
    state.withLock { state in
      guard case .waiting = state else { return false }
      state = .claimed
      return true
    }
  }

  func finish(_ result: Result<Int64, any Error>) {
    state.withLock { $0 = .done(result) }
    waiter.grant()
  }

  /// Has it write for all that wait; `false` when it was cancelled.
  func lead() -> Bool { waiter.grant() }
}
