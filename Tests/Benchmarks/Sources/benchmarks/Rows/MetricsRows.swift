import Resilience

func metricsRows() -> [Row] {
  let meter = CallMeter("call")
  return [
    .call("metered: success") { makeCall().metered(by: meter) }.floor("call")
  ]
}
