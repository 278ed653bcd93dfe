import AsyncHTTPClient
import Resilience
import ResilienceEtcd

/// One of the processes: it registers its instances, and keeps them until it is killed.
struct Worker {
  let options: Options
  let number: Int
  let store: EtcdStore

  init(_ options: Options, number: Int, endpoint: String) {
    self.options = options
    self.number = number
    store = EtcdStore(at: endpoint)
  }

  func run() async throws {
    try await withThrowingDiscardingTaskGroup { tasks in
      for id in options.ids(of: number) {
        let instance = ServiceInstance(id: id, service: options.service)
        tasks.addTask {
          // One that etcd does not take at once, as all register in the same moment.
          try await untilItSucceeds {
            try await store.withLease(instance, ttl: .seconds(options.ttl)) {
              try await SystemClock().sleep(for: .seconds(86_400))
            }
          }
        }
      }
    }
  }

  private func untilItSucceeds(_ body: () async throws -> Void) async throws {
    while true {
      do {
        return try await body()
      } catch {
        // Also what takes too long; the sleep throws when the task is cancelled.
        try await SystemClock().sleep(for: .milliseconds(.random(in: 200...1000)))
      }
    }
  }
}
