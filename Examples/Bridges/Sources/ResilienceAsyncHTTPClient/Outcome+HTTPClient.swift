public import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
public import Resilience
internal import ResilienceHTTPTypes

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

extension Outcome {
  /// What a response amounts to, by its status.
  ///
  /// A date in `Retry-After` is read against the wall clock of the present context.
  public init(of response: HTTPClientResponse) {
    self.init(
      httpStatus: Int(response.status.code), retryAfter: response.headers.first(name: "Retry-After"),
      at: CallContext.current.clock.unixTime)
  }

  /// What an error of the client amounts to.
  ///
  /// - **A failure that proves that nothing was sent**: a host without an address, a connection that was
  ///   refused or not there in time, a TLS or proxy handshake that failed. No connection of the pool in time
  ///   is one too, and counts as an overload: all of them are busy.
  /// - **Neutral, and in vain again**: a request that cannot be sent (its URL, its fields), a client that was
  ///   shut down, a response that is longer than the caller takes.
  /// - `nil` for everything else: a failure that proves nothing. A connection that closes may have carried
  ///   the request.
  ///
  /// - Parameters:
  ///   - error: What the client has thrown.
  ///   - followsRedirects: Whether the client does: then the error may be that of a second request, and
  ///     proves nothing about the first. Default: no.
  public init?(ofSending error: any Error, followsRedirects: Bool = false) {
    if Self.isInVain(error) {
      self.init(
        .neutral, pushback: Pushback(doNotRetry: true, notProcessed: !(error is NIOTooManyBytesError)))
    } else if followsRedirects {
      return nil
    } else if error as? HTTPClientError == .getConnectionFromPoolTimeout {
      // All connections are busy: another request at once does not help.
      self = .failure(Pushback(overloaded: true, notProcessed: true))
    } else if Self.provesNotSent(error) {
      self = .failure(.notProcessed)
    } else {
      return nil
    }
  }

  private static func isInVain(_ error: any Error) -> Bool {
    guard let error = error as? HTTPClientError else { return error is NIOTooManyBytesError }
    switch error {
    case .invalidURL, .emptyHost, .missingSocketPath, .emptyScheme, .traceRequestWithBody, .alreadyShutdown,
      .identityCodingIncorrectlyPresent:
      return true
    default:
      return ["Unsupported scheme", "Invalid header field names", "Invalid header field values"]
        .contains(error.shortDescription)
    }
  }

  private static func provesNotSent(_ error: any Error) -> Bool {
    switch error {
    case let error as HTTPClientError:
      switch error {
      case .connectTimeout, .tlsHandshakeTimeout, .socksHandshakeTimeout,
        .httpProxyHandshakeTimeout, .proxyAuthenticationRequired, .invalidProxyResponse:
        return true
      default:
        return error.shortDescription == "Server offered unsupported application protocol"
      }
    case is NIOConnectionError, is SocketAddressError: return true
    case let error as ChannelError: if case .connectTimeout = error { return true } else { return false }
    // Other numbers may be those of a connection that carried the request.
    case let error as IOError: return error.errnoCode == ECONNREFUSED || error.errnoCode == EADDRNOTAVAIL
    case let error as NIOSSLError: if case .handshakeFailed = error { return true } else { return false }
    case let error as NIOSSLExtraError:
      return error == .failedToValidateHostname || error == .serverHostnameImpossibleToMatch
    default: return false
    }
  }
}
