import Logging
import Resilience
import ServiceLifecycle
import Synchronization

/// Lists a service when it listens and the broker knows its groups: whoever finds it can use it.
struct Registration: Service {
  let platform: Platform
  /// The port, when the server listens.
  let ports: AsyncStream<Int>
  let registered: RegisteredPort

  func run() async throws {
    await cancelWhenGracefulShutdown {
      guard let port = await ports.first(where: { _ in true }) else { return }
      while !Task.isCancelled {
        do {
          try await platform.bus.publish(
            ServiceStarted(service: platform.instance), as: Topic.serviceStarted)
          try await list(port, in: platform.settings.store)
        } catch is CancellationError {
          return
        } catch {
          platform.logger.info("not registered yet", metadata: ["error": "\(error)"])
          try? await CallContext.current.clock.sleep(for: .milliseconds(200))
        }
      }
    }
  }

  private func list(_ port: Int, in store: some RegistryStore) async throws {
    let instance = ServiceInstance(
      id: platform.instance, service: platform.name, address: "\(platform.settings.advertisedHost):\(port)")
    // Who is not listed any more is not found, and not ready.
    defer { registered.clear() }
    try await store.withLease(instance, ttl: platform.settings.lease) {
      registered.set(port)
      platform.logger.info("registered", metadata: ["address": "\(instance.address)"])
      try await watch(instance, port, in: store)
    }
  }

  /// Says that the place is lost while another process has it, and takes it again when that has gone.
  private func watch(_ instance: ServiceInstance, _ port: Int, in store: some RegistryStore) async throws {
    while true {
      try await CallContext.current.clock.sleep(for: platform.settings.lease)
      // A registry that is away takes nobody's place.
      guard let listing = try? await store.list(instance.service) else { continue }
      let record = listing.records.first { $0.instance.id == instance.id }
      switch record?.instance.address {
      case instance.address: registered.set(port)
      case .some(let other):
        if registered.port != nil {
          platform.logger.error("another process has the place", metadata: ["address": "\(other)"])
        }
        registered.clear()
      case nil:
        if registered.port == nil { throw RegisteredPort.NotRegistered() }
      }
    }
  }
}

/// The port of a service while it is registered.
final class RegisteredPort: Sendable {
  struct NotRegistered: Error {}

  private let value = Mutex<Int?>(nil)

  /// `nil` before and after.
  var port: Int? { value.withLock { $0 } }

  func set(_ port: Int) { value.withLock { $0 = port } }

  func clear() { value.withLock { $0 = nil } }

  func check() throws {
    if port == nil { throw NotRegistered() }
  }
}

/// Nobody has registered under a name.
struct NoInstance: Error {
  var service: String
}

extension ServiceRegistry {
  /// - Throws: `NoInstance` where nobody has registered under the name.
  func requireInstance(of name: String) throws -> ServiceInstance {
    guard let instance = instances(of: name).instances.first else { throw NoInstance(service: name) }
    return instance
  }
}
