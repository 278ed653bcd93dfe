extension Backoff: CustomStringConvertible {
  /// Such as `exponential 50 ms…20 s, full jitter`.
  public var description: String {
    let (base, cap) = (Self.text(baseNanoseconds), Self.text(capNanoseconds))
    let shape =
      switch growth {
      case .constant: baseNanoseconds == 0 ? "no wait" : "constant \(base)"
      case .linear: "linear \(base)…\(cap)"
      case .exponential: "exponential \(base)…\(cap)"
      case .decorrelated: "decorrelated \(base)…\(cap)"
      case .custom(let delays): "\(delays.count) delays up to \(cap)"
      }
    let spread =
      switch jitter {
      case .none: ""
      case .full: ", full jitter"
      case .equal: ", equal jitter"
      case .proportional(let share): ", jitter \(share)"
      }
    return capNanoseconds == 0 ? shape : shape + spread
  }

  private static func text(_ nanoseconds: Int64) -> String { Duration.nanoseconds(nanoseconds).unitText }
}
