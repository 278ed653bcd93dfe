public import AsyncHTTPClient
public import NIOCore

extension HTTPClient.Configuration {
  /// A configuration for a client whose calls have layers of this toolkit around them.
  ///
  /// - A connection that fails is reported at once, and not tried again inside for as long as the client
  ///   waits for one: trying again is the retry's, which may go to another instance.
  /// - A connection that is not there in time is given up before the attempt is, so that it is known that
  ///   nothing was sent.
  /// - Redirects are not followed: services answer each other, and after a redirect an error proves nothing
  ///   about the first request.
  ///
  /// - Parameter connect: How long a connection may take, TLS included. Default: 800 ms, less than the second
  ///   that an attempt of a standard stack has.
  public static func resilient(connect: TimeAmount = .milliseconds(800)) -> HTTPClient.Configuration {
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow, timeout: Timeout(connect: connect))
    configuration.connectionPool.retryConnectionEstablishment = false
    return configuration
  }
}
