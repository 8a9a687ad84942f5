/** The short form of `npm run faults:nodes`. */
import { expect, test } from "vitest";
import { hasRedis } from "../../../test-support/servers/redis.ts";
import { runNodesCampaign } from "./campaign.ts";

const MINUTE = 60_000;

test.skipIf(!hasRedis)(
  `three nodes are struck at random: nothing is lost, doubled or oversold, nobody waits long${hasRedis ? "" : " (skipped: install redis-server)"}`,
  { timeout: 10 * MINUTE },
  async () => {
    const kept: string[] = [];
    const report = await runNodesCampaign({
      seed: `ci-nodes-${process.pid}`,
      seconds: 60,
      onRound: () => {},
      onKept: (folder) => kept.push(folder),
    });
    expect(report.findings, `seed ${report.seed}, logs in ${kept.join(", ")}`).toEqual([]);
    expect(report).toMatchObject({
      ok: true,
      late: 0,
      audit: { lost: 0, doubled: 0, oversold: 0, unanswered: 0 },
    });
    expect(report.audit.answered).toBeGreaterThan(500);
  },
);
