import Foundation
import Resilience

// A document names the policies of all destinations. When it changes, they change while calls run; a document
// with a mistake changes nothing, and says where it is wrong.

func reloadPolicies(say: @escaping Say) async throws {
  let file = FileManager.default.temporaryDirectory.appending(path: "policies-\(UUID()).json")
  defer { try? FileManager.default.removeItem(at: file) }

  func write(_ text: String) throws { try Data(text.utf8).write(to: file) }
  func read() throws -> [String: StandardStackPolicy] {
    try JSONDecoder().decode([String: StandardStackPolicy].self, from: Data(contentsOf: file))
  }

  try write(#"{"payment": {"deadline": "2s", "retry": {"maxAttempts": 2}}}"#)
  let stacks = StandardStacks(try read())
  let payment = ServiceCall("payment") { (amount: Int) in
    try await CallContext.current.clock.sleep(for: .milliseconds(1))
    return amount
  }
  .standardStack(stacks["payment"])
  say("\(payment)")

  let paid = try await withThrowingTaskGroup(of: Int.self) { tasks in
    for amount in 1...100 { tasks.addTask { try await payment(amount) } }

    try write(#"{"payment": {"deadline": "1s", "retry": {"maxAttempts": 5}}}"#)
    stacks.update(try read())

    try write(#"{"payment": {"retry": {"maxAttempts": 0}}}"#)
    do {
      stacks.update(try read())
    } catch {
      say("refused: \(error)")
    }
    return try await tasks.reduce(0, +)
  }
  say("a hundred calls meanwhile: \(paid)")
  say("\(payment)")
}
