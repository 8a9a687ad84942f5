/** What was sent and what was done to it, counted over all wild devices. */
export type Tally = {
  /** Every attempt to send a message: repeats, resends, and what the bad network loses, included. */
  messages: number;
  lost: number;
  repeated: number;
  late: number;
  garbled: number;
  /** Said while the device had no connection. */
  unsent: number;
  /** Devices that began anew, with the boot id that they had or with another. */
  restarts: number;
  reusedBootIds: number;
  wraps: number;
  clockJumps: number;
};

export function newTally(): Tally {
  return {
    messages: 0,
    lost: 0,
    repeated: 0,
    late: 0,
    garbled: 0,
    unsent: 0,
    restarts: 0,
    reusedBootIds: 0,
    wraps: 0,
    clockJumps: 0,
  };
}
