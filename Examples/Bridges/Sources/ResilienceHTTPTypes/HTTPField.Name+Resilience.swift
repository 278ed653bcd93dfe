public import HTTPTypes

extension HTTPField.Name {
  /// `Idempotency-Key`: the server does the work of requests with equal keys once.
  public static var idempotencyKey: Self { named.idempotencyKey }

  /// `RateLimit`: what is left of the client's limits.
  public static var rateLimit: Self { named.rateLimit }

  /// `RateLimit-Policy`: the client's limits.
  public static var rateLimitPolicy: Self { named.rateLimitPolicy }

  static var envoyTimeout: Self { named.envoyTimeout }

  private static let named = (
    idempotencyKey: Self(constant: "Idempotency-Key"), rateLimit: Self(constant: "RateLimit"),
    rateLimitPolicy: Self(constant: "RateLimit-Policy"),
    envoyTimeout: Self(constant: DeadlineField.envoy.name)
  )

  private init(constant name: String) {
    guard let parsed = Self(name) else { preconditionFailure("\"\(name)\" is no name of a field") }
    self = parsed
  }
}
