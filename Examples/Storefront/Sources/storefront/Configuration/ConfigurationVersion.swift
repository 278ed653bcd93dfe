import Hummingbird

/// A version of the configuration: what differs from what is built in, and who wanted it so.
struct ConfigurationVersion: ResponseCodable, Hashable {
  /// 0 before the first one was put.
  var version: Int
  /// When it was put, in UTC; not there in version 0, as the next two.
  var time: String?
  /// Whose token it was put with.
  var by: String?
  /// Why.
  var note: String?
  /// By key, such as `calls.orders.timeout`.
  var values: [String: Setting]

  /// Nothing but what is built in.
  static let none = ConfigurationVersion(version: 0, values: [:])
}
