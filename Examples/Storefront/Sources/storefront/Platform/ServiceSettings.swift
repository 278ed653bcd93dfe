import Resilience
import ResilienceRedis

/// What a service is told from outside.
struct ServiceSettings: Sendable {
  /// Where the services find each other.
  var store: any RegistryStore
  /// Where their events are kept.
  var broker: any EventBroker
  /// Tells instances of one service apart.
  var instance = 1
  /// Where their databases are: a file each.
  var directory: String
  /// What tokens are signed with; empty for services that do not need it.
  var secret: String
  /// What a member of the staff shows to get a token; empty for services that do not need it.
  var staffKey: String
  /// Where spans go, such as `http://127.0.0.1:4318`; `nil` for nowhere.
  var collector: String?
  /// Where the hub is, such as `http://127.0.0.1:8090`; `nil` where there is none.
  var hub: String?
  /// Where limits are that all processes share; `nil` where each keeps to its share.
  var redis: RedisClient?
  /// How many instances there are of the service, 1 or more.
  var instances = 1
  /// How many cards all instances of `payments` charge in a second, 1 or more.
  var chargesPerSecond = ChargeLimit.builtInPerSecond
  /// The address that the server binds.
  var host = "127.0.0.1"
  /// Where others reach it: what is registered.
  var advertisedHost = "127.0.0.1"
  /// Whether calls go without any of the toolkit's patterns, for comparison. Events and registry are as ever.
  var isBare = false
  /// How long an instance stays listed without a heartbeat.
  var lease = Duration.seconds(3)
  /// After how long an order that something is still awaited of is published again.
  var patience = Duration.seconds(20)
  /// How long a server goes on after it has said that it ends.
  var notice = Duration.milliseconds(300)
}
