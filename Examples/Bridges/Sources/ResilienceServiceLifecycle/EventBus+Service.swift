public import ResilienceEventBus

extension EventBus {
  /// The bus as a service that delivers, and drains when the group shuts down.
  ///
  /// - Parameter grace: How long events are delivered on after that; see `shutDown(grace:)`. Default: 20 s,
  ///   so that all of it fits into the 30 s that Kubernetes gives.
  public func service(grace: Duration = .seconds(20)) -> DrainingService {
    DrainingService(
      "event bus \(source)", run: { try await self.run() }, drain: { await self.shutDown(grace: grace) })
  }
}
