/// An observer that is found by its handle for as long as this object lives.
///
/// Bound as a task-local it lives as long as the last task that inherited it.
package final class ObserverRegistration: Sendable {
  package let handle: ObserverHandle

  package init(_ observer: any CallObserver) {
    handle = .register(observer)
  }

  deinit {
    handle.unregister()
  }
}
