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
    let answer = Lock<Result<Value, StorageError>?>(nil)
    let waiter = Waiter("StorageDirectory")
    queue.submit {
      let result: Result<Value, StorageError>
      do throws(StorageError) {
        result = .success(try body())
      } catch {
        result = .failure(error)
      }
      answer.withLock { $0 = result }
      waiter.grant()
    }
    // The answer is beside the waiter, and not handed over with the task, which ThreadSanitizer takes for a
    // race.
    await waiter.waitUninterrupted()
    guard let result = answer.withLock({ $0 }) else { preconditionFailure("a file's answer is not there") }
    return try result.get()
  }
}
