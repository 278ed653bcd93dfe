/// A customer who logs in, and logs in again when the token does not hold any more.
struct Session {
  private let subject: [String: String]
  private let patience: Patience
  private var client: ShopClient

  init(_ shop: ShopClient, _ subject: [String: String], _ patience: Patience) {
    client = shop
    self.subject = subject
    self.patience = patience
  }

  /// Repeats a request until the shop has answered it.
  mutating func run(
    _ name: String, _ request: (ShopClient) async throws -> ShopClient.Answer
  ) async throws -> ShopClient.Answer {
    try await patience.run(name, bearing: [401]) {
      if client.token == nil {
        client.token = try await client.loggedIn(subject, patience: patience).token
      }
      let answer = try await request(client)
      if answer.status == 401 { client.token = nil }
      return answer
    }
  }
}
