import AsyncHTTPClient
import Resilience
import ResilienceHub

// The code of the page, compiled; a test of the root compares the texts. Nothing here is run.

func hubPage() -> (EventBus, RemoteRegistryStore) {
  let bus = EventBus(source: "shop", broker: RemoteBroker(at: "http://127.0.0.1:8090/hub"))
  let store = RemoteRegistryStore(at: "http://127.0.0.1:8090/hub")
  return (bus, store)
}
