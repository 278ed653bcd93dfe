internal import ResilienceCore

// What a handler has published, all of it or none.
extension EventBusState {
  enum BatchPublication: Sendable {
    /// Queued, each for so many groups; these events made room.
    case queued(groups: [Int], made: [Leaver])
    /// Refused for this group, because of an event of this type.
    case full(group: String, type: String)
  }

  mutating func publish(_ items: [OutboxScope.Item], capacity: Int) -> BatchPublication {
    if let full = obstacle(to: items, capacity) { return full }
    var groups: [Int] = []
    var leavers: [Leaver] = []
    for item in items {
      if let later = item.later {
        scheduled.insert(item.message, due: later.due)
        expect(later.due)
        groups.append(0)
      } else {
        let receivers = receivers(of: item.message.envelope.type)
        leavers += queue(item.message, for: receivers, capacity)
        groups.append(receivers.count)
      }
    }
    return .queued(groups: groups, made: leavers)
  }

  private func obstacle(to items: [OutboxScope.Item], _ capacity: Int) -> BatchPublication? {
    var added: [Int: Int] = [:]
    var later = 0
    for item in items {
      let type = item.message.envelope.type
      if item.later != nil {
        later += 1
        if scheduled.count > capacity - later { return .full(group: "scheduled", type: type) }
        continue
      }
      for group in receivers(of: type) {
        added[group, default: 0] += 1
        if !hasRoom(for: added[group, default: 0], in: group, capacity) {
          return .full(group: groups[group].name, type: type)
        }
      }
    }
    return nil
  }

  private func hasRoom(for count: Int, in group: Int, _ capacity: Int) -> Bool {
    switch groups[group].overflow {
    case .refuse, .wait: groups[group].queue.count <= capacity - count
    // What a handler is at work on makes no room.
    case .dropOldest, .deadLetterOldest: groups[group].queue.inFlight <= capacity - count
    }
  }
}
