public import ResilienceCore

extension Balancer {
  /// Runs `body` with a picked instance, on the caller's actor, and notes what became of it.
  ///
  /// When `body` throws a ``ResilienceCore/Rejection``, it is run with another instance at once: nothing was
  /// sent to the first. Let none through from a call that the work makes after it has begun.
  ///
  /// - Parameters:
  ///   - context: The call that it belongs to: a later attempt of one call avoids the instances of the
  ///     earlier ones. Default: a call of its own.
  ///   - key: What calls that belong to one instance have in common, for
  ///     ``BalancingStrategy/consistentHash``. Default: none.
  ///   - body: The work.
  /// - Throws: ``NoInstanceAvailable`` when the service has no instance that takes calls; what `body` throws.
  @inlinable
  public nonisolated(nonsending) func run<Result>(
    _ context: CallContext = .current, key: String? = nil,
    _ body: nonisolated(nonsending) (_ instance: ServiceInstance) async throws -> Result
  ) async throws -> Result {
    var context = context
    var refused = RefusedInstances(key: Self.hash(of: key))
    var selection = try select(&context, key: refused.key)
    while true {
      do {
        let result = try await body(instance(of: selection))
        if readsOutcomes {
          finish(selection, Outcome(ofValue: result, in: context).verdictOnDestination, context)
        } else {
          release(selection)
        }
        return result
      } catch {
        let verdict = readsOutcomes ? Outcome(ofError: error, in: context).verdictOnDestination : .neutral
        selection = try selectAnother(than: selection, after: error, verdict, &refused, &context)
      }
    }
  }
}
