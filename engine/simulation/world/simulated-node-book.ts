/** One node's way to the rows of nodes and leases in the simulated database, which may be out of reach. */
import type { Random } from "../../../config/seeded-random.ts";
import type { NodeBook } from "../../nodes/node-book.ts";
import type { FaultCount } from "./fault-count.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { Weather } from "./weather.ts";

export function simulatedNodeBook(
  disk: SimulatedDisk,
  process: SimulatedProcess,
  options: {
    readonly random: Random;
    readonly weather: () => Weather;
    readonly faults: FaultCount;
  },
): NodeBook {
  const { random, weather, faults } = options;
  const owner = process.name;
  /** What is asked is carried out, or not; and its answer arrives, or not. */
  const answer = <T>(act: () => T): Promise<T> => {
    const isLost = random.chance(weather().storageUnreachable);
    const isDone = !isLost || random.chance(0.5);
    return new Promise((resolve, reject) => {
      // The server carries it out whether or not its client still lives.
      process.time.after(random.next() * 2, () => {
        const value = isDone ? act() : null;
        process.after(random.next(), () => {
          if (isLost) {
            faults.storageUnreachable += 1;
            reject(new Error("storage cannot be reached"));
          } else resolve(value as T);
        });
      });
    });
  };
  const now = () => process.time.nowMs;
  return {
    tell: (isDraining) => answer(() => disk.tellOfNode(owner, isDraining, now())),
    read: () => answer(() => ({ nodes: disk.readNodes(now()), leases: disk.readLeases() })),
    take: (seen) => answer(() => disk.takeSeen(owner, seen)),
    release: (epochs) => answer(() => disk.release(owner, epochs)),
    leave: () => answer(() => disk.forgetNode(owner)),
  };
}
