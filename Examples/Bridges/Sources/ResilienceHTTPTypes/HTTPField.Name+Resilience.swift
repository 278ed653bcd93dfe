public import HTTPTypes

extension HTTPField.Name {
  /// `Idempotency-Key`: the server does the work of requests with equal keys once.
  public static var idempotencyKey: Self { named.idempotencyKey }

  /// `RateLimit`: what is left of the client's limits.
  public static var rateLimit: Self { named.rateLimit }

  /// `RateLimit-Policy`: the client's limits.
  public static var rateLimitPolicy: Self { named.rateLimitPolicy }

  private static let named = (
    idempotencyKey: Self("Idempotency-Key") ?? .age, rateLimit: Self("RateLimit") ?? .age,
    rateLimitPolicy: Self("RateLimit-Policy") ?? .age
  )
}
