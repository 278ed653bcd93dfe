// The code of ComingFromOtherLibraries.md, compiled.

import Resilience

func loopOfYourOwn(_ url: String, _ fetch: (String) async throws -> String) async throws -> String? {
  for _ in 1...3 {
    do { return try await fetch(url) } catch { try await Task.sleep(for: .seconds(1)) }
  }
  return nil
}

func insteadOfTheLoop() async throws -> String {
  let fetch = ServiceCall("catalogue") { (url: String) in try await http.get(url) }
    .timeout(.seconds(1))  // ends an attempt that hangs: the deadline alone interrupts nothing
    .retry()
    .deadline(.seconds(3))
  return try await fetch("/mugs")
}
