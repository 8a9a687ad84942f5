/** Bugs planted where shards go from node to node: looked for with several nodes (`--nodes`). */
import type { Mutant } from "./planted-program.ts";

export const NODE_MUTANTS: readonly Mutant[] = [
  {
    name: "lease taken under the epoch of the node before",
    breaks: "one writer per epoch",
    file: "engine/simulation/world/simulated-disk.js",
    search: "Object.assign(lease, { epoch: epoch + 1, owner });",
    replacement: "Object.assign(lease, { epoch, owner });",
  },
  {
    name: "lease taken although it was renewed since it was seen",
    breaks: "one writer per epoch",
    file: "engine/simulation/world/simulated-disk.js",
    search: "if (lease?.epoch !== epoch)",
    replacement: "if (lease === undefined)",
    from: 69,
  },
  {
    name: "lost lease not noticed",
    breaks: "liveness",
    file: "engine/nodes/node-shards.js",
    search: "                core.leaseLost(shard);",
    replacement: "",
    from: 37,
  },
  {
    name: "taken lease that was not heard of left alone",
    breaks: "liveness",
    file: "engine/nodes/node-shards.js",
    search: "                    this.adopt([shard]);",
    replacement: "",
    from: 39,
  },
  {
    name: "node that is gone waited for",
    breaks: "liveness",
    file: "engine/nodes/node-shards.js",
    search: "node.silentMs < SILENT_AFTER_MS",
    replacement: "node.silentMs < Infinity",
  },
  {
    name: "shard adopted while rows of its former life are on their way",
    breaks: "an effect is what was asked",
    file: "engine/loop/supervision.js",
    search: "committer.carries(shard) || ",
    replacement: "",
    from: 297,
  },
  {
    name: "adopted shard kept under the epoch of its last life",
    breaks: "liveness",
    file: "engine/loop/supervision.js",
    search: "entry.epoch = Math.max(entry.epoch, epoch);\n                await",
    replacement: "await",
  },
];
