import Foundation

let arguments = CommandLine.arguments.dropFirst()
switch (arguments.first, arguments.dropFirst().first) {
case ("append", let directory?): try await appendForever(to: directory)
case ("kill", let directory?):
  let numbers = arguments.dropFirst(2).compactMap { UInt64($0) }
  try await killAndCheck(
    in: directory, kills: Int(numbers.first ?? 20),
    seed: numbers.dropFirst().first ?? UInt64.random(in: 0...999_999))
case ("bus", let directory?):
  try await BusProcess(in: directory).runForever(from: arguments.last.flatMap { Int($0) } ?? 0)
case ("kill-bus", let directory?):
  let numbers = arguments.dropFirst(2).compactMap { UInt64($0) }
  try await killAndCheckBus(
    in: directory, kills: Int(numbers.first ?? 20),
    seed: numbers.dropFirst().first ?? UInt64.random(in: 0...999_999))
case ("pending", let directory?):
  try await pend(in: directory, events: arguments.dropFirst(2).first.flatMap { Int($0) } ?? 1_000_000)
case ("fill", let directory?): try await fill(directory)
default:
  print("usage: durability append|kill|bus|kill-bus|fill|pending DIRECTORY [KILLS [SEED] | EVENTS]")
  exit(2)
}
