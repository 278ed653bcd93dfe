/// An input that says whether it may be sent a second time: a request of an HTTP client.
public protocol HTTPRepeatable {
  /// Whether it may be sent a second time.
  var repeatability: HTTPRepeatability { get }
}
