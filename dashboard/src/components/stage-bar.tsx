import type { FulfillmentOrderView } from "../../../contract/fulfillment.ts";
import { words } from "../format/words.ts";

const STAGES: readonly FulfillmentOrderView["stage"][] = [
  "waiting",
  "picking",
  "picked",
  "conveying",
  "verifying",
  "packed",
  "labelled",
  "shipped",
];

/** What is collected gets no label, and waits in the store. */
const COLLECTED = STAGES.map((stage) => (stage === "labelled" ? "ready" : stage));

/** How far the goods have come on the floor. */
export function StageBar({
  stage,
  stopped,
  collected,
}: {
  readonly stage: FulfillmentOrderView["stage"];
  readonly stopped: boolean;
  /** The customer comes for it. */
  readonly collected: boolean;
}) {
  const stages = collected ? COLLECTED : STAGES;
  const nameOf = (name: FulfillmentOrderView["stage"]) =>
    words(collected && name === "shipped" ? "collected" : name);
  const reached = stages.indexOf(stage);
  return (
    <div class={`stage-bar ${stopped ? "stopped" : ""}`}>
      <ol aria-label={`Stage ${reached + 1} of ${stages.length}: ${nameOf(stage)}`}>
        {stages.map((name, index) => (
          <li
            key={name}
            class={index < reached || stage === "shipped" ? "done" : index === reached ? "now" : ""}
            {...(index === reached ? { "aria-current": "step" } : {})}
          >
            <span class="stage-name">{nameOf(name)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}
