/// Something that goes wrong with a ``SimulatedService`` for a while.
///
/// Windows are measured from the clock's zero, where the run of a ``Simulation`` begins; `nil` means always.
public struct ServiceFault: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case down
    case stalled
    case slow(Double)
    case errors(Rate)
  }

  let kind: Kind
  let window: TimeWindow

  /// Refuses connections, and loses the work that would have ended meanwhile.
  public static func down(during window: Range<Duration>) -> ServiceFault {
    ServiceFault(kind: .down, window: TimeWindow(window))
  }

  /// Takes calls in, and works on none of them until the window is over: what starts within it begins at its
  /// end. A process that is stopped, a database that holds a lock.
  public static func stalled(during window: Range<Duration>) -> ServiceFault {
    ServiceFault(kind: .stalled, window: TimeWindow(window))
  }

  /// Takes longer for work that starts within the window.
  ///
  /// - Parameters:
  ///   - factor: What each latency is multiplied by, more than zero. Factors of overlapping windows multiply.
  ///   - window: When. Default: always.
  public static func slow(by factor: Double, during window: Range<Duration>? = nil) -> ServiceFault {
    precondition(
      factor > 0 && factor.isFinite, "the factor of a slow service must be more than 0, was \(factor)")
    return ServiceFault(kind: .slow(factor), window: TimeWindow(window))
  }

  /// Fails part of the work that ends within the window, after having done its time.
  ///
  /// - Parameters:
  ///   - rate: The share that fails, 0 to 1.
  ///   - window: When. Default: always.
  public static func errors(rate: Double, during window: Range<Duration>? = nil) -> ServiceFault {
    ServiceFault(kind: .errors(Rate(rate, of: "a service's errors")), window: TimeWindow(window))
  }
}

extension [ServiceFault] {
  func isDown(at nanoseconds: Int64) -> Bool {
    contains { $0.kind == .down && $0.window.contains(nanoseconds) }
  }

  func slowed(_ latency: Int64, at nanoseconds: Int64) -> Int64 {
    var latency = latency
    var stall: Int64 = 0
    for fault in self where fault.window.contains(nanoseconds) {
      switch fault.kind {
      case .slow(let factor): latency = Int64(exactly: (Double(latency) * factor).rounded()) ?? .max
      case .stalled: stall = Swift.max(stall, fault.window.until.subtractingSaturating(nanoseconds))
      case .down, .errors: break
      }
    }
    return latency.addingSaturating(stall)
  }

  func failsWork(at nanoseconds: Int64, drawing draw: () -> UInt64) -> Bool {
    contains { fault in
      guard case .errors(let rate) = fault.kind, fault.window.contains(nanoseconds) else { return false }
      return rate.happens(drawing: draw)
    }
  }
}
