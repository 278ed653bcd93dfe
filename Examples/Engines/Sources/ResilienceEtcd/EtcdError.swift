/// etcd refused a request, or its answer cannot be read.
public struct EtcdError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of error it is.
  public enum Reason: String, Sendable, Hashable {
    /// What was asked for is not there, such as a lease that has ended.
    case notFound

    /// etcd refused the request, or could not do it.
    case refused

    /// An answer, or a record under the store's prefix, is not what it should be.
    case unreadable
  }

  /// What kind of error it is.
  public let reason: Reason

  /// The request, such as `kv/txn`.
  public let request: String

  /// What etcd said, or what could not be read.
  public let message: String

  init(_ reason: Reason, _ request: String, _ message: String) {
    self.reason = reason
    self.request = request
    self.message = message
  }

  /// Such as `etcd: lease/revoke: etcdserver: requested lease not found`.
  public var description: String { "etcd: \(request): \(message)" }
}
