import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Resilience
import ResilienceAsyncHTTPClient

/// Asks the server for the configuration each second: nobody waits for it, and nothing stops without it.
struct ConfigurationFollower: Sendable {
  struct Refused: Error, CustomStringConvertible {
    var status: UInt
    var description: String { "the configuration server answered \(status)" }
  }

  let configuration: LiveConfiguration
  let call: AnyHandler<HTTPClientRequest, HTTPClientResponse>
  let logger: Logger

  init(_ platform: Platform) {
    (configuration, logger) = (platform.configuration, platform.logger)
    // Not among the traces: it would be most of them. And without a breaker: it asks once a second as it is.
    let untraced = CallTracer(platform.name, sampler: .never, store: TraceStore(capacity: 0))
    call = platform.registry.service(ConfigurationService.name)
      .calls(by: platform.client, maxBodyBytes: ConfigurationService.maxBytes) { call, _ in
        call.timeout(.seconds(1))
      }
      .trace(untraced).erased()
  }

  static let interval = Duration.seconds(1)
  /// A server that starts, or starts again, takes so long.
  static let patience = Duration.seconds(3)

  func run() async throws {
    let context = CallContext.current
    var reached = context.readClock()
    var (isFirst, isAway) = (true, false)
    while true {
      do {
        configuration.take(try await fetch())
        if isAway { logger.notice("the configuration server is back") }
        (reached, isFirst, isAway) = (context.readClock(), false, false)
      } catch {
        try Task.checkCancellation()
        if !isAway, reached.duration(to: context.readClock()) >= Self.patience {
          isAway = true
          logger.warning(
            "no configuration server: goes on by what it has",
            metadata: ["version": "\(configuration.version)", "error": "\(error)"])
        }
      }
      // Who starts is to go by it soon.
      let isStarting = isFirst && !isAway
      try await context.clock.sleep(for: isStarting ? .milliseconds(100) : Self.interval)
    }
  }

  private func fetch() async throws -> ConfigurationVersion {
    let response = try await call(HTTPClientRequest(url: "/configuration"))
    guard response.status == .ok else { throw Refused(status: response.status.code) }
    // In memory already: the call has read it.
    let body = try await response.body.collect(upTo: ConfigurationService.maxBytes)
    return try JSONDecoder().decode(ConfigurationVersion.self, from: Data(body.readableBytesView))
  }
}
