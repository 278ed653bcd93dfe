public import ResilienceTrace

extension SpanReporter {
  /// The reporter as a service that sends spans on, and sends what is left when the group shuts down.
  ///
  /// List it first, so that it is the last to shut down: the others' last spans go out too.
  public func service() -> DrainingService {
    DrainingService("span reporter \(name)", run: { try await self.run() }, drain: { self.finish() })
  }
}
