import Hummingbird

/// A request, and who sent it.
struct StorefrontContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// Who the token says; `nil` for a request without one.
  var identity: Identity?
  /// The address that the connection comes from.
  let peer: String

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    peer = source.channel.remoteAddress?.ipAddress ?? "unknown"
  }
}
