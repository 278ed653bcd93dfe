import Foundation
import Logging
import Resilience
import Synchronization

/// The version that a process goes by, and what follows it.
final class LiveConfiguration: Sendable {
  private struct State {
    var held: ConfigurationVersion
    var policies: ShopPolicies
    /// What was found last, if it is not gone by.
    var refused: ConfigurationVersion?
    var refusals = 0
    var followers: [@Sendable (ShopPolicies) -> Void] = []
  }

  private let state: Mutex<State>
  /// Has the version that is gone by, for a start without the server.
  private let file: URL
  private let logger: Logger

  /// Goes by the version that the file has, else by what is built in.
  init(file: String, logger: Logger) {
    self.file = URL(filePath: file)
    self.logger = logger
    var state = State(held: .none, policies: .builtIn)
    do {
      if let text = FileManager.default.contents(atPath: file) {
        state.held = try JSONDecoder().decode(ConfigurationVersion.self, from: text)
        state.policies = try ShopPolicies(state.held.values)
      }
    } catch {
      state = State(held: .none, policies: .builtIn)
      logger.error("the kept configuration is not readable", metadata: ["error": "\(error)"])
    }
    self.state = Mutex(state)
  }

  /// 0 for what is built in.
  var version: Int { state.withLock { $0.held.version } }

  var policies: ShopPolicies { state.withLock { $0.policies } }

  /// Has something go by the policies: now, and by each later version. Only before the process runs.
  func apply(_ body: @escaping @Sendable (ShopPolicies) -> Void) {
    let policies = state.withLock { state in
      state.followers.append(body)
      return state.policies
    }
    body(policies)
  }

  /// Goes by a version that the server has, if it is another one and can be read. One task calls it.
  func take(_ found: ConfigurationVersion) {
    let (held, refused) = state.withLock { ($0.held, $0.refused) }
    guard found != held else { return state.withLock { $0.refused = nil } }
    // What is wrong is told once.
    guard found != refused else { return }
    // Nobody has put one yet, or the server has lost them: that is no wish for other values.
    guard found.version > 0 else { return refuse(found, InvalidSetting.noVersion) }
    do {
      let policies = try ShopPolicies(found.values)
      for follower in state.withLock(\.followers) { follower(policies) }
      // Afterwards: who reads the number finds that it holds.
      state.withLock { ($0.held, $0.policies, $0.refused) = (found, policies, nil) }
      logger.notice(
        "goes by another configuration",
        metadata: [
          "version": "\(found.version)", "by": "\(found.by ?? "")", "note": "\(found.note ?? "")",
        ])
      keep(found)
    } catch {
      refuse(found, error)
    }
  }

  private func refuse(_ found: ConfigurationVersion, _ error: InvalidSetting) {
    let held = state.withLock { state in
      (state.refused, state.refusals) = (found, state.refusals + 1)
      return state.held
    }
    logger.error(
      "configuration refused",
      metadata: [
        "version": "\(found.version)", "key": "\(error.field)", "value": "\(error.value)",
        "error": "\(error)", "stays": "\(held.version)",
      ])
  }

  private func keep(_ version: ConfigurationVersion) {
    do {
      try JSONEncoder().encode(version).write(to: file, options: .atomic)
    } catch {
      // A process without a folder of its own starts without.
      logger.info("configuration not kept", metadata: ["error": "\(error)"])
    }
  }
}

extension LiveConfiguration: MetricSource {
  var metrics: [Metric] {
    let (version, refusals) = state.withLock { ($0.held.version, $0.refusals) }
    return [
      Metric(
        "configuration_version", .gauge, Double(version),
        help: "The version of the configuration that the process goes by; 0 is what is built in."),
      Metric(
        "configuration_refused_total", .counter, Double(refusals),
        help: "Versions of the configuration that the process found and does not go by."),
    ]
  }
}

extension InvalidSetting {
  fileprivate static let noVersion = InvalidSetting(
    field: "version", value: "0", requirement: "one that was put")
}
