import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Resilience
import Testing

@testable import storefront

/// The configuration: who may change it, what is refused, and what a change does to a shop that runs.
@Suite(.serialized) struct ConfigurationTests {
  @Test func aChangeIsBasedOnTheLatestVersionAndSaysWhoAndWhy() async throws {
    try await ShopInProcess.run { shop in
      let (maria, jan) = (try await shop.staff(named: "maria"), try await shop.staff(named: "jan"))
      let empty = try await maria.get("/configuration")
      #expect(empty.tag == "\"0\"")
      #expect(try empty.decoded(as: ConfigurationVersion.self) == .none)
      let slow = try await maria.configure(["calls.carts.timeout": "2s"], basedOn: 0, "a slow disk", key: "1")
      #expect(slow.status == 200)
      #expect(slow.tag == "\"1\"")
      // Repeated, it is answered alike; by somebody who has not seen it, it is refused.
      let again = try await maria.configure(
        ["calls.carts.timeout": "2s"], basedOn: 0, "a slow disk", key: "1")
      #expect(
        try again.decoded(as: ConfigurationVersion.self) == slow.decoded(as: ConfigurationVersion.self))
      let late = try await jan.configure(["calls.carts.timeout": "1s"], basedOn: 0, "no more", key: "2")
      #expect(late.status == 412)
      #expect(String(buffer: late.body).contains("version 1 is there, by maria"))
      // A key that was used for another version is as new, and so is a refused one; an older document is the way back.
      #expect(try await jan.configure([:], basedOn: 1, "it is mended", key: "2").status == 200)
      #expect(
        try await maria.configure(["calls.carts.timeout": "3s"], basedOn: 2, "slower", key: "1").tag
          == "\"3\"")
      #expect(try await maria.configure([:], basedOn: 3, "mended", key: "1").tag == "\"4\"")
      #expect(try await jan.configuration().version == 4)
      #expect(try await jan.configuration().values == [:])
      let first = try await jan.get("/configuration/1").decoded(as: ConfigurationVersion.self)
      #expect(first.values == ["calls.carts.timeout": "2s"])
      let audit = try await jan.get("/configuration/versions").decoded(as: ConfigurationService.Audit.self)
      #expect(audit.versions.map(\.version) == [4, 3, 2, 1])
      #expect(audit.versions.map(\.by) == ["maria", "maria", "jan", "maria"])
      #expect(audit.versions.map(\.note) == ["mended", "slower", "it is mended", "a slow disk"])
      #expect(audit.versions.allSatisfy { $0.time.hasSuffix("Z") && $0.time > "2020" })
    }
  }

  @Test func aWrongDocumentIsRefusedWithKeyAndValueAndChangesNothing() async throws {
    try await ShopInProcess.run { shop in
      let staff = try await shop.staff()
      let wrong: [([String: Setting], String)] = [
        (["calls.carts.retry.maxAttempts": 0], "calls.carts.retry.maxAttempts must be in 1 ... 10000"),
        (["calls.carts.timeout": "9s"], "calls.carts.timeout must be at most the deadline, 3 s, was 9 s"),
        (["calls.cart.timeout": "2s"], "such as calls.carts.timeout, was \\\"2s\\\""),
        (["gateway.bulkhead.limit": .other("null")], "gateway.bulkhead.limit must be a text, a number"),
      ]
      for (values, text) in wrong {
        let right: [String: Setting] = ["calls.orders.timeout": "2s"]
        let answer = try await staff.configure(
          right.merging(values) { $1 }, basedOn: 0, "a slip of the keyboard", key: text)
        #expect(answer.status == 422)
        #expect(String(buffer: answer.body).contains(text), "\(String(buffer: answer.body))")
      }
      #expect(try await staff.configure([:], basedOn: 0, "", key: "no reason").status == 422)
      #expect(try await staff.configuration() == .none)
    }
  }

  @Test func aChangeTakesEffectWhileRequestsRunAndKeepsWhatIsCounted() async throws {
    try await ShopInProcess.run { shop in
      let staff = try await shop.staff()
      let greedy = try await shop.customer("1")
      // No permit comes back while this runs.
      let hourly: [String: Setting] = ["gateway.customers.permits": 1, "gateway.customers.period": "1h"]
      func configure(_ burst: Int, basedOn version: Int) async throws {
        let values = hourly.merging(["gateway.customers.burst": .whole(burst)]) { $1 }
        let answer = try await staff.configure(values, basedOn: version, "a test", key: "\(burst)")
        try #require(answer.status == 200, "\(String(buffer: answer.body))")
        // Each asks once a second; the rest is for a machine that has much other work.
        try await eventually("every process goes by version \(version + 1)", within: .seconds(10)) {
          for name in shop.processes.keys {
            guard try await shop.metrics(of: name).contains("configuration_version \(version + 1)\n") else {
              return false
            }
          }
          return true
        }
      }
      func take(_ count: Int) async throws -> Int {
        var taken = 0
        for _ in 0..<count where try await greedy.get("/carts/1").status == 200 { taken += 1 }
        return taken
      }
      try await withThrowingTaskGroup { group in
        for index in 2..<6 {
          group.addTask {
            let customer = try await shop.customer("\(index)")
            // Fewer than anybody may send here.
            for _ in 0..<50 where !Task.isCancelled {
              let answer = try await customer.get("/carts/\(index)")
              #expect(answer.status == 200, "\(String(buffer: answer.body))")
              try await Task.sleep(for: .milliseconds(60))
            }
          }
        }
        try await configure(60, basedOn: 0)
        #expect(try await take(50) == 50)
        try await configure(70, basedOn: 1)
        // Of seventy fifty are gone.
        #expect(try await take(40) == 20)
        group.cancelAll()
        while let result = await group.nextResult() {
          if case .failure(let error) = result, !(error is CancellationError) { throw error }
        }
      }
    }
  }
}

extension ConfigurationTests {
  @Test func callsGoByWhatIsPutAndTheirBreakersStayAsTheyAre() async throws {
    try await ShopInProcess.run { shop in
      let (staff, customer) = (try await shop.staff(), try await shop.customer("17850"))
      func carts() async throws -> Int { try await customer.get("/carts/17850").status }
      func isOpen() async throws -> Bool {
        let page = try await shop.metrics(of: Gateway.name)
        return page.contains("circuit_breakers_not_closed{breakers=\"carts\"} 1")
      }
      func put(_ timeout: Setting, basedOn base: Int) async throws {
        let values: [String: Setting] = [
          "calls.carts.timeout": timeout, "calls.carts.circuitBreaker.consecutiveFailures": 3,
          "calls.carts.circuitBreaker.openTime": "1min",
        ]
        #expect(try await staff.configure(values, basedOn: base, "a test", key: "\(timeout)").status == 200)
      }
      #expect(try await carts() == 200)
      try await put("1ns", basedOn: 0)
      try await eventually("no attempt has time enough") { try await carts() >= 500 }
      try await eventually("the breaker is open") {
        _ = try await carts()
        return try await isOpen()
      }
      try await put("1s", basedOn: 1)
      try await eventually("the gateway goes by it") {
        try await shop.metrics(of: Gateway.name).contains("configuration_version 2\n")
      }
      #expect(try await isOpen())
      #expect(try await carts() == 503)
    }
  }
}

extension ShopInProcess {
  fileprivate func staff(named name: String) async throws -> ShopClient {
    try await shop.loggedIn(["staffKey": settings.staffKey, "name": name], patience: patience)
  }
}

struct ConfigurationChange: Encodable {
  var note: String
  var values: [String: Setting]
}

extension ShopClient {
  func configure(
    _ values: [String: Setting], basedOn version: Int, _ note: String, key: String
  ) async throws -> Answer {
    try await send(
      .PUT, "/configuration", ConfigurationChange(note: note, values: values), key: key,
      tag: "\"\(version)\"")
  }

  func configuration() async throws -> ConfigurationVersion {
    try await get("/configuration").decoded(as: ConfigurationVersion.self)
  }
}
