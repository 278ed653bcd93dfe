/// How a process leases permits.
struct LeasePolicy: Sendable {
  /// The most permits of one lease, unless a call needs more.
  let maxLease: Int
  /// For so long a lease is to do.
  let intervalNanoseconds: Int64
  /// After that time a lease is over, used or not.
  let lifetimeNanoseconds: Int64
}

/// What a process asks Redis.
struct LeaseRequest: Sendable {
  /// Of the lease before.
  let number: Int
  let used: Int
  let need: Int
  let want: Int
}

/// What Redis answers.
struct LeaseGrant: Sendable {
  let permits: Int
  /// When there are none: after that time there may be.
  let waitNanoseconds: Int64

  init(permits: Int, waitNanoseconds: Int64) {
    self.permits = permits
    self.waitNanoseconds = waitNanoseconds
  }

  /// - Parameter want: No more can have been granted.
  init(_ reply: RESPValue, want: Int) throws(RESPValue.Mismatch) {
    let items = try reply.items("a lease", atLeast: 2)
    let (permits, wait) = (try items[0].integer("the permits"), try items[1].integer("the wait"))
    guard let permits = Int(exactly: permits), 0...max(0, want) ~= permits, wait >= 0 else {
      throw RESPValue.Mismatch(message: "a lease of \(permits) permits of \(want), after \(wait) µs")
    }
    self.permits = permits
    let (nanoseconds, overflow) = wait.multipliedReportingOverflow(by: 1000)
    waitNanoseconds = overflow ? .max : nanoseconds
  }
}
