// Preloaded by a test (`NODE_OPTIONS=--import`) into a process that is to die as processes do that need more
// memory than there is: from SIGUSR2 on it keeps more and more.
process.on("SIGUSR2", () => {
  const kept = [];
  for (;;) kept.push(Array.from({ length: 100_000 }, (_, at) => ({ at })));
});
