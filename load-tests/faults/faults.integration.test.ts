/**
 * The short form of `npm run faults`: every kind of fault once, on real processes. And the audit itself,
 * which must notice a false answer of either side.
 */
import { appendFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { runCampaign } from "./campaign.ts";
import { scenarios } from "./scenarios.ts";
import { Stage } from "./stage.ts";

const MINUTE = 60_000;

/** Faults that last: the machine is idle while they pass or until they are noticed. */
const LASTING: ReadonlySet<string> = new Set(["half-open connection", "slow disk", "slow network", "stall"]);

const short = scenarios.filter((scenario) => scenario.short === true);

let stage: Stage | null = null;
afterEach(async () => {
  await stage?.close();
  stage = null;
});

it("the short form has every kind of fault", () => {
  expect(new Set(short.map((scenario) => scenario.kind))).toEqual(
    new Set(scenarios.map((scenario) => scenario.kind)),
  );
});

// Side by side, each on a stage of its own: one works while the other waits.
describe.concurrent("nothing acknowledged is lost, doubled or oversold, and clients are served again", () => {
  it.each([
    ["strike", short.filter((scenario) => !LASTING.has(scenario.kind))],
    ["last", short.filter((scenario) => LASTING.has(scenario.kind))],
  ])("by faults that %s", { timeout: 15 * MINUTE }, async (name, chosen) => {
    const kept: string[] = [];
    const report = await runCampaign({
      seed: `ci-${name}-${process.pid}`,
      scenarios: chosen,
      seconds: 0,
      onRun: () => {},
      onKept: (folder) => kept.push(folder),
    });
    const failed = report.runs.filter((run) => run.outcome === "failed");
    expect(failed, `seed ${report.seed}, logs in ${kept.join(", ")}`).toEqual([]);
    expect(report.runs).toHaveLength(chosen.length);
    expect(report.totals.answered).toBeGreaterThan(500);
    expect(report.totals).toMatchObject({
      lost: 0,
      doubled: 0,
      phantom: 0,
      oversold: 0,
      staleEpochRows: 0,
      brokenChain: 0,
      unbalanced: 0,
      contradicted: 0,
      unanswered: 0,
    });
  });
});

it("the audit finds an acknowledgement without effect, an effect twice, and a row of a former owner", {
  timeout: 5 * MINUTE,
}, async () => {
  stage = await Stage.open({ seed: "lies" });
  await stage.untilAnswers(20);
  await stage.rest();
  expect((await stage.compare()).findings).toEqual([]);

  const operation = {
    id: "never-sent",
    kind: "reserve",
    sku: "FAULT-1",
    locationId: "east",
    quantity: 1,
    holdId: "never-sent",
    expiresAtMs: 0,
    expiresInMs: 0,
  };
  appendFileSync(
    stage.logFile("stock"),
    [
      { event: "invoke", atMs: 0, message: "lie", operations: [operation] },
      { event: "ok", atMs: 0, message: "lie", results: ["applied"] },
    ]
      .map((event) => `${JSON.stringify(event)}\n`)
      .join(""),
  );
  const lost = await stage.compare();
  expect(lost).toMatchObject({ lost: 1, doubled: 0, unbalanced: 1 });

  // Repeats what a shard's newest row did, in a row that a former owner might have written after it.
  await stage.database.query(
    `with newest as (
       select distinct on (shard) * from journal where sequence > 1 order by shard, sequence desc limit 1
     ), forged as (
       insert into journal (shard, sequence, epoch, checksum, previous_hash, hash, entries)
       select shard, sequence + 1, epoch - 1, checksum, previous_hash, hash, entries from newest
       returning shard
     )
     update journal_projection set sequence = sequence + 1 where shard in (select shard from forged)`,
  );
  await stage.database.query(
    `insert into stock_movement select (jsonb_populate_record(movement,
         jsonb_build_object('entry', movement.entry + 1000000, 'sequence', movement.sequence + 1000000))).*
       from stock_movement movement where kind = 'stock-received' order by sequence limit 1`,
  );
  const forged = await stage.compare();
  expect(forged.doubled).toBe(1);
  expect(forged.staleEpochRows).toBe(1);
  expect(forged.brokenChain).toBe(1);
});
