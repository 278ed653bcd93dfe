import AsyncHTTPClient
import Hummingbird
import Synchronization

// bare PORT SUPPLIER-PORT...: the gateway without the toolkit. It sends requests to its suppliers in turn.
let ports = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let suppliers = Array(ports.dropFirst())
let client = HTTPClient(eventLoopGroupProvider: .singleton)

final class Turns: Sendable {
  private let count = Atomic(0)
  var next: Int { count.wrappingAdd(1, ordering: .relaxed).oldValue }
}
let turns = Turns()

let router = Router()
router.get("stock/:id") { request, context in
  let id = try context.parameters.require("id")
  let port = suppliers[turns.next % suppliers.count]
  let url = "http://127.0.0.1:\(port)/stock/\(id)?\(request.uri.query ?? "")"
  let response = try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(1))
  return Response(
    status: .init(code: Int(response.status.code)), body: ResponseBody(asyncSequence: response.body))
}

let app = Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: ports[0])))
try await app.runService()
try await client.shutdown().get()
