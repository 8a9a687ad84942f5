/** How often each fault happened: a simulation that never meets a fault proves nothing. */
export type FaultCount = {
  commitsLost: number;
  commitsLate: number;
  storageUnreachable: number;
  recordsRejected: number;
  bitsFlipped: number;
  fenced: number;
  shardsThrown: number;
  threadsDied: number;
  threadsHung: number;
  crashes: number;
  takeovers: number;
  suspensions: number;
  clockJumps: number;
};

export function noFaults(): FaultCount {
  return {
    commitsLost: 0,
    commitsLate: 0,
    storageUnreachable: 0,
    recordsRejected: 0,
    bitsFlipped: 0,
    fenced: 0,
    shardsThrown: 0,
    threadsDied: 0,
    threadsHung: 0,
    crashes: 0,
    takeovers: 0,
    suspensions: 0,
    clockJumps: 0,
  };
}

export function addFaults(sum: FaultCount, more: FaultCount): void {
  for (const key of Object.keys(more) as (keyof FaultCount)[]) sum[key] += more[key];
}
