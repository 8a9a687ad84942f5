import type { ComponentChildren } from "preact";
import type { StockExplanation } from "../../../../contract/stock.ts";
import { Empty } from "../../components/empty.tsx";
import { causeLink } from "../../format/cause-link.ts";
import { clockTime, fullTime } from "../../format/time.ts";
import { words } from "../../format/words.ts";

type Movement = StockExplanation["movements"][number];

const BUCKETS = [
  ["onHand", "On hand"],
  ["reserved", "Reserved"],
  ["allocated", "Allocated"],
  ["picked", "Picked"],
  ["unavailable", "Unavail."],
  ["safetyStock", "Safety"],
  ["incoming", "Incoming"],
] as const;

/** Movements, newest first, each with its cause, and the balance after it. */
export function Movements({ movements }: { readonly movements: readonly Movement[] }) {
  if (movements.length === 0) return <Empty icon="clock" title="Nothing has moved yet" />;
  return (
    <div class="scroll-x">
      <table class="table stack">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What and why</th>
            {BUCKETS.map(([name, label]) => (
              <th key={name} scope="col" class="number">
                {label}
              </th>
            ))}
            <th scope="col" class="number">
              On hand after
            </th>
            <th scope="col" class="number">
              Available after
            </th>
          </tr>
        </thead>
        <tbody>
          {movements.map((movement, index) => (
            <tr key={movements.length - index}>
              <td class="muted full" title={fullTime(movement.at)}>
                {clockTime(movement.at)}
              </td>
              <td class="full">
                <div>
                  <span class="cell-title">{words(movement.kind)}</span>
                  <div class="cell-sub break">
                    <Cause cause={movement.cause} holdId={movement.holdId} />
                    {movement.reason !== null && ` · ${movement.reason}`}
                  </div>
                </div>
              </td>
              {BUCKETS.map(([name, label]) => (
                <td
                  key={name}
                  class={`number ${movement[name] === 0 ? "phone-hidden" : ""}`}
                  data-label={label}
                >
                  <Delta value={movement[name]} />
                </td>
              ))}
              <td class="number" data-label="On hand after">
                {movement.onHandAfter.toLocaleString()}
              </td>
              <td class="number main-number" data-label="Available after">
                {movement.availableAfter.toLocaleString()}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What it was for, with a way to its page where it has one. */
export function Cause({
  cause,
  holdId,
}: {
  readonly cause: string;
  readonly holdId: string | null;
}): ComponentChildren {
  const path = causeLink(cause, holdId);
  return path === null ? cause : <a href={path}>{cause}</a>;
}

function Delta({ value }: { readonly value: number }) {
  if (value === 0) return <span class="zero">·</span>;
  return (
    <span class={value > 0 ? "delta-up" : "delta-down"}>
      {value > 0 ? "+" : "−"}
      {Math.abs(value).toLocaleString()}
    </span>
  );
}
