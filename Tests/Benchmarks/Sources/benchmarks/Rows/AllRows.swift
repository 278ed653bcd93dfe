/// Every row, in the order of the table. A file of rows adds its function here.
func allRows() -> [Row] {
  [
    floorRows(), callRows(), retryRows(), breakerRows(), limiterRows(), keyedRows(), timeoutRows(),
    registryRows(), traceRows(), busRows(), scaleRows(),
  ].flatMap(\.self)
}
