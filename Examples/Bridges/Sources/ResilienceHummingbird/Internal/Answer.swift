internal import Hummingbird
internal import Resilience
internal import ResilienceHTTPTypes

/// What a handler has answered or thrown, and what it amounts to by its status.
struct Answer: PushbackProviding {
  let result: Result<Response, any Error>
  let status: Int

  nonisolated(nonsending) init(_ body: nonisolated(nonsending) () async throws -> Response) async {
    do {
      let response = try await body()
      result = .success(response)
      status = response.status.code
    } catch {
      result = .failure(error)
      status =
        switch error {
        case let error as any HTTPResponseError: error.status.code
        default: HTTPRefusal(error, at: Instant(nanoseconds: 0))?.status.code ?? 500
        }
    }
  }

  var pushback: Pushback { .none }

  /// What the caller did wrong is no failure of the server.
  var verdict: Verdict { status >= 500 ? .failure : .success }
}
