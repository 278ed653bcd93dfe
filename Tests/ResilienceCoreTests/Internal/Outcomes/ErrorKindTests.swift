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

private class Base: Error, @unchecked Sendable {}

private final class Refusing: Base, Rejection, @unchecked Sendable {
  var retryAt: Instant? { nil }
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
      #expect(ErrorKind(of: CancellationError()) == [])
    }
  }

  /// A class and its subclass are the same to whoever threw them, and not to us. A base class that is and one
  /// that is not the exact type: the second must not inherit what is remembered of the first.
  @Test func aSubclassIsAskedForItself() {
    for _ in 0..<2 {
      let errors: [any Error] = [Base(), Refusing(), Base() as Base, Refusing() as Base]
      #expect(errors.map { ErrorKind(of: $0) } == [[], .rejection, [], .rejection])
    }
  }

  @Test func isNotMistakenWhenManyTypesShareAPlace() {
    let others = manyTypes(7, around: Int.self)
    #expect(others.count == 256)
    for other in others {
      #expect(ErrorKind(of: other) == [])
      #expect(ErrorKind(of: Refused()) == .rejection)
      #expect(ErrorKind(of: CancellationError()) == [])
    }
  }
}
