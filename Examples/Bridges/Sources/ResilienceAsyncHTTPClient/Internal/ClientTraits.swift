internal import AsyncHTTPClient

/// What must be known of a client to understand its errors. It does not say so: it is read off its
/// configuration, once, and what is not recognised counts as yes.
struct ClientTraits: Sendable {
  /// Whether it goes on connecting while a port refuses.
  let connectsAgain: Bool

  let followsRedirects: Bool

  init(_ client: HTTPClient) {
    let configuration = Self.value("configuration", of: client) as? HTTPClient.Configuration
    connectsAgain = configuration?.connectionPool.retryConnectionEstablishment ?? true
    let mode = configuration.flatMap { Self.value("mode", of: $0.redirectConfiguration) }
    followsRedirects = mode.map { "\($0)" != "disallow" } ?? true
  }

  private static func value(_ label: String, of parent: Any) -> Any? {
    Mirror(reflecting: parent).children.first { $0.label == label }?.value
  }
}
