internal import ResilienceCore

/// One fault of a plan while it lasts: occurrences that overlap are one.
final class FaultSpan: Sendable {
  let fault: PlannedFault
  private let count = Lock(0)

  init(_ fault: PlannedFault) {
    self.fault = fault
  }

  func begin() {
    let isFirst = count.withLock { count in
      count += 1
      return count == 1
    }
    if isFirst || fault.finish == nil { fault.start() }
  }

  func end() {
    let isLast = count.withLock { count in
      count -= 1
      return count == 0
    }
    if isLast { fault.finish?() }
  }
}
