// One limit, several processes: what they get, what it costs, and whether they keep within the bound.
//
//     shared-limit-load [--seconds 10] [--processes 4] [--rate 2000] [--burst 500] [--outage]
//
// It starts a Redis of its own. With --outage that is killed after a third of the time, and is back, empty, after another
// third. Ends with 1 when the bound was exceeded.

import Foundation

let options = Options(CommandLine.arguments)
if let worker = options.worker {
  try await Worker(options, startsAt: worker.startsAt, port: worker.port).run()
} else {
  exit(try await Supervisor(options).run() ? 0 : 1)
}
