public import ResilienceCore

extension EventBus {
  /// Gives a dead letter another chance: it is queued for its group alone, as if it had not been delivered,
  /// and without its deadline, which has done its work.
  ///
  /// It comes last in its subject's order: behind what was published meanwhile, some of which may have been
  /// handled. A handler for which that matters compares the event's time, or a version in the payload, with
  /// what it knows.
  ///
  /// - Parameters:
  ///   - letter: A letter of this bus.
  ///   - context: Where the clock comes from. Default: that of the enclosing call.
  /// - Returns: Whether it was queued; `false` when the letter or its group is gone.
  /// - Throws: ``QueueFull`` when the group has no room; the letter stays.
  @discardableResult
  public func redrive(_ letter: DeadLetter, context: CallContext = .current) throws -> Bool {
    try redrive(letter, as: letter.message.renewed(after: letter.deaths), context)
  }

  /// Gives a dead letter another chance with another payload: one that was repaired.
  ///
  /// - Parameters:
  ///   - letter: A letter of this bus.
  ///   - type: The event's type.
  ///   - context: Where the clock comes from. Default: that of the enclosing call.
  ///   - edit: Makes the new payload of the old one.
  /// - Returns: Whether it was queued; `false` when the letter or its group is gone, or the payload is of
  ///   another type.
  /// - Throws: ``QueueFull`` when the group has no room; what `edit` throws; the letter stays.
  @discardableResult
  public func redrive<Payload>(
    _ letter: DeadLetter, as type: EventType<Payload>, context: CallContext = .current,
    editing edit: (Payload) throws -> Payload
  ) throws -> Bool {
    guard let event = letter.event(as: type) else { return false }
    let edited = TypedMessage(Event(envelope: event.envelope, data: try edit(event.data)))
    return try redrive(letter, as: edited.renewed(after: letter.deaths), context)
  }

  /// Gives the dead letters that `predicate` picks another chance, oldest first, as long as there is room.
  ///
  /// - Parameters:
  ///   - context: Where the clock comes from. Default: that of the enclosing call.
  ///   - predicate: Which. Default: all.
  /// - Returns: How many were queued.
  /// - Throws: ``QueueFull`` when a group has no room for one; it and those after it stay.
  @discardableResult
  public func redriveAll(
    context: CallContext = .current, where predicate: (DeadLetter) -> Bool = { _ in true }
  ) throws -> Int {
    try deadLetters.letters(where: predicate).count { try redrive($0, context: context) }
  }

  private func redrive(_ letter: DeadLetter, as message: Message, _ context: CallContext) throws -> Bool {
    let isQueued: Bool? = update { state in
      guard let group = state.group(named: letter.group, of: letter.filter) else { return false }
      guard state.groups[group].queue.count < policy.queueCapacity else { return nil }
      guard deadLetters.remove(letter) else { return false }
      state.enqueue(message, in: group)
      return true
    }
    guard let isQueued else { throw queueFull(letter.group, of: letter.event.type, context) }
    return isQueued
  }
}
