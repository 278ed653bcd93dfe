import ResilienceCore
import Testing

private struct Plain: Error {}

private struct Refused: Rejection {
  var retryAt: Instant? { nil }
}

private struct Busy: Error, PushbackProviding {
  var pushback: Pushback { .overloaded }
}

private struct RefusedWithAWord: Rejection, PushbackProviding {
  var retryAt: Instant? { nil }
  var pushback: Pushback { .doNotRetry }
}

/// Many types, more than there are places to remember them.
private struct Numbered<each Digit>: Error {}

private func manyTypes<each Digit>(_ depth: Int, _ error: Numbered<repeat each Digit>) -> [any Error] {
  guard depth > 0 else { return [error] }
  return manyTypes(depth - 1, Numbered<Int, repeat each Digit>())
    + manyTypes(depth - 1, Numbered<String, repeat each Digit>())
}

@Suite struct ErrorKindTests {
  @Test func tellsWhatATypeConformsToAlsoTheSecondTime() {
    for _ in 0..<2 {
      #expect(ErrorKind(of: Plain()) == [])
      #expect(ErrorKind(of: Refused()) == .rejection)
      #expect(ErrorKind(of: Busy()) == .pushbackProviding)
      #expect(ErrorKind(of: RefusedWithAWord()) == [.rejection, .pushbackProviding])
      #expect(ErrorKind(of: CancellationError()) == .cancellation)
    }
  }

  @Test func isNotMistakenWhenManyTypesShareAPlace() {
    let others = manyTypes(8, Numbered<>())
    #expect(others.count == 256)
    for other in others {
      #expect(ErrorKind(of: other) == [])
      #expect(ErrorKind(of: Refused()) == .rejection)
      #expect(ErrorKind(of: CancellationError()) == .cancellation)
    }
  }
}
