public import ResilienceCore

extension EventBus {
  /// Gives a dead letter another chance: it is queued for its group alone, as if it had not been delivered,
  /// and without its deadline, which has done its work.
  ///
  /// - Parameters:
  ///   - letter: A letter of this bus.
  ///   - context: Where the clock comes from. Default: that of the enclosing call.
  /// - Returns: Whether it was queued; `false` when the letter or its group is gone.
  /// - Throws: ``QueueFull`` when the group has no room; the letter stays.
  @discardableResult
  public func redrive(_ letter: DeadLetter, context: CallContext = .current) throws -> Bool {
    let message = letter.message.renewed()
    let isQueued: Bool? = update { state in
      guard let group = state.group(named: letter.group, of: letter.event.type) else { return false }
      guard state.groups[group].queue.count < policy.queueCapacity else { return nil }
      guard deadLetters.remove(letter) else { return false }
      state.enqueue(message, in: group)
      return true
    }
    guard let isQueued else { throw queueFull(letter.group, of: letter.event.type, context) }
    return isQueued
  }
}
