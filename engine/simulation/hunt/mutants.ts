/** The planted bugs: each breaks one promise of the engine, in one place of the built program. */
export type Mutant = {
  readonly name: string;
  /** What it breaks. */
  readonly breaks: string;
  /** Below the built program. */
  readonly file: string;
  /** Occurs exactly once there. */
  readonly search: string;
  readonly replacement: string;
};

export const MUTANTS: readonly Mutant[] = [
  {
    name: "command acknowledged before its commit",
    breaks: "acknowledge after commit",
    file: "engine/rounds/round-runner.js",
    search: "this.wait({ committed: () => work.resolve(outcomes), failed: work.reject });",
    replacement: "work.resolve(outcomes);",
  },
  {
    name: "order acknowledged before its commit",
    breaks: "acknowledge after commit",
    file: "engine/rounds/round-runner.js",
    search: "waiter: { committed: () => work.resolve(reservation), failed: work.reject },",
    replacement: "waiter: (work.resolve(reservation), { committed: () => {}, failed: () => {} }),",
  },
  {
    name: "lane acknowledged before its commit",
    breaks: "acknowledge after commit",
    file: "engine/rounds/round-runner.js",
    search: "this.wait({ committed: () => work.resolve(codes), failed: work.reject });",
    replacement: "work.resolve(codes);",
  },
  {
    name: "read shows uncommitted stock",
    breaks: "reads show committed state",
    file: "engine/rounds/round-runner.js",
    search: "const views = answers.positionsOf(work.skus);",
    replacement: "const views = answers.positionsOf(work.skus);\n                work.resolve(views);",
  },
  {
    name: "read shows uncommitted holds",
    breaks: "reads show committed state",
    file: "engine/rounds/round-runner.js",
    search: "const views = answers.holdsAt(work.address);",
    replacement: "const views = answers.holdsAt(work.address);\n                work.resolve(views);",
  },
  {
    name: "append without its fence",
    breaks: "one writer per epoch",
    file: "engine/simulation/world/simulated-disk.js",
    search: "if (!rows.every((row) => this.epochOf(row.shard) === row.epoch))",
    replacement: "if (rows.length === 0)",
  },
  {
    name: "takeover that raises no epoch",
    breaks: "one writer per epoch",
    file: "engine/simulation/world/simulated-disk.js",
    search: "            lease.owner = owner;",
    replacement: "            lease.owner = owner;\n            if (lease.epoch > 1) lease.epoch -= 1;",
  },
  {
    name: "renewal that raises no epoch",
    breaks: "a lost commit is lost for good",
    file: "engine/simulation/world/simulated-disk.js",
    search: "            renewed.set(shard, lease.epoch);",
    replacement: "            lease.epoch -= 1;\n            renewed.set(shard, lease.epoch);",
  },
  {
    name: "fenced commit taken for committed",
    breaks: "acknowledge after commit",
    file: "engine/loop/committer.js",
    search: "return { cause: null, fenced: true, rows, commit };",
    replacement: "return null;",
  },
  {
    name: "unknown outcome taken for failed",
    breaks: "nothing was done",
    file: "engine/loop/commit-outcome.js",
    search: "landed: fault.rows.length > 0 && landed.size === fault.rows.length };",
    replacement: "landed: false };",
  },
  {
    name: "unknown outcome taken for committed",
    breaks: "acknowledge after commit",
    file: "engine/loop/commit-outcome.js",
    search: "landed: fault.rows.length > 0 && landed.size === fault.rows.length };",
    replacement: "landed: true };",
  },
  {
    name: "lost commit repeated blindly",
    breaks: "liveness",
    file: "engine/loop/committer.js",
    search: "            return { cause, fenced: false, rows, commit };",
    replacement: "            return this.write(commit);",
  },
  {
    name: "journal read back before epochs are raised",
    breaks: "a lost commit is lost for good",
    file: "engine/loop/commit-outcome.js",
    search: "const renewed = await disk.renew(held);",
    replacement:
      "const early = fault.fenced ? new Set() : await disk.landed(fault.rows);\n            if (fault.rows.length > 0 && early.size < fault.rows.length) {\n                return { renewed: new Map(held.map((shard) => [shard, 0])), landed: false };\n            }\n            const renewed = await disk.renew(held);",
  },
  {
    name: "shard not rebuilt after a lost commit",
    breaks: "nothing uncommitted is seen",
    file: "engine/loop/engine-core.js",
    search: "if (affected.has(shard))",
    replacement: "if (affected.has(-1))",
  },
  {
    name: "shard rebuilt while its rows are on their way",
    breaks: "recovery is what is committed",
    file: "engine/loop/supervision.js",
    search: "committer.carries(shard) || ",
    replacement: "",
  },
  {
    name: "failed shard never rebuilt",
    breaks: "liveness",
    file: "engine/loop/supervision.js",
    search: '"a shard failed; it is rebuilt from what is committed");\n            this.lose(shard);',
    replacement: '"a shard failed");',
  },
  {
    name: "effects of a failed shard committed",
    breaks: "nothing was done",
    file: "engine/rounds/round-runner.js",
    search: "            if (this.isUp(shard))\n                addBlob(",
    replacement: "            if (shard >= 0)\n                addBlob(",
  },
  {
    name: "order left half placed where a shard failed",
    breaks: "an order is placed as its policy says",
    file: "engine/rounds/round-runner.js",
    search:
      "            for (const order of planned) {\n                if (order.undone !== null || !this.hasFailed(order))",
    replacement:
      "            for (const order of []) {\n                if (order.undone !== null || !this.hasFailed(order))",
  },
  {
    name: "holds of a refused record kept",
    breaks: "an order and its record commit together",
    file: "engine/loop/committer.js",
    search: "if (placed.length === 0)",
    replacement: "if (placed.length >= 0)",
  },
  {
    name: "plan forgets what the order before took",
    breaks: "every fault has its code",
    file: "engine/rounds/round-runner.js",
    search: "            takeFrom(stock, holds);",
    replacement: "",
  },
  {
    name: "restriction of locations ignored",
    breaks: "an order is placed as asked",
    file: "engine/planning/order-reservation.js",
    search: "if (restriction === undefined)",
    replacement: "if (restriction !== null)",
  },
  {
    name: "repeated order planned anew",
    breaks: "exactly one effect per key",
    file: "engine/rounds/round-runner.js",
    search: "const before = this.answers.memoryOf(orderId);",
    replacement: "const before = undefined;",
  },
  {
    name: "journal row left out of the chain",
    breaks: "hash chain",
    file: "engine/loop/committer.js",
    search: "            entry.hash = row.hash;",
    replacement: "",
  },
  {
    name: "recovery skips a row",
    breaks: "recovery is what is committed",
    file: "engine/storage/recovery.js",
    search: "for (const blob of decodeEntries(row.entries))",
    replacement: "for (const blob of row.sequence % 5 === 3 ? [] : decodeEntries(row.entries))",
  },
  {
    name: "flipped bits of a row served",
    breaks: "recovery is what is committed",
    file: "engine/storage/recovery.js",
    search:
      '        if (checksumOf(row.entries) !== row.checksum)\n            throw corrupt(name, "checksum does not match");\n        if (!isSame(chainHash(row.previousHash, row, row.entries), row.hash)) {\n            throw corrupt(name, "hash does not match");\n        }',
    replacement: "",
  },
  {
    name: "flipped bits of a snapshot served",
    breaks: "recovery is what is committed",
    file: "engine/storage/recovery.js",
    search:
      '        if (checksumOf(snapshot.state) !== snapshot.checksum)\n            fail("checksum does not match");\n        if (!isSame(snapshotHash(snapshot.journalHash, snapshot, snapshot.state), snapshot.stateHash)) {\n            fail("hash does not match");\n        }',
    replacement: "",
  },
  {
    name: "snapshot with rows beyond its sequence",
    breaks: "a snapshot equals the replay of its journal prefix",
    file: "engine/storage/compaction.js",
    search: "const place = { shard, sequence: head.sequence, epoch };",
    replacement: "const place = { shard, sequence: Math.max(1, head.sequence - 1), epoch };",
  },
  {
    name: "snapshot without the remembered commands",
    breaks: "exactly one effect per key",
    file: "engine/shard/shard-state.js",
    search: 'state.section("commands", this.commands.entries());',
    replacement: 'state.section("commands", []);',
  },
  {
    name: "snapshot without the remembered orders",
    breaks: "exactly one effect per key",
    file: "engine/shard/shard-state.js",
    search: 'state.section("orders", this.orders.toWire());',
    replacement: 'state.section("orders", []);',
  },
  {
    name: "remembered commands lost in recovery",
    breaks: "exactly one effect per key",
    file: "engine/shard/shard-state.js",
    search: "commands: (command) => decoded.commands.add(command),",
    replacement: "commands: () => {},",
  },
  {
    name: "lanes lost in recovery",
    breaks: "recovery is what is committed",
    file: "engine/shard/shard-state.js",
    search: "lanes: (lanes) => decoded.lanes.restore(lanes, decoded.nowMs),",
    replacement: "lanes: () => {},",
  },
  {
    name: "repeated command executed again",
    breaks: "exactly one effect per key",
    file: "engine/shard/shard.js",
    search: "const known = state.commands.outcomeOf(command.commandId, commandFingerprint(command));",
    replacement: "const known = undefined;",
  },
  {
    name: "used id taken for another command",
    breaks: "exactly one effect per key",
    file: "actors/rules/command-window.js",
    search: "if (this.fingerprints[slot] !== fingerprint) {",
    replacement: "if (slot < 0) {",
  },
  {
    name: "commands forgotten too soon",
    breaks: "exactly one effect per key",
    file: "actors/rules/command-window.js",
    search: "export const COMMAND_WINDOW_MS = 24 * 60 * 60 * 1000;",
    replacement: "export const COMMAND_WINDOW_MS = 5;",
  },
  {
    name: "expiry taken early and forgotten",
    breaks: "expiry",
    file: "engine/shard/shard-timers.js",
    search: "return this.expiries.takeDue(nowMs);",
    replacement: "return this.expiries.takeDue(nowMs + 40);",
  },
  {
    name: "timer of expiry never set",
    breaks: "expiry",
    file: "engine/loop/engine-core.js",
    search: "    armExpiry() {",
    replacement: "    armExpiry() {\n        return;",
  },
  {
    name: "release gives back twice",
    breaks: "conservation",
    file: "actors/rules/holds.js",
    search:
      'return giveBack(position, command, "hold-released", hold, command.quantity ?? hold.reserved, 0, 0);',
    replacement:
      'return { ...giveBack(position, command, "hold-released", hold, command.quantity ?? hold.reserved, 0, 0), onHand: command.quantity ?? hold.reserved };',
  },
  {
    name: "reserve takes one unit too many",
    breaks: "no oversell",
    file: "actors/rules/holds.js",
    search: "    if (command.quantity > available) {",
    replacement: "    if (command.quantity > available + 1) {",
  },
  {
    name: "fence of a pool ignored",
    breaks: "a pool keeps its rule",
    file: "actors/position/channel-pools.js",
    search: '    if (pool === "" || pools === null || pools === undefined)\n        return everybodys;',
    replacement:
      '    if (pool === "" || pools === null || pools === undefined)\n        return everybodys + position.fenced;',
  },
  {
    name: "cap of a pool ignored",
    breaks: "a pool keeps its rule",
    file: "actors/position/channel-pools.js",
    search: "return Math.min(everybodys, own.units - own.held);",
    replacement: "return everybodys;",
  },
  {
    name: "lot never expires",
    breaks: "no expired lot is sold",
    file: "engine/shard/shard-timers.js",
    search:
      '        this.lotDates.add({ atMs: lot.expiresAtMs, kind: "lot", sku, locationId, id: lot.lot });',
    replacement: "",
  },
  {
    name: "transfer received twice",
    breaks: "exactly one effect per key",
    file: "actors/rules/transfers.js",
    search:
      "        incoming: -quantity,\n        more: details({\n            reference: command.transferId,",
    replacement:
      "        incoming: quantity === 1 ? -quantity : 0,\n        more: details({\n            reference: command.transferId,",
  },
  {
    name: "queue filled out of order",
    breaks: "the queue is served in its order",
    file: "actors/position/demand-queue.js",
    search: "    return a.priority < b.priority || (a.priority === b.priority && a.arrival < b.arrival);",
    replacement:
      "    return a.priority > b.priority || (a.priority === b.priority && a.arrival < b.arrival);",
  },
  {
    name: "freed units not offered to waiting demand",
    breaks: "no unit is free while somebody waits for it",
    file: "engine/shard/shard-state.js",
    search: "        if (at !== undefined)\n            this.serveWaiting(",
    replacement: "        if (at === null)\n            this.serveWaiting(",
  },
  {
    name: "claim leaves the lane's reservation open",
    breaks: "conservation",
    file: "engine/shard/shard-state.js",
    search:
      "            this.lanes.closeClaimed(reference.slice(0, slash), Number(reference.slice(slash + 1)));",
    replacement: "",
  },
  {
    name: "low mark of a lane not raised",
    breaks: "exactly one effect per key",
    file: "actors/lanes/reservation-table.js",
    search: "            this.firstNew[lane] = number + 1;",
    replacement: "            this.firstNew[lane] = 0;",
  },
  {
    name: "expiry in a lane not journaled",
    breaks: "conservation",
    file: "engine/shard/shard-lanes.js",
    search:
      "            this.journal.expired(lane, this.events.length, table.numberOf(entry), ordinal, quantity);",
    replacement: "",
  },
  {
    name: "lane reserves more than is free",
    breaks: "no oversell",
    file: "engine/shard/shard-lanes.js",
    search:
      "        if (quantity > availableToPromise(position))\n            return LANE_CODE.insufficient_stock;",
    replacement:
      "        if (quantity > availableToPromise(position) + 1)\n            return LANE_CODE.insufficient_stock;",
  },
  {
    name: "expiry applied twice",
    breaks: "liveness",
    file: "engine/shard/shard.js",
    search: '        if (event.type !== "nothing-changed")\n            state.happen(event, nowMs, events);',
    replacement:
      '        if (event.type !== "nothing-changed") {\n            state.happen(event, nowMs, events);\n            state.happen(event, nowMs, events);\n        }',
  },
  {
    name: "expiry not journaled",
    breaks: "no oversell",
    file: "engine/shard/shard.js",
    search: '        if (event.type !== "nothing-changed")\n            state.happen(event, nowMs, events);',
    replacement: '        if (event.type !== "nothing-changed")\n            state.fold(event, nowMs);',
  },
  {
    name: "count booked twice",
    breaks: "exactly one effect per key",
    file: "actors/position/fold-event.js",
    search: "        if (details.count !== null && details.count.countId === more?.reference)",
    replacement: '        if (event.type === "count-rejected")',
  },
  {
    name: "kit reserved in part",
    breaks: "a kit is reserved whole",
    file: "engine/planning/order-reservation.js",
    search: "for (const [index, component] of componentsOf(kits, line.sku).entries()) {",
    replacement: "for (const [index, component] of componentsOf(kits, line.sku).slice(0, 1).entries()) {",
  },
  {
    name: "closed reservation of a lane taken again",
    breaks: "exactly one effect per key",
    file: "engine/shard/shard-lanes.js",
    search: "            if (known !== 0) {",
    replacement: "            if (known !== 0 && table.isOpen(known)) {",
  },
  {
    name: "shared view written before the commit",
    breaks: "nothing uncommitted is seen",
    file: "engine/loop/committer.js",
    search: "        this.queue.push(round);",
    replacement: "        this.queue.push(round);\n        this.options.publish(round.changes);",
  },
];
