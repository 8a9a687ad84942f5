/**
 * Plays one sequence: random steps with an audit after each, then whatever its orders need to end. An order
 * that cannot end is a finding.
 */
import { Random } from "../../config/seeded-random.ts";
import { findingsOf } from "./audit.ts";
import { finishing } from "./finishing.ts";
import { Sequence } from "./sequence.ts";
import { STEPS, type Step } from "./steps.ts";
import type { World } from "./world.ts";

export type Verdict = {
  readonly sequence: number;
  readonly findings: readonly string[];
  readonly story: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
};

/** @param isOver whether the rest of it is of no interest any more */
export async function play(
  world: World,
  seed: number,
  number: number,
  steps: number,
  isOver: () => boolean,
): Promise<Verdict> {
  // Another number, another story: no two sequences of a run begin alike.
  const random = new Random(`${seed}/${number}`);
  const sequence = new Sequence(world, random, `s${number}`);
  const counts = new Map<string, number>();
  const { story } = sequence;
  const verdict = (findings: readonly string[]): Verdict => ({ sequence: number, findings, story, counts });
  try {
    await sequence.open();
    for (let done = 0, tries = 0; done < steps; tries += 1) {
      const step = done === 0 && tries < 5 ? (STEPS[0] as Step) : weighted(random);
      const said = await step.run(sequence);
      if (said === null && tries < steps * 20) continue;
      done += 1;
      counts.set(step.name, (counts.get(step.name) ?? 0) + 1);
      story.push(`${done}. ${step.name}: ${said}`);
      await sequence.deliver(random.chance(0.7));
      await sequence.refresh();
      const findings = await findingsOf(sequence);
      if (findings.length > 0 || isOver()) return verdict(findings);
    }
    return verdict(await finishing(sequence, isOver));
  } catch (error) {
    return verdict([`no step fails: ${error instanceof Error ? error.stack : String(error)}`]);
  }
}

const ALL_WEIGHTS = STEPS.reduce((sum, step) => sum + step.weight, 0);

function weighted(random: Random): Step {
  let left = random.next() * ALL_WEIGHTS;
  for (const step of STEPS) {
    left -= step.weight;
    if (left < 0) return step;
  }
  return STEPS[0] as Step;
}
