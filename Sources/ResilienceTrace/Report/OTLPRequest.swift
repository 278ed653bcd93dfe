/// One request to a collector, for a transport to send: `POST` to ``path`` with ``contentType`` and ``body``.
public struct OTLPRequest: Sendable, Hashable {
  /// The path below the collector's address: `/v1/traces`.
  public let path = "/v1/traces"

  /// The content type: `application/json`.
  public let contentType = "application/json"

  /// The document, in UTF-8.
  public var body: [UInt8]

  /// How many spans it holds.
  public var spanCount: Int

  /// Creates a request.
  public init(body: [UInt8], spanCount: Int) {
    self.body = body
    self.spanCount = spanCount
  }
}
