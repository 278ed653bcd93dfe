// How long a process that died goes on getting calls, where many are registered on etcd.
//
//     etcd-load [--instances 1000] [--processes 20] [--kills 20] [--ttl 3]
//
// Starts an etcd of its own and processes that share the instances, and follows them by a replica, as a client does. One
// process after the other is killed with SIGKILL, and started again.

import Foundation

let options = Options(CommandLine.arguments)
if let worker = options.worker {
  try await Worker(options, number: worker.number, endpoint: worker.endpoint).run()
} else {
  exit(try await Supervisor(options).run() ? 0 : 1)
}
