/// The right to be the only one in a directory: released on request, when the last reference goes, and when
/// the process ends, however it ends.
public final class StorageLock: Sendable {
  private let action: Lock<(@Sendable () -> Void)?>

  /// Creates one; for implementers of ``StorageDirectory``.
  ///
  /// - Parameter release: Lets others in. Called once.
  public init(release: @escaping @Sendable () -> Void) {
    action = Lock(release)
  }

  deinit { release() }

  /// Lets others in; does nothing the second time.
  public func release() {
    let action: (@Sendable () -> Void)? = action.withLock { action in
      defer { action = nil }
      return action
    }
    action?()
  }
}
