internal import ResilienceCore

/// A letter's id is that of its side behind the side's name, so that it is found there again.
extension MirroredBroker {
  /// The dead letters of the primary, then those that the secondary alone has. A side that fails has none.
  public func deadLetters(
    of group: String?, after id: String?, limit: Int
  ) async throws -> [BrokerDeadLetter] {
    let limit = max(1, limit)
    var letters: [BrokerDeadLetter] = []
    var failure: (any Error)?
    let first = id.map { MirrorSide.secondary.own($0) == nil } ?? true
    if first {
      do {
        let after = id.flatMap { MirrorSide.primary.own($0) }
        letters = try await sides[0].broker.deadLetters(of: group, after: after, limit: limit)
          .map { $0.marked(.primary) }
      } catch {
        sides[0].failed(error)
        failure = error
      }
    }
    guard letters.count < limit else { return letters }
    do {
      let others = try await lettersOfSecondary(
        of: group, after: id.flatMap { MirrorSide.secondary.own($0) }, limit: limit - letters.count)
      return letters + others
    } catch {
      sides[1].failed(error)
      if let failure { throw failure }
      return letters
    }
  }

  private func lettersOfSecondary(
    of group: String?, after id: String?, limit: Int
  ) async throws -> [BrokerDeadLetter] {
    var known: Set<LetterKey> = []
    do {
      try await sides[0].broker.forEachLetter(of: group) { letter in
        known.insert(LetterKey(letter))
        return true
      }
    } catch {
      sides[0].failed(error)
    }
    var letters: [BrokerDeadLetter] = []
    try await sides[1].broker.forEachLetter(of: group, after: id) { letter in
      if !known.contains(LetterKey(letter)) { letters.append(letter.marked(.secondary)) }
      return letters.count < limit
    }
    return letters
  }

  /// Takes a dead letter out, and its copy on the other side.
  @discardableResult
  public func removeDeadLetter(_ id: String) async throws -> Bool {
    guard let letter = try await letter(id) else { return false }
    return try await onBoth { broker in
      guard let copy = try await broker.copy(of: letter) else { return false }
      return try await broker.removeDeadLetter(copy.id)
    }.contains(true)
  }

  /// Gives a dead letter another chance, and its copy on the other side.
  @discardableResult
  public func redrive(_ id: String, as event: EncodedEvent?) async throws -> Bool {
    guard let letter = try await letter(id) else { return false }
    forget(event ?? letter.event, in: letter.group)
    return try await onBoth { broker in
      guard let copy = try await broker.copy(of: letter) else { return false }
      return try await broker.redrive(copy.id, as: event)
    }.contains(true)
  }

  private func letter(_ id: String) async throws -> BrokerDeadLetter? {
    for side in sides {
      guard let own = side.side.own(id) else { continue }
      var found: BrokerDeadLetter?
      try await side.broker.forEachLetter { letter in
        if letter.id == own { found = letter }
        return found == nil
      }
      return found
    }
    return nil
  }
}

/// What a letter has in common with its copy.
private struct LetterKey: Hashable {
  let group: Identifier
  let event: MirrorTable.Key

  init(_ letter: BrokerDeadLetter) {
    group = Identifier(letter.group)
    event = MirrorTable.Key(letter.event)
  }
}

extension MirrorSide {
  /// The side's own id of a letter; `nil` for one of the other side.
  fileprivate func own(_ id: String) -> String? {
    id.hasPrefix("\(rawValue):") ? String(id.dropFirst(rawValue.count + 1)) : nil
  }
}

extension BrokerDeadLetter {
  fileprivate func marked(_ side: MirrorSide) -> BrokerDeadLetter {
    BrokerDeadLetter(
      id: "\(side.rawValue):\(id)", group: group, event: event, death: death, history: history)
  }
}

extension EventBroker {
  /// Until `body` returns `false`.
  fileprivate func forEachLetter(
    of group: String? = nil, after id: String? = nil, _ body: (BrokerDeadLetter) -> Bool
  ) async throws {
    var last = id
    while true {
      let page = try await deadLetters(of: group, after: last, limit: 100)
      guard let end = page.last, page.allSatisfy(body) else { return }
      last = end.id
    }
  }

  fileprivate func copy(of letter: BrokerDeadLetter) async throws -> BrokerDeadLetter? {
    var copy: BrokerDeadLetter?
    try await forEachLetter(of: letter.group) { other in
      if LetterKey(other) == LetterKey(letter) { copy = other }
      return copy == nil
    }
    return copy
  }
}
