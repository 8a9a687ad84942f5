/**
 * What happens to the nodes of a stage, by a seed: each fault strikes a node at random while all clients work,
 * and now and then a second node before the first has recovered. After each few of them the clients rest and
 * the books are audited.
 *
 * V1 At least one node is left alone at any time.
 * V2 Every client is answered, refused or cut off within `ANSWERED_WITHIN_MS`, whatever its node suffers: also
 *    at the node that stands still, which does so for less.
 */
import { Random } from "../../../config/seeded-random.ts";
import { type AuditCounts, type AuditResult, isClean } from "../audit.ts";
import { type NodePlace, NodesStage } from "./nodes-stage.ts";

const NODES = 3;
const FAULTS_A_ROUND = 6;
export const ANSWERED_WITHIN_MS = 10_000;
/** Until the shards are spread evenly again, once all is well. */
const SPREAD_WITHIN_MS = 30_000;

export const NODE_FAULTS = [
  "killed",
  "paused",
  "partitioned_from_postgresql",
  "partitioned_from_redis",
  "partitioned_from_both",
  "asked_to_leave",
  "redis_killed",
] as const;

/** Of a campaign that ended before the first audit, which is a finding. */
const UNAUDITED: AuditResult = {
  answered: 0,
  operations: 0,
  journalRows: 0,
  lost: 0,
  doubled: 0,
  phantom: 0,
  oversold: 0,
  staleEpochRows: 0,
  brokenChain: 0,
  unbalanced: 0,
  contradicted: 0,
  unanswered: 0,
  findings: [],
};

export type NodeFault = (typeof NODE_FAULTS)[number];

export type NodesReport = {
  readonly seed: string;
  readonly seconds: number;
  readonly faults: Readonly<Record<NodeFault, number>>;
  readonly rounds: number;
  readonly audit: AuditCounts;
  readonly messages: number;
  readonly waitMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Messages whose sender knew nothing for longer than the bound. */
  readonly late: number;
  /** From the end of a round's last fault until the shards were spread evenly, of each round. */
  readonly spreadAfterMs: readonly number[];
  readonly findings: readonly string[];
  readonly ok: boolean;
};

export async function runNodesCampaign(options: {
  readonly seed: string;
  readonly seconds: number;
  readonly onRound: (line: string) => void;
  /** Where the logs were left, where something was found. */
  readonly onKept: (folder: string) => void;
}): Promise<NodesReport> {
  const random = new Random(`${options.seed}/nodes`);
  const faults = Object.fromEntries(NODE_FAULTS.map((fault) => [fault, 0])) as Record<NodeFault, number>;
  const findings: string[] = [];
  const spreadAfterMs: number[] = [];
  const stage = await NodesStage.open(options.seed, NODES);
  const beganAt = performance.now();
  const elapsed = (): number => (performance.now() - beganAt) / 1_000;
  let audit: AuditResult | null = null;
  let rounds = 0;
  let waits: readonly number[] = [];
  try {
    do {
      rounds += 1;
      const struck = await strikeRound(stage, random, faults);
      spreadAfterMs.push(await stage.untilSpread(NODES, SPREAD_WITHIN_MS));
      audit = await stage.check();
      findings.push(...audit.findings);
      options.onRound(
        `  ${String(Math.round(elapsed())).padStart(5)} s  ${struck.join(", ")}: spread after ` +
          `${Math.round(spreadAfterMs.at(-1) ?? 0)} ms, ${isClean(audit) ? "books right" : audit.findings.join("; ")}`,
      );
    } while (elapsed() < options.seconds && findings.length === 0);
  } catch (error) {
    findings.push(error instanceof Error ? error.message : String(error));
  } finally {
    waits = [...stage.waits()].sort((a, b) => a - b);
  }
  const late = waits.filter((ms) => ms > ANSWERED_WITHIN_MS).length;
  if (late > 0) findings.push(`${late} messages were not answered within ${ANSWERED_WITHIN_MS} ms`);
  if (audit === null) findings.push("nothing was audited");
  await stage.close(findings.length > 0);
  if (findings.length > 0) options.onKept(stage.folder);
  const at = (share: number): number =>
    waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0;
  return {
    seed: options.seed,
    seconds: elapsed(),
    faults,
    rounds,
    audit: countsOf(audit ?? UNAUDITED),
    messages: waits.length,
    waitMs: { p50: at(0.5), p99: at(0.99), max: at(1) },
    late,
    spreadAfterMs,
    findings,
    ok: findings.length === 0,
  };
}

async function strikeRound(
  stage: NodesStage,
  random: Random,
  faults: Record<NodeFault, number>,
): Promise<readonly string[]> {
  const struck: string[] = [];
  for (let count = 0; count < FAULTS_A_ROUND; ) {
    const [first, second] = shuffled(stage.places, random);
    const victims = [first, random.chance(0.3) ? second : undefined].filter((one) => one !== undefined);
    await Promise.all(
      victims.map(async (place) => {
        const fault = random.pick(NODE_FAULTS);
        faults[fault] += 1;
        count += 1;
        struck.push(fault === "redis_killed" ? fault : `${place.name} ${fault}`);
        await strike(stage, place, fault, random);
      }),
    );
    await pause(random.integer(500, 3_000));
  }
  return struck;
}

async function strike(stage: NodesStage, place: NodePlace, fault: NodeFault, random: Random): Promise<void> {
  const { server, fromDatabase, fromRedis } = place;
  const end = random.chance(0.5) ? "late" : "broken";
  const cut = async (partitions: readonly (typeof fromRedis)[]): Promise<void> => {
    for (const partition of partitions) partition.begin();
    await pause(random.integer(500, 12_000));
    for (const partition of partitions) partition.end(end);
  };
  switch (fault) {
    case "killed":
      await server?.kill();
      await pause(random.integer(0, 4_000));
      break;
    case "asked_to_leave":
      server?.signal("SIGTERM");
      await server?.ended;
      break;
    case "paused":
      server?.signal("SIGSTOP");
      await pause(random.integer(300, 6_000));
      server?.signal("SIGCONT");
      break;
    case "partitioned_from_postgresql":
      await cut([fromDatabase]);
      break;
    case "partitioned_from_redis":
      await cut([fromRedis]);
      break;
    case "partitioned_from_both":
      await cut([fromDatabase, fromRedis]);
      break;
    case "redis_killed":
      await stage.redis.killFor(random.integer(0, 6_000));
      break;
  }
  // It was killed, or has ended by itself because it was taken over.
  await pause(100);
  if (place.server === null) await stage.serve(place);
}

function countsOf(audit: AuditResult): AuditCounts {
  const { findings: _, ...counts } = audit;
  return counts;
}

function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  const left = [...items];
  const order: T[] = [];
  while (left.length > 0) order.push(...left.splice(random.integer(0, left.length - 1), 1));
  return order;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
