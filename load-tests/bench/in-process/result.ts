/** The result of one round within a single process. Every rate counts a pair of reserve and release once. */
export type InProcessResult = {
  readonly corePerSecond: number;
  readonly promiseMailboxPerSecond: number;
  readonly ringPerSecond: number;
  readonly postMessagePerSecond: number;
  readonly piscinaPerSecond: number;
};
