import type { StockRow } from "../../../../contract/stock.ts";

const TAKEN = [
  ["reserved", "reserved"],
  ["allocated", "allocated"],
  ["picked", "picked"],
  ["unavailable", "unavailable"],
  ["safetyStock", "safety stock"],
  ["fenced", "ring-fenced"],
] as const;

/** Available to promise as the subtraction that it is. */
export function StockEquation({ position }: { readonly position: StockRow }) {
  return (
    <div class="equation">
      <div class="term">
        <b>{position.onHand.toLocaleString()}</b>
        <span>on hand</span>
      </div>
      {TAKEN.filter(([bucket]) => bucket !== "fenced" || position.fenced > 0).map(([bucket, label]) => (
        <>
          <span class="operator">−</span>
          <div class="term">
            <b>{position[bucket].toLocaleString()}</b>
            <span>{label}</span>
          </div>
        </>
      ))}
      <span class="operator">=</span>
      <div class="term result">
        <b>{position.availableToPromise.toLocaleString()}</b>
        <span>available to promise</span>
      </div>
    </div>
  );
}
