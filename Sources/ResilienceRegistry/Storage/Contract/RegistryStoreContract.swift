internal import ResilienceCore

/// The tests that every ``RegistryStore`` must pass, for the test target of whoever writes one.
///
/// ```swift
/// @Test(arguments: RegistryStoreContract.cases)
/// func theStoreKeepsItsPromises(promise: RegistryStoreContract.Case) async throws {
///   try await promise.run(EtcdStore(client))
/// }
/// ```
///
/// What a store owes whoever asks for changes that it has forgotten can be tried where the test can make it
/// forget:
///
/// ```swift
/// try await promise.run(EtcdStore(client)) { try await client.compact() }
/// ```
///
/// It is part of this module, and needs no test framework, so that a package with nothing but an adapter can
/// use it. Each case works on services of names of its own, so that a store that others use too will do. Time
/// comes from the call's context: with a system clock the whole takes some ten seconds, in a simulation none.
public enum RegistryStoreContract {
  /// One promise and how it is tried.
  public struct Case: Sendable, CustomStringConvertible {
    /// What is promised, as a name of a test.
    public let name: String

    let body: @Sendable (ContractTrial) async throws -> Void

    /// The name.
    public var description: String { name }

    /// Tries the promise.
    ///
    /// - Parameters:
    ///   - store: The store.
    ///   - ttl: The time-to-live of leases that are let run out; as short as the store can. Default: 2 s.
    ///   - forget: Makes the store forget every change that was made before, and not what is listed. Default:
    ///     none, so that the case `whoeverAsksForForgottenChangesIsToldToListAnew` tries nothing.
    /// - Throws: ``ContractViolation`` when the promise is not kept; what the store throws.
    public func run(
      _ store: some RegistryStore, ttl: Duration = .seconds(2),
      forget: (@Sendable () async throws -> Void)? = nil
    ) async throws {
      let service = "contract-\(String(CallContext.current.random(), radix: 36))"
      try await body(ContractTrial(name: name, store: store, service: service, ttl: ttl, forget: forget))
    }
  }

  /// All of them.
  public static var cases: [Case] { writing + leases + following }
}
