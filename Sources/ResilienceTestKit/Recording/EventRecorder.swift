public import ResilienceCore

/// Remembers what it is told, in order: an observer for tests.
///
/// ```swift
/// let recorder = EventRecorder()
/// let stock = failsOnce.named("stock").retry(RetryPolicy(backoff: .constant(.seconds(1), jitter: .none)))
/// try await CallContext.withObserver(recorder) { _ = try await stock(article) }
/// #expect(
///   recorder.descriptions == [
///     "retry.scheduled call=stock attempt=2 delay_seconds=1.0 last=false refused=false"
///   ])
/// ```
public final class EventRecorder: CallObserver {
  private let recorded = Lock<[any ResilienceEvent]>([])

  /// Creates an empty recorder.
  public init() {}

  /// The events so far, oldest first.
  public var events: [any ResilienceEvent] { recorded.withLock { $0 } }

  /// The events so far as text, oldest first.
  public var descriptions: [String] { events.map(\.description) }

  /// Remembers an event. Also fits an object's `onEvent`: `onEvent: { recorder.record($0) }`.
  public func record(_ event: any ResilienceEvent) {
    recorded.withLock { $0.append(event) }
  }

  /// Remembers an event.
  public func record(_ event: any ResilienceEvent, in context: CallContext) {
    record(event)
  }
}
