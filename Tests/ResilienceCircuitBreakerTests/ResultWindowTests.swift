import ResilienceCore
import Testing

@testable import ResilienceCircuitBreaker

@Suite struct ResultWindowTests {
  @Test(arguments: [1, 2, 63, 64, 65, 100, 128, 1000])
  func countsExactlyTheLatestResults(capacity: Int) {
    var window = ResultWindow(capacity: capacity)
    var reference: [Bool] = []
    let random = SeededRandomSource(seed: UInt64(capacity))
    for _ in 0..<(capacity * 5) {
      let failure = random.next(below: 3) == 0
      window.append(failure: failure)
      reference = (reference + [failure]).suffix(capacity)
      #expect(window.count == reference.count)
      #expect(window.failures == reference.count { $0 })
    }
    window.removeAll()
    #expect(window.count == 0)
    window.append(failure: true)
    #expect(window.failureRate == 1)
  }

  @Test(arguments: 1...9)
  func theRateOfATenthIsTheLiteral(tenths: Int) {
    var window = ResultWindow(capacity: 30)
    for index in 0..<30 { window.append(failure: index < tenths * 3) }
    let literals = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    #expect(window.failureRate == literals[tenths - 1])
  }
}
