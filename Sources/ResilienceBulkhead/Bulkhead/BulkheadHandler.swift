public import ResilienceCore

/// A handler of which only so many calls are made at one time; see
/// ``ResilienceCore/Handler/bulkhead(_:weight:priority:)``.
public struct BulkheadHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// The kind `bulkhead`, with name and limit.
  public var layer: HandlerLayer? {
    HandlerLayer("bulkhead", named: bulkhead.name, "\(bulkhead.policy.limit)")
  }

  @usableFromInline let bulkhead: Bulkhead
  @usableFromInline let claim: BulkheadClaim
  @usableFromInline let claimOfInput: (@Sendable (Base.Input) -> BulkheadClaim)?

  @usableFromInline
  init(
    base: Base, bulkhead: Bulkhead, claim: BulkheadClaim,
    claimOfInput: (@Sendable (Base.Input) -> BulkheadClaim)?
  ) {
    self.base = base
    self.bulkhead = bulkhead
    self.claim = claim
    self.claimOfInput = claimOfInput
  }

  /// Enters the bulkhead, waiting for it if it must, and calls the base.
  ///
  /// - Throws: ``BulkheadFull`` or ``ImpossibleWeight`` when the base was not called; `CancellationError`
  ///   when cancelled while waiting, before its deadline; else what the base throws.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    var context = context
    let claim = claimOfInput?(input) ?? claim
    let token: BulkheadToken
    if let entered = bulkhead.enterUnlessFull(claim.weight, context) {
      token = entered
    } else {
      token = try await bulkhead.storage.wait(claim, context)
      context.forgetNow()
    }
    do {
      let output = try await base.perform(input, in: context)
      if !bulkhead.leavesAtOnce(token.weight) {
        bulkhead.leave(token, base.judge(value: output, in: context), context)
      }
      return output
    } catch {
      if !bulkhead.leavesAtOnce(token.weight) {
        bulkhead.leave(token, base.judge(error, in: context), context)
      }
      throw error
    }
  }
}

extension Handler {
  /// Limits how many calls are made at one time, so that a slow destination cannot take all that its callers
  /// have.
  ///
  /// Put it outside the retry to limit calls, inside to limit attempts; inside a deadline or a time limit,
  /// which ends the wait with ``ResilienceBulkhead/BulkheadFull``: a call that never began says nothing about
  /// the destination.
  ///
  /// - Parameters:
  ///   - bulkhead: The limit, shared by everything it is for.
  ///   - weight: How much of the limit each call takes; 0 is let in at once and takes nothing. Default: 1.
  ///   - priority: Those with a higher one go in first, and are the last to be turned away. Default: 0.
  public func bulkhead(_ bulkhead: Bulkhead, weight: Int = 1, priority: Int = 0) -> BulkheadHandler<Self> {
    BulkheadHandler(
      base: self, bulkhead: bulkhead, claim: BulkheadClaim(weight: weight, priority: priority),
      claimOfInput: nil)
  }

  /// Limits how many calls are made at one time, with a weight and a priority for each input.
  ///
  /// ```swift
  /// let render = render.bulkhead(bulkhead) { job in
  ///   BulkheadClaim(weight: job.pages, priority: job.isInteractive ? 1 : 0)
  /// }
  /// ```
  ///
  /// - Parameters:
  ///   - bulkhead: The limit, shared by everything it is for.
  ///   - claim: A pure, quick function. A weight of 0 is let in at once and takes nothing; a negative one, or
  ///     one above the limit, is refused with ``ResilienceBulkhead/ImpossibleWeight``.
  public func bulkhead(
    _ bulkhead: Bulkhead, claim: @escaping @Sendable (_ input: Input) -> BulkheadClaim
  ) -> BulkheadHandler<Self> {
    BulkheadHandler(base: self, bulkhead: bulkhead, claim: BulkheadClaim(), claimOfInput: claim)
  }
}
