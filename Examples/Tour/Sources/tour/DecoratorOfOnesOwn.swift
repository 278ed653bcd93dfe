import Resilience

// A layer of one's own: the answers of the last seconds, for whoever asks again.

struct CachedHandler<Base: Handler>: HandlerDecorator where Base.Input: Hashable & Sendable {
  let base: Base
  let cache: AnswerCache<Base.Input, Base.Output>

  var layer: HandlerLayer? { HandlerLayer("cached") }

  func handle(_ input: Base.Input, context: CallContext) async throws -> Base.Output {
    if let answer = await cache.answer(to: input, at: context.readClock()) { return answer }
    let answer = try await base.handle(input, context: context)
    await cache.keep(answer, to: input, until: context.readClock().advanced(by: cache.lifetime))
    return answer
  }
}

actor AnswerCache<Input: Hashable & Sendable, Output: Sendable> {
  let lifetime: Duration
  private var answers: [Input: (answer: Output, end: Instant)] = [:]

  init(lifetime: Duration) {
    self.lifetime = lifetime
  }

  func answer(to input: Input, at now: Instant) -> Output? {
    guard let kept = answers[input], kept.end > now else { return nil }
    return kept.answer
  }

  func keep(_ answer: Output, to input: Input, until end: Instant) { answers[input] = (answer, end) }
}

extension Handler where Input: Hashable & Sendable {
  func cached(for lifetime: Duration) -> CachedHandler<Self> {
    CachedHandler(base: self, cache: AnswerCache(lifetime: lifetime))
  }
}

func decoratorOfOnesOwn(say: @escaping Say) async throws {
  let price = ServiceCall("price") { (item: String) in
    say("asked for \(item)")
    return item.count
  }
  .retry()
  .cached(for: .milliseconds(100))

  say("\(price)")
  for item in ["tea", "tea", "coffee"] { say("\(item): \(try await price(item))") }
  try await CallContext.current.clock.sleep(for: .milliseconds(150))
  say("tea: \(try await price("tea"))")
}
