import Foundation

/// Numbers as the pages write them; any `Double` can be written.
enum Figure {
  /// A count, or a rate with one place below ten.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    if abs(value) < 1e15, value == value.rounded() { return String(Int64(value)) }
    return decimal(value, places: abs(value) < 10 ? 1 : 0)
  }

  /// `0.4 ms`, `12 ms`, `1.5 s`.
  static func time(nanoseconds: UInt64) -> String { time(seconds: Double(nanoseconds) / 1e9) }

  static func time(seconds: Double) -> String {
    switch seconds {
    case 60...: span(seconds)
    case 1...: "\(decimal(seconds, places: 2)) s"
    case 0.01...: "\(decimal(seconds * 1e3, places: 0)) ms"
    case 0.0001...: "\(decimal(seconds * 1e3, places: 1)) ms"
    case 0: "0 s"
    default: "\(decimal(seconds * 1e6, places: 0)) µs"
    }
  }

  /// `40 s`, `3 min`, `2 h`, `5 d`.
  static func span(_ seconds: Double) -> String {
    switch seconds {
    case ..<120: "\(decimal(seconds, places: 0)) s"
    case ..<7200: "\(decimal(seconds / 60, places: 0)) min"
    case ..<172_800: "\(decimal(seconds / 3600, places: 0)) h"
    default: "\(decimal(seconds / 86_400, places: 0)) d"
    }
  }

  /// In UTC, since nobody says where a reader is.
  static func instant(nanoseconds: UInt64) -> String {
    let date = Date(timeIntervalSince1970: Double(nanoseconds) / 1e9)
    return date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
      .replacing("T", with: " ").replacing("Z", with: " UTC")
  }

  private static func decimal(_ value: Double, places: Int) -> String {
    guard value.isFinite else { return "\(value)" }
    return String(format: "%.\(places)f", value)
  }
}
