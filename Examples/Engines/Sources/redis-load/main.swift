// What limits and the broker in Redis do, and what they cost. Each command starts a Redis of its own.
//
//     redis-load limit [--seconds 10] [--processes 4] [--rate 2000] [--burst 500] [--outage]
//
// One limit, several processes: what they get, what it costs, and whether they keep within the bound; ends with 1 when
// they do not. With --outage Redis is killed after a third of the time, and is back, empty, after another third.
//
//     redis-load broker [--seconds 5] [--durable]
//
// Events published and handled a second, and how long one takes. With --durable each is on the disk first.

import Foundation

let options = Options(CommandLine.arguments)
switch CommandLine.arguments.dropFirst().first {
case "limit": exit(try await LimitSupervisor(options).run() ? 0 : 1)
case "limit-worker":
  guard let worker = options.worker else { exit(2) }
  try await LimitWorker(options, startsAt: worker.startsAt, port: worker.port).run()
case "broker": try await BrokerLoad(options).run()
default:
  print("redis-load limit [--seconds 10] [--processes 4] [--rate 2000] [--burst 500] [--outage]")
  print("redis-load broker [--seconds 5] [--durable]")
  exit(2)
}
