import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Resilience
import Subprocess
import SystemPackage
import Testing

@testable import storefront

/// The shop as it is run: separate processes.
@Suite(.serialized) struct ProcessTests {
  private static let silent = Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() })

  @Test func aDayGoesOnWhileProcessesAreKilled() async throws {
    try await playDay([.kill("orders"), .kill("payments"), .kill("hub")])
  }

  private static let engines: [Engine] = [.etcd, .redis]

  @Test(.enabled(if: engines.allSatisfy { $0.executable != nil }, "needs etcd and redis-server"))
  func theSameDayGoesOnEnginesAndARedisThatHasLostItsData() async throws {
    let books = try await playDay(
      [.kill("etcd"), .kill("inventory"), .empty("redis")], engines: Self.engines)
    #expect(books.repeats > 0, "nothing was lost")
  }

  @Test(
    .enabled(
      if: KafkaEvents.isBuilt && Engine.kafka.executable != nil,
      "needs the trait Kafka, and what with-kafka brings"))
  func theSameDayGoesOnAKafkaThatHasLostItsData() async throws {
    let books = try await playDay([.kill("inventory"), .empty("kafka")], engines: [.kafka])
    #expect(books.repeats > 0, "nothing was lost")
  }

  @Test func aDayGoesOnWhileOneOfTwoIsKilled() async throws {
    try await playDay([.kill("orders-1"), .kill("payments-2")], instances: 2)
  }

  @Test func twoOfAServiceShareItsWork() async throws {
    try await withSupervisor(instances: 2) { supervisor in
      try await supervisor.run {
        let day = try Self.day(visits: 40)
        let shop = ShopClient(client: .shared, gateway: supervisor.gateway)
        let run = DayRun(day, shop, staffKey: supervisor.staffKey)
        try await run.open()
        try await EngineChoice.using(supervisor.engines) { engines in
          let settings = ServiceSettings(
            store: engines.store, broker: engines.broker, directory: "", secret: "", staffKey: "")
          try await Books.waitForProducts(
            day.products.count + 1, by: .shared, settings, within: .seconds(20))
        }
        await run.play(in: .seconds(2))
        for name in ["payments-1", "payments-2"] {
          try await eventually("\(name) has handled orders") {
            try await Self.handled(by: supervisor.address(of: name)) > 0
          }
        }
      }
    }
  }

  /// How many events a process has handled.
  private static func handled(by address: String) async throws -> Double {
    let response = try await HTTPClient.shared.execute(
      HTTPClientRequest(url: address + "/metrics"), timeout: .seconds(1))
    let page = String(buffer: try await response.body.collect(upTo: 1 << 20))
    return page.split(separator: "\n").filter { $0.hasPrefix("event_bus_delivered_total") }
      .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
  }

  @discardableResult
  private func playDay(
    _ faults: [DayFaults.Fault], engines: [Engine] = [], instances: Int = 1
  ) async throws -> Books {
    try await withSupervisor(engines: engines, instances: instances) { supervisor in
      let file = try Self.day(visits: 40)
      let report = try await SupervisedDay(
        supervisor: supervisor, file: file, duration: .seconds(8), faults: faults
      ).run()
      #expect(report.findings.flatMap(\.breaches) == [])
      #expect(report.failedVisits == [])
      #expect(report.placed == 40)
      #expect(report.faults.count == faults.count)
      for fault in report.faults { #expect(fault.isRepaired, "\(fault)") }
      return report.books
    }
  }

  @Test func ordersAreTakenWhileTheHubIsAway() async throws {
    try await withSupervisor { supervisor in
      try await supervisor.run {
        try await EngineChoice.using(supervisor.engines) { engines in
          let day = try Self.day(visits: 1)
          let run = DayRun(
            day, ShopClient(client: .shared, gateway: supervisor.gateway), staffKey: supervisor.staffKey)
          try await run.open()
          let settings = ServiceSettings(
            store: engines.store, broker: engines.broker, directory: "", secret: "", staffKey: "")
          try await Books.waitForProducts(
            day.products.count + 1, by: .shared, settings, within: .seconds(20))
          let customer = try await ShopClient(client: .shared, gateway: supervisor.gateway)
            .loggedIn(["customer": "17850"], patience: run.patience)
          let starts = supervisor.starts(of: "hub")
          supervisor.hold("hub")
          supervisor.signal("hub", SIGKILL)
          try await eventually("the hub is away") { supervisor.processes["hub"] == nil }
          let answer = try await customer.send(
            .POST, "/orders/", ["items": [Order.Item(sku: DayProbe.product.sku, quantity: 1)]], key: "one")
          #expect(answer.status == 201)
          // Long after it would have been started again.
          try await Task.sleep(for: .seconds(1))
          #expect(supervisor.starts(of: "hub") == starts)
          supervisor.release("hub")
          let order = try answer.decoded(as: Orders.Status.self).id
          try await eventually("it is shipped") {
            try await customer.get("/orders/\(order)").decoded(as: Orders.Status.self).status == "shipped"
          }
        }
      }
    }
  }

  @Test func aServiceStartsByWhatItHadWhileTheConfigurationIsAway() async throws {
    try await withSupervisor { supervisor in
      try await supervisor.run {
        let shop = ShopClient(client: .shared, gateway: supervisor.gateway)
        let staff = try await shop.loggedIn(["staffKey": supervisor.staffKey], patience: Patience())
        let customer = try await shop.loggedIn(["customer": "17850"], patience: Patience())
        func version(of name: String) async throws -> Int? {
          let page = try await ShopClient(client: .shared, gateway: supervisor.address(of: name)).get(
            "/metrics")
          let line = String(buffer: page.body).split(separator: "\n").first {
            $0.hasPrefix("configuration_version ")
          }
          return line.flatMap { Int($0.split(separator: " ")[1]) }
        }
        let names = StorefrontServices.all.map { $0.name }
        func put(_ timeout: Setting, basedOn base: Int) async throws {
          let answer = try await staff.configure(
            ["calls.carts.timeout": timeout], basedOn: base, "a test", key: "\(timeout)")
          #expect(answer.status == 200, "\(String(buffer: answer.body))")
        }
        try await put("2s", basedOn: 0)
        try await eventually("every process goes by it", within: .seconds(10)) {
          for name in names { guard try await version(of: name) == 1 else { return false } }
          return true
        }
        supervisor.signal(ConfigurationService.name, SIGSTOP)
        for name in ["carts", Gateway.name] { supervisor.signal(name, SIGKILL) }
        // Who starts without it is ready, and has what it had.
        try await eventually("customers are served") { try await customer.get("/carts/17850").status == 200 }
        for name in ["carts", Gateway.name] { #expect(try await version(of: name) == 1) }
        // It is not waited for, and who asks for it is told so.
        let start = ContinuousClock.now
        #expect(try await staff.get("/configuration").status >= 502)
        #expect(start.duration(to: .now) < .seconds(4))
        let log = "\(supervisor.directory)/logs/carts.log"
        try await eventually("its log says so") {
          try String(contentsOfFile: log, encoding: .utf8).contains("no configuration server")
        }
        try await eventually("it is not listed any more") {
          try await EngineChoice.using(supervisor.engines) { engines in
            try await engines.store.list(ConfigurationService.name).records.isEmpty
          }
        }
        for name in ["carts", Gateway.name] {
          let process = ShopClient(client: .shared, gateway: supervisor.address(of: name))
          #expect(try await process.get("/health/ready").status == 200)
        }
        supervisor.signal(ConfigurationService.name, SIGCONT)
        try await eventually("it is back") { try await staff.get("/configuration").status == 200 }
        try await put("1s", basedOn: 1)
        try await eventually("a change takes effect again") { try await version(of: "carts") == 2 }
      }
    }
  }

  @Test func aKillThatHitsNobodyIsNoRepair() async throws {
    try await withSupervisor { supervisor in
      #expect(!supervisor.signal("orders", SIGKILL))
      let shop = ShopClient(client: .shared, gateway: supervisor.gateway)
      let day = DayRun(try Self.day(visits: 1), shop, staffKey: supervisor.staffKey)
      let faults = DayFaults(
        supervisor: supervisor, probe: DayProbe(day: day, shop: shop, supervisor: supervisor))
      let missing: [DayFaults.Fault] = [
        .kill("orders"), .stop("orders"), .away("orders"), .empty("hub"), .cut("orders", "hub", .silent),
        .fillDisk("hub"), .killAtRandom(times: 1),
      ]
      for fault in missing {
        #expect(await !faults.inject(fault).isRepaired)
      }
    }
  }

  @Test func theSpansOfAllProcessesReachTheMonitorByThemselves() async throws {
    try await withSupervisor { supervisor in
      try await supervisor.run {
        let shop = ShopClient(client: .shared, gateway: supervisor.gateway)
        _ = try await shop.loggedIn(["customer": "17850"], patience: Patience())
        let monitor = ShopClient(client: .shared, gateway: supervisor.monitor)
        try await eventually("the trace goes through both processes") {
          let found = String(buffer: try await monitor.get("/traces.json?service=users").body)
          return found.contains("\"services\":[\"gateway\",\"users\"]")
        }
        try await eventually("the hub is looked at, too") {
          let processes = String(buffer: try await monitor.get("/processes.json").body)
          return processes.contains("\"name\":\"hub\"") && processes.contains("\"troubles\":[]")
        }
      }
    }
  }

  @Test func aPortThatSomebodyElseHasIsSaid() async throws {
    try await withSupervisor { other in
      try await other.run {
        let port = try #require(other.child(Gateway.name)?.port)
        let plan = try SupervisorPlan(
          directory: other.directory + "/second", gatewayPort: port, program: testedProgram())
        let second = try Supervisor(plan, staffKey: "a key of the tests", logger: Self.silent)
        let error = await #expect(throws: Supervisor.PortTaken.self) { try await second.run {} }
        #expect(error?.port == port)
        #expect(second.starts(of: Gateway.name) == 0)
      }
    }
  }

  @Test func nothingIsLeftRunning() async throws {
    try await withSupervisor { supervisor in
      let processes = try await supervisor.run { supervisor.processes }
      #expect(processes.count == supervisor.children.count)
      for (name, process) in processes { #expect(kill(process, 0) == -1, "\(name) still runs") }
      for child in supervisor.children {
        #expect(FreePort.isFree(child.port), "\(child.name) still listens on \(child.port)")
      }
    }
  }

  @Test func aServiceThatIsToldToEndLeavesTheRegistryBeforeItsLeaseEnds() async throws {
    try await withSupervisor { supervisor in
      try await supervisor.run {
        try await EngineChoice.using(supervisor.engines) { engines in
          #expect(try await engines.store.list("carts").records.count == 1)
          supervisor.signal("carts", SIGTERM)
          try await eventually("it has left", within: .seconds(2)) {
            try await engines.store.list("carts").records.isEmpty
          }
          try await eventually("it is back") { try await engines.store.list("carts").records.count == 1 }
        }
      }
    }
  }

  @Test func eachLineOfALogIsAJSONObject() async throws {
    try await withSupervisor { supervisor in
      try await supervisor.run {}
      for child in supervisor.children {
        let log = try String(
          contentsOfFile: "\(supervisor.directory)/logs/\(child.name).log", encoding: .utf8)
        #expect(!log.isEmpty)
        for line in log.split(separator: "\n") {
          let fields = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
          #expect(fields?["service"] == child.name, "\(line)")
        }
      }
    }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/stat"), "needs Linux"))
  func aShopIsMeasuredUntilItsOrdersAreHandled() async throws {
    try await withSupervisor { supervisor in
      try await supervisor.run {
        let shop = try await ComparedShop(supervisor)
        let measured = try await shop.measure(.order, places: 4, for: .milliseconds(500))
        #expect(measured.failures == 0)
        #expect(measured.latencies.count > 0)
        for name in ["gateway", "orders", "payments"] {
          #expect(measured.processorTime[name] ?? .zero > .zero, "\(name)")
        }
        let books = try await EngineChoice.using(supervisor.engines) { engines in
          try await Books.collect(
            by: .shared,
            ServiceSettings(
              store: engines.store, broker: engines.broker, directory: "", secret: "", staffKey: ""))
        }
        #expect(books.orders.count == measured.latencies.count)
        #expect(books.orders.allSatisfy { $0.endings.count == 1 })
      }
    }
  }

  private func withSupervisor<Value>(
    engines: [Engine] = [], instances: Int = 1, _ body: (Supervisor) async throws -> Value
  ) async throws -> Value {
    try await ShopInProcess.places.run {
      try await withFolder { folder in
        let plan = try SupervisorPlan(
          directory: folder, engines: engines, instances: instances, program: testedProgram())
        return try await body(try Supervisor(plan, staffKey: "a key of the tests", logger: Self.silent))
      }
    }
  }

  /// Small orders of few products: some are short, and some parcels are lost.
  private static func day(visits: Int) throws -> DayFile {
    var text = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    for visit in 0..<visits {
      for item in 0..<3 {
        let sku = 20_000 + (visit * 7 + item) % 120
        text +=
          "\(536_000 + visit),\(sku),PIECE,\(1 + visit % 5),2010-12-01 08:\(10 + visit):00,1.25,"
          + "\(12_000 + visit % 9).0,United Kingdom\n"
      }
    }
    return try DayFile(text: text)
  }
}
