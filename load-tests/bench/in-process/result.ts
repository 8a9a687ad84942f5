/** What one round within a single process came to; every rate counts operations of both directions once. */
export type InProcessResult = {
  readonly corePerSecond: number;
  readonly promiseMailboxPerSecond: number;
  readonly ringPerSecond: number;
  readonly postMessagePerSecond: number;
  readonly piscinaPerSecond: number;
};
