internal import AsyncHTTPClient

extension HTTPClient {
  /// Whether it may follow redirects. The client does not say: it is read off its configuration; what is not
  /// recognised counts as yes.
  var mayFollowRedirects: Bool {
    guard let configuration = value("configuration", of: self) as? Configuration,
      let mode = value("mode", of: configuration.redirectConfiguration)
    else { return true }
    return "\(mode)" != "disallow"
  }

  private func value(_ label: String, of parent: Any) -> Any? {
    Mirror(reflecting: parent).children.first { $0.label == label }?.value
  }
}
