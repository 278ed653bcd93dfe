#if compiler(>=6.3) && os(Linux) && canImport(Glibc) && (arch(x86_64) || arch(arm64))
  @_spi(ExperimentalCustomExecutors) internal import _Concurrency

  /// The executors of a process with simulations in it.
  enum Executors {
    private struct Factory: ExecutorFactory {
      static let mainExecutor: any MainExecutor = MainActorExecutor()
      static let defaultExecutor: any TaskExecutor = DefaultExecutor()
    }

    private static let installation: Void = {
      _ = (MainActorExecutor.original, DefaultExecutor.original)
      _createExecutors(factory: Factory.self)
    }()

    /// Puts them in place of the original ones, once.
    static func install() { installation }
  }
#endif
