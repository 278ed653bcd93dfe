import ResilienceTestKit
import Testing

@testable import ResilienceCore

@Suite struct WaiterTests {
  @Test func aGrantBeforeTheWaitIsKept() async {
    let waiter = Waiter("test")
    #expect(waiter.grant())
    #expect(await waiter.wait() == .granted)
    #expect(!waiter.cancel())
  }

  @Test func aCancelledTaskDoesNotPark() async {
    let waiter = Waiter("test")
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return await waiter.wait()
    }
    #expect(await task.value == .cancelled)
    #expect(!waiter.grant(), "what was to be granted stays with the granter")
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func row40_grantAndCancelRaceHasOneWinnerAndBothKnow(seed: UInt64) throws {
    let (granted, resolution) = try Simulation(seed: seed).run { sim in
      let waiter = Waiter("test")
      let executor = CallContext.current.executor
      let waiting = Task.immediate(executorPreference: executor) { await waiter.wait() }
      let granting = Task.immediate(executorPreference: executor) {
        await Task.yield()
        return waiter.grant()
      }
      await Task.yield()
      waiting.cancel()
      return await (granting.value, waiting.value)
    }
    #expect(granted == (resolution == .granted))
  }
}
