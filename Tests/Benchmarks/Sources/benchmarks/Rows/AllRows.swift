/// Every row, in the order of the table. A file of rows adds its function here.
func allRows() -> [Row] {
  [
    floorRows(),
    callRows(),
    retryRows(),
    breakerRows(),
    limiterRows(),
    bulkheadRows(),
    timeoutRows(),
    hedgeRows(),
    fallbackRows(),
    metricsRows(),
    registryRows(),
    traceRows(),
    chainRows(),
    busRows(),
    keyedRows(),
    reservationRows(),
    scaleRows(),
    crowdRows(),
    timerRows(),
    contentionRows(),
  ].flatMap(\.self)
}
