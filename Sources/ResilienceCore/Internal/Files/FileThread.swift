/// A thread for calls that block, which runs them one after the other.
///
/// The thread holds the queue and not this object: it ends, after what was submitted, when this goes.
final class FileThread: Sendable {
  private let queue = BlockingQueue()

  /// `nil` when the system gives no thread.
  init?() {
    guard queue.start() else { return nil }
  }

  deinit { queue.close() }

  func submit(_ job: @escaping @Sendable () -> Void) {
    queue.submit(job)
  }

  /// Runs `body` on the thread, and waits for it whatever happens to the task.
  func run<Value: Sendable>(
    _ body: @escaping @Sendable () throws(StorageError) -> Value
  ) async throws(StorageError) -> Value {
    let result: Result<Value, StorageError> = await withUnsafeContinuation { continuation in
      queue.submit {
        let result: Result<Value, StorageError>
        do throws(StorageError) {
          result = .success(try body())
        } catch {
          result = .failure(error)
        }
        continuation.resume(returning: result)
      }
    }
    return try result.get()
  }
}
