// Preloaded by a test (`NODE_OPTIONS=--import`) into a process that is to die as processes do that need more
// memory than there is: from SIGUSR2 on it keeps more and more. In large pieces: of small ones the collector
// would try for many seconds to free some.
process.on("SIGUSR2", () => {
  const kept = [];
  for (;;) kept.push(new Array(1_000_000).fill(0.5));
});
