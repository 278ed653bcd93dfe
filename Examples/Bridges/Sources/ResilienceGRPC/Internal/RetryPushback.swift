internal import GRPCCore
internal import ResilienceCore

/// What a server says of trying again, in its trailers.
enum RetryPushback {
  static let key = "grpc-retry-pushback-ms"

  case none
  case after(Duration)
  case never

  init(_ metadata: Metadata) {
    guard let text = metadata[stringValues: Self.key].first(where: { _ in true }) else {
      self = .none
      return
    }
    if let milliseconds = Int64(text), milliseconds >= 0 {
      self = .after(.milliseconds(milliseconds))
    } else {
      self = .never
    }
  }

  /// In whole milliseconds, rounded up: a try that comes too early is in vain.
  static func text(after delay: Duration?) -> String {
    guard let delay else { return "-1" }
    return "\(max(0, Int64((min(delay, .seconds(86_400)) / .milliseconds(1)).rounded(.up))))"
  }
}
