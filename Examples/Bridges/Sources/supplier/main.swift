import Hummingbird

// A server that knows nothing of the toolkit. `GET /stock/ID` answers with `ID: 5`; with
// `?delay=MILLISECONDS` later, and with `?status=CODE` otherwise.

let router = Router()

router.get("stock/:id") { request, context in
  let query = request.uri.queryParameters
  // The delay is what was asked for: this stands for a slow service.
  if let delay = query.get("delay", as: Int.self) { try await Task.sleep(for: .milliseconds(delay)) }
  let status = query.get("status", as: Int.self).map { HTTPResponse.Status(code: $0) } ?? .ok
  return EditedResponse(status: status, response: "\(try context.parameters.require("id")): 5")
}

let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 8081
try await Application(
  router: router, configuration: .init(address: .hostname("127.0.0.1", port: port))
).runService()
