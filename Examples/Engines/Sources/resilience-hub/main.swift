import Hummingbird
import Resilience
import ResilienceHub

// A hub that keeps its events in a folder: `resilience-hub 8090 /var/lib/shop/events`. It listens on loopback only; a
// third argument is the seconds that a consumer's session lasts, 45 without.

let arguments = CommandLine.arguments.dropFirst()
guard let port = arguments.first.flatMap({ UInt16($0) }), let folder = arguments.dropFirst().first,
  let session = arguments.count > 2 ? arguments.dropFirst(2).first.flatMap({ UInt16($0) }) : 45, session >= 1
else { fatalError("usage: resilience-hub PORT FOLDER [SESSION-SECONDS]") }

let broker = try await JournalBroker.open(
  LocalDirectory(path: folder), policy: BrokerPolicy(session: .seconds(Int64(session))))
let router = Router()
router.addHub(Hub(broker: broker))
try await Application(
  router: router, configuration: .init(address: .hostname("127.0.0.1", port: Int(port)))
).runService()
try await broker.close()
