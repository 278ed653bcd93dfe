internal import ResilienceCore

/// An observer that is found by its handle for as long as this object lives.
final class ObserverRegistration: Sendable {
  let handle: ObserverHandle

  init(_ observer: any CallObserver) {
    handle = .register(observer)
  }

  deinit {
    handle.unregister()
  }
}
