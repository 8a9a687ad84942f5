/**
 * Whatever is odd about what a channel sends: nothing throws, nothing is lost that has an id, and what waits
 * for nobody adds up to the minor unit.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { planCapture } from "../../orders/capture.ts";
import type { HoldCode } from "../../orders/order.ts";
import { lineShares, sumMismatch, sumsOf } from "../../orders/order-amounts.ts";
import { ownSamples } from "../../test-support/vendors/channel-samples.ts";
import { channelVendors } from "./registry.ts";

/** Holds under which an order's amounts may be anything. */
const IN_DOUBT: readonly HoldCode[] = [
  "sum_mismatch",
  "price_missing",
  "currency_unusable",
  "quantity_unusable",
  "lines_missing",
];

const oddValue = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    "",
    " ",
    "-1",
    "0",
    "1.5",
    "1e5",
    "NaN",
    "abc",
    "IRT",
    "XXX",
    "KWD",
    true,
    {},
    [],
  ),
  fc.constantFrom<unknown>("123456789012345678901234567890", "0.0000000001", "9".repeat(400), "\ud800", "\0"),
  fc.constantFrom<unknown>(-1, 0, 1.5, 1e21, 99_999_999_999),
  fc.string({ maxLength: 20 }),
);
type Edit = { readonly at: number; readonly value: unknown; readonly isRemoval: boolean };
const edits: fc.Arbitrary<readonly Edit[]> = fc.array(
  fc.record({ at: fc.nat(10_000), value: oddValue, isRemoval: fc.boolean() }),
  { minLength: 1, maxLength: 4 },
);

type Place = { readonly holder: Record<string | number, unknown>; readonly key: string | number };

function placesIn(value: unknown, found: Place[] = []): Place[] {
  if (typeof value !== "object" || value === null) return found;
  for (const key of Object.keys(value)) {
    const holder = value as Record<string, unknown>;
    found.push({ holder, key });
    placesIn(holder[key], found);
  }
  return found;
}

/** Pieces between delimiters, behind an envelope or a header whose faults refuse it as a whole. */
function editedPieces(text: string, begin: number, delimiters: RegExp, changes: readonly Edit[]): string {
  const parts = text.slice(begin).split(delimiters);
  for (const { at, value, isRemoval } of changes) {
    const place = 2 * (at % Math.ceil(parts.length / 2));
    parts[place] = isRemoval ? "" : typeof value === "string" ? value : JSON.stringify(value);
  }
  return text.slice(0, begin) + parts.join("");
}

function edited(text: string, changes: readonly Edit[]): string {
  if (text.startsWith("ISA")) return editedPieces(text, text.indexOf("~\nBEG") + 1, /([*~])/, changes);
  if (text.startsWith("UNA")) return editedPieces(text, text.indexOf("\nBGM") + 1, /([+:'])/, changes);
  if (/^[^{[]/.test(text)) return editedPieces(text, text.indexOf("\n") + 1, /([,\n])/, changes);
  // JSON lines: the first is edited.
  const next = text.indexOf("\n{") + 1;
  if (next > 0 && text.charAt(0) === "{" && text.charAt(next - 2) === "}")
    return `${edited(text.slice(0, next - 1), changes)}\n${text.slice(next)}`;
  const document: unknown = JSON.parse(text);
  for (const { at, value, isRemoval } of changes) {
    const places = placesIn(document);
    const place = places[at % Math.max(1, places.length)];
    if (place === undefined) continue;
    if (isRemoval) delete place.holder[place.key];
    else place.holder[place.key] = structuredClone(value);
  }
  return JSON.stringify(document);
}

test.each(
  channelVendors.flatMap(({ adapter }) =>
    ownSamples(adapter.kind).map(
      (sample) => [`${adapter.kind}/${sample.name}`, adapter, sample.text] as const,
    ),
  ),
)("%s with random edits is captured, held or refused, and adds up", (_, adapter, text) => {
  fc.assert(
    fc.property(edits, fc.boolean(), (changes, isWish) => {
      for (const reading of adapter.read(edited(text, changes), null)) {
        if (reading.kind !== "order") continue;
        const plan = planCapture(reading.order, {
          orderId: "o-1",
          companyId: "c-1",
          channelId: "ch-1",
          capturedAtMs: Date.UTC(2026, 10, 28),
          skuOf: (name) => name,
          isWish,
          chargedBy: "channel",
        });
        if (plan.status === "refused") {
          expect(plan.detail).not.toBe("");
          continue;
        }
        const { document, holdReasons } = plan;
        expect(JSON.parse(JSON.stringify(document))).toEqual(document);
        for (const amount of Object.values(sumsOf(document))) expect(amount).toSatisfy(Number.isSafeInteger);
        for (const share of lineShares(document)) expect(share).toSatisfy(Number.isSafeInteger);
        for (const { quantity, fulfilledElsewhere = 0 } of document.lines) {
          expect(quantity).toSatisfy((units: number) => Number.isSafeInteger(units) && units >= 1);
          expect(fulfilledElsewhere).toBeLessThanOrEqual(quantity);
        }
        if (!holdReasons.some(({ code }) => IN_DOUBT.includes(code)))
          expect(sumMismatch(document)).toBeNull();
      }
    }),
    { numRuns: 300 },
  );
});
