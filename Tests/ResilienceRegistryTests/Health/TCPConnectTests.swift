import ResilienceCore
import ResilienceRegistry
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite struct TCPConnectTests {
  /// A socket of this machine that listens at a port of the system's choice, or none if `listens` is false.
  private func withPort(listens: Bool, _ body: (UInt16) async throws -> Void) async throws {
    #if canImport(Glibc)
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    try #require(isBound)
    if listens { try #require(listen(descriptor, 8) == 0) }
    try await body(UInt16(bigEndian: address.sin_port))
  }

  @Test(.timeLimit(.minutes(1)))
  func whoeverListensIsFound() async throws {
    try await withPort(listens: true) { port in
      try await TCPConnect.check("127.0.0.1:\(port)")
      try await TCPConnect.check("[::ffff:127.0.0.1]:\(port)")
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func whereNobodyListensThereIsAnErrorThatSaysSo() async throws {
    try await withPort(listens: false) { port in
      let error = await #expect(throws: TCPConnectFailed.self) {
        try await TCPConnect.check("127.0.0.1:\(port)")
      }
      #expect(error?.code == ECONNREFUSED)
      #expect(error?.description.hasPrefix("no connection to 127.0.0.1:\(port): ") == true)
    }
  }

  @Test(arguments: [
    "", ":", "8080", "localhost:8080", "10.0.0.7", "10.0.0.7:", "10.0.0.7:http", "10.0.0.7:65536", "::1:80",
    "[::1]",
    "10.0.0.7:-1", "[]:80", "\u{0}:80",
  ])
  func whatIsNoAddressIsAnErrorThatNamesIt(address: String) async {
    let error = await #expect(throws: InvalidSetting.self) { try await TCPConnect.check(address) }
    #expect(error?.field == "address" && error?.value == address)
  }

  @Test(.timeLimit(.minutes(1)))
  func aMonitorCanConnect() async throws {
    try await withPort(listens: true) { port in
      let registry = ServiceRegistry()
      registry.register(ServiceInstance(id: "up", service: "inventory", address: "127.0.0.1:\(port)"))
      registry.register(ServiceInstance(id: "down", service: "inventory", address: "127.0.0.1:1"))
      let policy = HealthCheckPolicy(interval: .milliseconds(5), rise: 1, fall: 1, jitter: 0)
      let monitor = HealthMonitor.connecting(registry, service: "inventory", policy: policy)
      let running = Task { try await monitor.run() }
      for await snapshot in registry.watch("inventory")
      where snapshot.members.map(\.health) == [.unhealthy, .healthy] { break }
      running.cancel()
      _ = await running.result
    }
  }
}
