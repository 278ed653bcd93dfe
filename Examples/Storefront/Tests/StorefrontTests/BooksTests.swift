import AsyncHTTPClient
import Resilience
import Testing

@testable import storefront

@Suite struct BooksTests {
  @Test func booksThatCannotBeReadAreAskedForAgainUntilTimeIsUp() async throws {
    let settings = ServiceSettings(
      store: MemoryRegistryStore(), broker: MemoryBroker(), directory: "", secret: "", staffKey: "")
    let start = ContinuousClock.now
    await #expect(throws: NoInstance.self) {
      try await Books.settled(by: .shared, settings, within: .milliseconds(500), quiet: .zero)
    }
    #expect(start.duration(to: .now) >= .milliseconds(500))
  }
}
