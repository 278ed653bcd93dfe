extension Handler {
  /// Calls the handler, and gives back what it throws instead of throwing it, starting from
  /// ``CallContext/current``.
  ///
  /// ```swift
  /// switch await charge.result(of: order) {
  /// case .success(let receipt): print(receipt)
  /// case .failure(let error): print(error)
  /// }
  /// ```
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func result(of input: Input) async -> Result<Output, any Error> {
    do {
      return .success(try await handle(input, context: .current))
    } catch {
      return .failure(error)
    }
  }
}

extension Handler where Input == Void {
  /// Calls a handler that takes no input, and gives back what it throws instead of throwing it.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func result() async -> Result<Output, any Error> {
    await result(of: ())
  }
}
