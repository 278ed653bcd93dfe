/// Names an observer in a context, which must not hold a reference.
///
/// Binding an observer as a task-local of its own costs as much as all layers of a stack together; a handle
/// is a number that travels in the context, and is looked up only when there is something to tell. 0 is
/// "nobody".
@usableFromInline
package struct ObserverHandle: Sendable, BitwiseCopyable, Hashable {
  @usableFromInline let rawValue: UInt32

  @inlinable
  init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  @inlinable
  package static var none: ObserverHandle { ObserverHandle(rawValue: 0) }
}

// MARK: - The table

extension ObserverHandle {
  private static let table = Lock(ObserverTable())

  /// Keeps `observer` until ``unregister()``.
  ///
  /// A handle that outlives its registration, in a task that outlives the call, finds nobody.
  ///
  /// - Returns: ``none``, so that the observer hears nothing, when 65 536 observers are registered already.
  package static func register(_ observer: any CallObserver) -> ObserverHandle {
    table.withLock { $0.register(observer) }
  }

  /// Lets the observer go; a second time does nothing.
  package func unregister() {
    // Handed out of the lock, so that the observer is released outside it.
    let released: (any CallObserver)? = Self.table.withLock { $0.unregister(self) }
    _ = released
  }

  /// The observer; `nil` for nobody, and after ``unregister()``.
  package var observer: (any CallObserver)? {
    Self.table.withLock { $0[self] }
  }
}
