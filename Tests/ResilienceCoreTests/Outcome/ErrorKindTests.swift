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

private struct Left<Inner>: Error {}
private struct Right<Inner>: Error {}

/// 2ⁿ⁺¹ types of errors for a depth of n: more than there are places to remember them.
private func manyTypes<Inner>(_ depth: Int, around inner: Inner.Type) -> [any Error] {
  guard depth > 0 else { return [Left<Inner>(), Right<Inner>()] }
  return manyTypes(depth - 1, around: Left<Inner>.self) + manyTypes(depth - 1, around: Right<Inner>.self)
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
    let others = manyTypes(7, around: Int.self)
    #expect(others.count == 256)
    for other in others {
      #expect(ErrorKind(of: other) == [])
      #expect(ErrorKind(of: Refused()) == .rejection)
      #expect(ErrorKind(of: CancellationError()) == .cancellation)
    }
  }
}
