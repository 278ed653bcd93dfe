// What a large fleet costs:
//
// registry-fleet restart INSTANCES CLIENTS BATCH   a rolling restart of everything, in the simulator
// registry-fleet watch INSTANCES CLIENTS           memory and time of changes that all clients watch

import Counters
import Glibc
import Resilience
import ResilienceTestKit

func number(_ index: Int, _ otherwise: Int) -> Int {
  CommandLine.arguments.count > index ? Int(CommandLine.arguments[index]) ?? otherwise : otherwise
}

let kind = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : ""
switch kind {
case "restart":
  let (instances, clients) = (number(2, 1000), number(3, 100))
  let began = SystemClock.read()
  let report = try RollingRestart(
    instances: instances, clients: clients, batch: number(4, instances / 50), seed: 1
  ).run()
  print("\(instances) instances, \(clients) clients")
  print(report)
  print("time                   \(began.duration(to: SystemClock.read()))")
case "watch":
  try await watchFleet(instances: number(2, 10_000), clients: number(3, 1000))
default:
  print("registry-fleet restart INSTANCES CLIENTS BATCH, or registry-fleet watch INSTANCES CLIENTS")
  exit(2)
}
