public import AsyncHTTPClient
internal import NIOHTTP1
public import ResilienceHTTPTypes

extension HTTPClientRequest: HTTPRepeatable {
  /// Whether it may be sent a second time: by its method, its field `Idempotency-Key`, and whether its body
  /// is in memory.
  ///
  /// The client does not say which kind a body is of: it is read off the value. What is not recognised cannot
  /// be sent twice.
  public var repeatability: HTTPRepeatability {
    HTTPRepeatability(
      method: method.rawValue, hasIdempotencyKey: headers.contains(name: "Idempotency-Key"),
      isReplayable: body?.isInMemory ?? true)
  }
}

extension HTTPClientRequest.Body {
  var isInMemory: Bool {
    guard let mode = Mirror(reflecting: self).children.first(where: { $0.label == "mode" }) else {
      return false
    }
    let kind = Mirror(reflecting: mode.value).children.first?.label
    return kind == "byteBuffer" || kind == "sequence"
  }
}
