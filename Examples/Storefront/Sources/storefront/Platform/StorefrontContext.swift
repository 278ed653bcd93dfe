import Hummingbird

/// A request, and who sent it.
struct StorefrontContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// Who the token says; `nil` for a request without one.
  var identity: Identity?

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
  }
}
