internal import ResilienceCore

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// Finds out whether somebody accepts connections at an address.
public enum TCPConnect {
  /// Opens a connection, and closes it at once.
  ///
  /// It occupies no thread: the socket does not block, and is looked at every few milliseconds of the
  /// context's clock, so that what it finds is that much late. It waits for as long as its task is not
  /// cancelled, as a ``HealthMonitor`` does at its timeout.
  ///
  /// - Parameter address: `10.0.0.7:8080` or `[fe80::1]:8080`. The host is a number: looking a name up would
  ///   block.
  /// - Throws: `InvalidSetting`, with the field `address`, when it is no such address; ``TCPConnectFailed``
  ///   when nobody accepts; `CancellationError`.
  public static func check(_ address: String) async throws {
    let socket = try NonBlockingSocket(connectingTo: address)
    defer { socket.close() }
    let clock = CallContext.current.clock
    var pause: Int64 = 1
    while try !socket.isConnected(address) {
      try await clock.sleep(for: .milliseconds(pause))
      pause = min(2 * pause, 16)
    }
  }
}

extension HealthMonitor where Check == ServiceCall<ServiceInstance, Void> {
  /// A monitor that opens a TCP connection to each instance's address; see ``TCPConnect``.
  public static func connecting(
    _ registry: ServiceRegistry, service: String, policy: HealthCheckPolicy = HealthCheckPolicy()
  ) -> HealthMonitor {
    HealthMonitor(registry, service: service, policy: policy) { try await TCPConnect.check($0.address) }
  }
}

private struct NonBlockingSocket {
  private let descriptor: Int32

  init(connectingTo address: String) throws {
    guard let (host, port) = Self.parts(of: address), let found = Self.resolve(host, port) else {
      throw InvalidSetting(
        field: "address", value: address,
        requirement: "a number and a port, such as 10.0.0.7:8080 or [::1]:8080")
    }
    defer { freeaddrinfo(found) }
    let info = found.pointee
    descriptor = socket(info.ai_family, info.ai_socktype, info.ai_protocol)
    guard descriptor >= 0 else { throw TCPConnectFailed(address, errno) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    if connect(descriptor, info.ai_addr, info.ai_addrlen) != 0, errno != EINPROGRESS {
      let code = errno
      close()
      throw TCPConnectFailed(address, code)
    }
  }

  func isConnected(_ address: String) throws -> Bool {
    var polled = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    guard poll(&polled, 1, 0) > 0 else { return false }
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else {
      throw TCPConnectFailed(address, errno)
    }
    guard code == 0 else { throw TCPConnectFailed(address, code) }
    return true
  }

  func close() {
    #if canImport(Darwin)
      _ = Darwin.close(descriptor)
    #elseif canImport(Glibc)
      _ = Glibc.close(descriptor)
    #elseif canImport(Musl)
      _ = Musl.close(descriptor)
    #endif
  }

  private static func resolve(_ host: String, _ port: String) -> UnsafeMutablePointer<addrinfo>? {
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
    #if canImport(Glibc)
      hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
      hints.ai_socktype = SOCK_STREAM
    #endif
    var found: UnsafeMutablePointer<addrinfo>?
    return getaddrinfo(host, port, &hints, &found) == 0 ? found : nil
  }

  private static func parts(of address: String) -> (host: String, port: String)? {
    guard let colon = address.lastIndex(of: ":") else { return nil }
    var host = address[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    let port = address[address.index(after: colon)...]
    guard !host.isEmpty, UInt16(port) != nil else { return nil }
    return (String(host), String(port))
  }
}
