public import GRDB
public import Resilience

extension Outcome {
  /// What an error of SQLite amounts to.
  ///
  /// - `SQLITE_BUSY`, `SQLITE_LOCKED`, `SQLITE_PROTOCOL`: a failure, to be tried again; the transaction was
  ///   rolled back, and nothing is done.
  /// - `SQLITE_CONSTRAINT`, `SQLITE_MISMATCH`, `SQLITE_TOOBIG`, `SQLITE_RANGE`, `SQLITE_ERROR` and
  ///   `SQLITE_MISUSE` are the program's own, and `SQLITE_INTERRUPT` and `SQLITE_ABORT` say that somebody
  ///   stopped it: neutral, and not tried again.
  /// - The others, as `SQLITE_FULL`, `SQLITE_IOERR` and `SQLITE_CORRUPT`, are the disk's: a failure, and not
  ///   tried again, since waiting does not mend it.
  public init(_ error: DatabaseError) {
    switch error.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL:
      // Overloaded, so that it is not tried again at once: somebody holds the lock.
      self = .failure(Pushback(overloaded: true, notProcessed: true))
    case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_TOOBIG, .SQLITE_RANGE, .SQLITE_ERROR, .SQLITE_MISUSE,
      .SQLITE_INTERRUPT, .SQLITE_ABORT:
      self = Outcome(.neutral, pushback: .doNotRetry)
    default: self = .failure(.doNotRetry)
    }
  }
}

extension Handler {
  /// Says what the errors of SQLite count as, for every layer applied after it; see
  /// ``ResilienceCore/Outcome/init(_:)``.
  ///
  /// Other errors, which the program threw in its transaction, are its own: neutral, and not tried again.
  public func classifyingDatabase() -> ClassifiedHandler<Self> {
    classify { result in
      switch result {
      case .failure(let error as DatabaseError): Outcome(error)
      case .failure(is CancellationError), .success: nil
      case .failure: Outcome(.neutral, pushback: .doNotRetry)
      }
    }
  }
}
