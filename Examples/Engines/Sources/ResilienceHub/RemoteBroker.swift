public import AsyncHTTPClient
internal import Foundation
internal import NIOCore
public import Resilience

/// The broker of a ``Hub`` in another process.
///
/// ```swift
/// let bus = EventBus(source: "shop", broker: RemoteBroker(at: "http://127.0.0.1:8090/hub"))
/// ```
///
/// What was published is as durable as the hub's broker makes it. A publication that was not answered may have been
/// made: an event may be there twice, and an inbox drops the second. A settlement that was not answered can be
/// repeated: what was settled is stale then. What was handed out to a call that was not answered is handed out to the
/// next one.
///
/// A settlement that is too large for the hub alone throws a ``RemoteError`` of status 413 once: its event is a dead
/// letter then, whose reason is `poison`, and without its history if that was too long.
///
/// When the hub is away every call throws; when it is back with its journal, sessions begin anew
/// (`BrokerSessionEnded`), which an `EventBus` does by itself.
///
/// A request takes ``timeout`` at most, with its answer, and one that waits for events up to 10 s more: then it throws
/// `TimedOut`. Nothing is sent for a caller whose deadline has passed: that is a `DeadlineExceeded`. Besides,
/// everything throws what `EventBroker` says, ``RemoteError``, and what the client throws, such as `HTTPClientError`.
public struct RemoteBroker: EventBroker {
  /// How long a request may take.
  public let timeout: Duration

  /// The most bytes of events in one request that settles; more settlements are several requests.
  public let maxBodyBytes: Int

  let client: HubClient

  /// Creates a broker; nothing is sent before it is asked.
  ///
  /// - Parameters:
  ///   - client: Sends the requests; it is not shut down. Each group that is consumed holds a connection:
  ///     over HTTP/1 a client has eight for one host, unless `concurrentHTTP1ConnectionsPerHostSoftLimit` says
  ///     otherwise, and one more group would leave none for requests. A client that connects again by itself, such as
  ///     `HTTPClient.shared`, keeps requests waiting for up to a minute when the hub is back. Default: one of this module's,
  ///     with neither of the two.
  ///   - endpoint: Where the hub is, with its path.
  ///   - timeout: How long a request may take; less than 1 ms counts as that. Default: 5 s.
  ///   - maxBodyBytes: The most bytes of events in one request that settles: no more than the hub's. Default: 16 MiB,
  ///     as ``Hub``'s.
  public init(
    _ client: HTTPClient? = nil, at endpoint: String,
    timeout: Duration = .seconds(5), maxBodyBytes: Int = 16 << 20
  ) {
    self.client = HubClient(client: client ?? DefaultClient.shared, endpoint: endpoint, timeout: timeout)
    self.timeout = self.client.timeout
    self.maxBodyBytes = max(maxBodyBytes, 1 << 10)
  }
}

// MARK: - Events and groups

extension RemoteBroker {
  /// Stores events, in one request.
  public func publish(_ events: [EncodedEvent]) async throws {
    try Task.checkCancellation()
    guard !events.isEmpty else { return }
    try await client.send(
      HubPath.publish, ByteBuffer(bytes: HubBatch(events).bytes), within: timeout)
  }

  /// Begins a session of one consumer.
  public func join(_ group: BrokerGroup) async throws -> any BrokerConsumer {
    let id = UUID().uuidString
    do {
      let joined: HubFrame<HubJoined> = try await client.ask(
        HubPath.join, HubJoin(session: id, group: HubGroup(group)))
      return RemoteConsumer(
        self, group.name, session: id,
        heartbeatInterval: max(.nanoseconds(joined.head.heartbeatNanoseconds), .milliseconds(10)))
    } catch {
      // It may have begun, or begin yet, and would have keys to itself until it ends. Whether the caller has time left
      // or was cancelled has no part in it: so nothing of the call goes along.
      let client = client
      let leave = Task.detached(executorPreference: CallContext.current.executor) {
        let _: HubFrame<HubNothing> = try await client.ask(
          HubPath.leave, HubSessionOnly(session: id), within: min(client.timeout, .seconds(1)))
      }
      _ = await leave.result
      throw error
    }
  }

  /// Removes a group.
  @discardableResult
  public func removeGroup(_ name: String) async throws -> Bool {
    let answer: HubFrame<HubAnswer> = try await client.ask(HubPath.removeGroup, HubGroupOnly(name: name))
    return answer.head.isThere
  }
}

// MARK: - Dead letters

extension RemoteBroker {
  /// The dead letters, oldest first: a page may be shorter than `limit`, and is empty at the end alone.
  public func deadLetters(
    of group: String?, after id: String?, limit: Int
  ) async throws -> [BrokerDeadLetter] {
    var letters: [BrokerDeadLetter] = []
    while letters.count < max(1, limit) {
      let page: HubFrame<HubLetters> = try await client.ask(
        HubPath.letters,
        HubLetterPage(group: group, after: letters.last?.id ?? id, limit: max(1, limit) - letters.count))
      guard page.head.letters.count == page.events.count else {
        throw client.unreadable(
          HubPath.letters, "\(page.head.letters.count) letters, and \(page.events.count) events")
      }
      guard !page.events.isEmpty else { break }
      letters += zip(page.head.letters, page.events).map { $0.letter(of: $1) }
    }
    return letters
  }

  /// Takes a dead letter out.
  @discardableResult
  public func removeDeadLetter(_ id: String) async throws -> Bool {
    let answer: HubFrame<HubAnswer> = try await client.ask(HubPath.removeLetter, HubLetterOnly(id: id))
    return answer.head.isThere
  }

  /// Gives a dead letter another chance.
  @discardableResult
  public func redrive(_ id: String, as event: EncodedEvent?) async throws -> Bool {
    let answer: HubFrame<HubAnswer> = try await client.ask(
      HubPath.redrive, HubLetterOnly(id: id), events: event.map { [$0] } ?? [])
    return answer.head.isThere
  }
}
