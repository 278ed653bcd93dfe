internal import Foundation
internal import Resilience
internal import Synchronization

/// What the consumers of a broker share.
final class BrokerCore: Sendable {
  let topics: Topics
  let policy: KafkaBrokerPolicy
  let producer: Producer
  let ledger: Ledger

  private struct State {
    var members: [ObjectIdentifier: Member] = [:]
    var isStopped = false
    /// Letters that are being removed or redriven in this process.
    var busyLetters: Set<String> = []
  }

  private let settings: [String: String]
  private let onUnreadable: @Sendable (String) -> Void
  private let state: Shared

  private final class Shared: Sendable {
    let value = Mutex(State())
  }

  init(
    _ settings: [String: String], _ topics: Topics, _ policy: KafkaBrokerPolicy, _ clock: any ResilienceClock,
    _ onUnreadable: @escaping @Sendable (String) -> Void
  ) throws(KafkaError) {
    self.settings = settings
    self.topics = topics
    self.policy = policy
    self.onUnreadable = onUnreadable
    let state = Shared()
    self.state = state
    let producer = try Producer(settings, policy)
    self.producer = producer
    do {
      ledger = try Ledger(
        settings, topics, policy, producer, clock,
        onRemoved: { id in
          let members = state.value.withLock { $0.members.values.filter { $0.groupID == id } }
          for member in members { _ = member.inbox.post(.groupRemoved) }
        }, onUnreadable: onUnreadable)
    } catch {
      producer.stop()
      throw error
    }
  }

  /// - Throws: `BrokerGroupMissing` when the group was removed since it was looked up.
  func startMember(of group: LedgerState.Group) async throws -> Member {
    let state = state
    let member = try Member(
      settings, topics, policy, group, onUnreadable: onUnreadable,
      onEnd: { member in
        state.value.withLock { _ = $0.members.removeValue(forKey: ObjectIdentifier(member)) }
      })
    let isStopped = state.value.withLock { state in
      if !state.isStopped { state.members[ObjectIdentifier(member)] = member }
      return state.isStopped
    }
    member.start()
    if isStopped {
      _ = member.inbox.post(.leave)
      throw KafkaError.closed("join")
    }
    // Of a removal that is read from here on the member is told.
    let isThere: Bool
    do {
      isThere = try await ledger.read {
        $0.groups[group.stored.name]?.contains { $0.id == group.id } ?? false
      }
    } catch {
      _ = member.inbox.post(.leave)
      throw error
    }
    guard isThere else {
      _ = member.inbox.post(.groupRemoved)
      throw BrokerGroupMissing(group: group.stored.name)
    }
    return member
  }

  /// - Returns: Whether the letter was there, and nobody else of this process is at it.
  func withLetter(
    _ id: String, _ body: (LedgerState.Letter) async throws -> Void
  ) async throws -> Bool {
    guard let letter = try await ledger.sync({ $0.letter(id) }) else { return false }
    guard state.value.withLock({ $0.busyLetters.insert(id).inserted }) else { return false }
    defer { state.value.withLock { _ = $0.busyLetters.remove(id) } }
    // It may have gone since it was read.
    guard try await ledger.read({ $0.letter(id) }) != nil else { return false }
    try await body(letter)
    return true
  }

  // MARK: - The end

  /// - Parameter isCrash: As the end of the process does, for tests.
  func stop(isCrash: Bool = false) {
    let members = state.value.withLock { state in
      state.isStopped = true
      return Array(state.members.values)
    }
    for member in members { _ = member.inbox.post(isCrash ? .abandon : .leave) }
    ledger.stop(isCrash: isCrash)
  }

  func waitUntilStopped() async {
    for member in state.value.withLock({ Array($0.members.values) }) { await member.ended.wait() }
    await ledger.waitUntilStopped()
    await producer.waitUntilStopped()
  }
}
