import Resilience
import ResilienceKafka

// The code of the page, compiled; a test of the root compares the texts. Nothing here is run.

private func page() async throws {
  let broker = try await KafkaBroker.open("127.0.0.1:9092", topic: "shop")
  let bus = EventBus(source: "shop", broker: broker)

  _ = bus
}
