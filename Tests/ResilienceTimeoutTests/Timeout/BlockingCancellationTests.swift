import Dispatch
import ResilienceCore
import ResilienceTestKit
import ResilienceTimeout
import Synchronization
import Testing

// On the real clock, since its threads are what is tested.
@Suite(.timeLimit(.minutes(1))) struct BlockingCancellationTests {
  /// Twenty seconds at most, so that the test fails instead of hanging.
  @Test func row72_aCancellationHandlerThatBlocksDelaysNoOtherLimit() async throws {
    let gate = DispatchSemaphore(value: 0)
    let (began, passed, parking) = (Waiter("began"), Log<Bool>(), Parking())
    let blocking = ServiceCall("blocking") { (_: Void) in
      try await withTaskCancellationHandler {
        await parking.park()
        try Task.checkCancellation()
      } onCancel: {
        began.grant()
        passed.append(gate.wait(timeout: .now() + 20) == .success)
        parking.leave()
      }
    }
    .timeout(.milliseconds(1))
    let other = ServiceCall("other") { (_: Void) in try await SystemClock().sleep(for: .seconds(3600)) }
      .timeout(.milliseconds(150))

    let blocked = Task { try await blocking() }
    _ = await began.wait()
    let start = SystemClock.read()
    await #expect(throws: TimedOut.self) { try await other() }
    #expect(start.duration(to: SystemClock.read()) >= .milliseconds(150))
    #expect(passed.entries.isEmpty, "the limit waited for the handler of another call")
    gate.signal()
    await #expect(throws: TimedOut.self) { try await blocked.value }
    #expect(passed.entries == [true])
  }
}

/// Where a task waits that hears no cancellation, so that it holds no thread meanwhile.
private final class Parking: Sendable {
  private let parked = Mutex<UnsafeContinuation<Void, Never>?>(nil)

  func park() async {
    await withUnsafeContinuation { continuation in parked.withLock { $0 = continuation } }
  }

  func leave() {
    parked.withLock { $0.take() }?.resume()
  }
}
