internal import Resilience

/// The header field in which a deadline crosses a process boundary, as the time that is left.
///
/// The time that is left needs no clocks that agree; what the network takes is lost. There is no standard.
/// Default everywhere is ``envoy``: the name that Envoy, and so Istio, writes into every request that it
/// passes on, and goes by in those that it gets where it is told to (`respect_expected_rq_timeout`), so that
/// a mesh and services that know nothing of each other take part.
public struct DeadlineField: Sendable, Hashable {
  /// How the time is written.
  public enum Format: Sendable, Hashable {
    /// A whole number of milliseconds.
    case milliseconds

    /// Up to eight digits and one of the units `H`, `M`, `S`, `m`, `u`, `n`, as gRPC's.
    case grpc
  }

  /// The field's name, in lower case.
  public let name: String

  /// How the time is written.
  public let format: Format

  /// Creates a field.
  ///
  /// - Parameters:
  ///   - name: The field's name.
  ///   - format: How the time is written. Default: in milliseconds.
  public init(_ name: String, format: Format = .milliseconds) {
    self.name = name.lowercased()
    self.format = format
  }

  /// `x-envoy-expected-rq-timeout-ms`.
  public static let envoy = DeadlineField("x-envoy-expected-rq-timeout-ms")

  /// `grpc-timeout`.
  public static let grpc = DeadlineField("grpc-timeout", format: .grpc)

  /// What is written for the time that is left, rounded down, so that whoever is called gives up before its
  /// caller does; 1 of the smallest unit at least.
  public func value(for remaining: Duration) -> String {
    let nanoseconds = Deadline(at: Instant(nanoseconds: 0).advanced(by: remaining))
      .remainingNanoseconds(at: Instant(nanoseconds: 0))
    switch format {
    case .milliseconds: return String(max(1, nanoseconds / 1_000_000))
    case .grpc: return Self.grpcText(max(1, nanoseconds))
    }
  }

  /// Reads a field's value.
  ///
  /// - Returns: The time that is left, 0 or more; `nil` for what is no such value, which is best treated as
  ///   if there were no such field.
  public func remaining(_ value: some StringProtocol) -> Duration? {
    let text = value.utf8.drop { $0 == 0x20 || $0 == 0x09 }
    let digits = text.prefix { (0x30...0x39).contains($0) }
    let rest = text.dropFirst(digits.count).filter { $0 != 0x20 && $0 != 0x09 }
    guard !digits.isEmpty, digits.count <= 18 else { return nil }
    let number = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - 0x30) }
    switch format {
    case .milliseconds: return rest.isEmpty ? .milliseconds(number) : nil
    case .grpc:
      guard digits.count <= 8, rest.count == 1, let unit = rest.first.flatMap(Self.nanoseconds) else {
        return nil
      }
      return .nanoseconds(number.multipliedReportingOverflow(by: unit).overflow ? .max : number * unit)
    }
  }

  private static let units: [(Int64, String)] = [
    (1, "n"), (1000, "u"), (1_000_000, "m"), (1_000_000_000, "S"), (60_000_000_000, "M"),
    (3_600_000_000_000, "H"),
  ]

  /// In the finest unit that eight digits can say.
  private static func grpcText(_ nanoseconds: Int64) -> String {
    let (size, unit) = units.first { nanoseconds / $0.0 <= 99_999_999 } ?? (3_600_000_000_000, "H")
    return "\(nanoseconds / size)\(unit)"
  }

  private static func nanoseconds(of unit: UInt8) -> Int64? {
    units.first { $0.1.utf8.first == unit }?.0
  }
}
