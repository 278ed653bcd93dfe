internal import ResilienceCore

/// The tests that every ``EventBroker`` must pass, for the test target of whoever writes one.
///
/// ```swift
/// @Test(arguments: EventBrokerContract.cases)
/// func theBrokerKeepsItsPromises(promise: EventBrokerContract.Case) async throws {
///   try await promise.run(KafkaBroker(client))
/// }
/// ```
///
/// What a broker owes after a crash can be tried where the test can open it anew:
///
/// ```swift
/// try await promise.run(broker) { try await KafkaBroker(client) }
/// ```
///
/// It is part of this module, and needs no test framework. Each case works on event types and groups of names
/// of its own, so that a broker that others use too will do. Time comes from the call's context: in a
/// simulation the whole takes none; with a system clock some cases wait for the end of a session, so that a
/// broker with short ones is tried sooner. A session must last 2 seconds or more, and a consumer must get 100
/// events without settling one.
public enum EventBrokerContract {
  /// One promise and how it is tried.
  public struct Case: Sendable, CustomStringConvertible {
    /// What is promised, as a name of a test.
    public let name: String

    let body: @Sendable (BrokerTrial) async throws -> Void

    /// The name.
    public var description: String { name }

    /// Tries the promise.
    ///
    /// - Parameters:
    ///   - broker: The broker.
    ///   - reopen: Ends the broker that was opened last, as a crash does, and opens it anew with what it has
    ///     kept. Default: none, so that the cases of that try nothing.
    /// - Throws: ``BrokerContractViolation`` when the promise is not kept; what the broker throws.
    public func run(
      _ broker: any EventBroker, reopen: (@Sendable () async throws -> any EventBroker)? = nil
    ) async throws {
      let prefix = "contract-\(String(CallContext.current.random(), radix: 36))"
      try await body(BrokerTrial(name: name, broker: broker, prefix: prefix, reopen: reopen))
    }
  }

  /// All of them.
  public static var cases: [Case] {
    ordering + settling + sharing + letters + groups + scheduling + surviving
  }
}
