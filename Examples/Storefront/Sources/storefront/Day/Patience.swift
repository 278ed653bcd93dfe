import NIOCore
import Resilience
import Synchronization

/// How customers bear a shop that fails: they try again for some time, with the same key.
final class Patience: Sendable {
  private struct Counts {
    var requests = 0
    var failures: [String: Int] = [:]
    var latencies: [Duration] = []
  }

  /// How long one tries.
  let limit: Duration
  private let counts = Mutex(Counts())

  init(limit: Duration = .seconds(30)) { self.limit = limit }

  /// Requests that were made, each try counted.
  var requests: Int { counts.withLock { $0.requests } }

  /// What came instead of an answer, by kind.
  var failures: [String: Int] { counts.withLock { $0.failures } }

  /// From the first try to the answer, sorted.
  var latencies: [Duration] { counts.withLock { $0.latencies.sorted() } }

  /// Repeats a request until the shop has answered it.
  ///
  /// - Parameter others: What may go away beside 429 and what is from 500.
  /// - Throws: The last failure when time is up; `Refused` for an answer that is no success.
  func run(
    _ name: String, bearing others: Set<Int> = [], _ request: () async throws -> ShopClient.Answer
  ) async throws -> ShopClient.Answer {
    let start = ContinuousClock.now
    while true {
      counts.withLock { $0.requests += 1 }
      let failure: any Error
      do {
        let answer = try await request()
        if answer.status < 300 {
          counts.withLock { $0.latencies.append(start.duration(to: .now)) }
          return answer
        }
        let refused = ShopClient.Refused(
          request: name, status: answer.status, body: String(buffer: answer.body))
        guard answer.status == 429 || answer.status >= 500 || others.contains(answer.status) else {
          throw refused
        }
        failure = refused
        count("\(answer.status)")
      } catch let refused as ShopClient.Refused {
        throw refused
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        failure = error
        count("no answer")
      }
      if start.duration(to: .now) > limit { throw failure }
      try await Task.sleep(for: .milliseconds(150))
    }
  }

  private func count(_ failure: String) { counts.withLock { $0.failures[failure, default: 0] += 1 } }
}
