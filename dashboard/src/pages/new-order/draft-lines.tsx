import type { OrderQuote, QuotedLine } from "../../../../contract/requests/order-quote.ts";
import { Icon } from "../../components/icon.tsx";
import { decimalText, formatMoney } from "../../format/money.ts";
import { AMOUNT_PATTERN, amountOf, type DraftLine, unitsOf } from "./draft.ts";

/** The lines as they are typed, each with what there is of it and where. */
export function DraftLines({
  lines,
  quote,
  currency,
  onChange,
  onRemove,
}: {
  readonly lines: readonly DraftLine[];
  readonly quote: OrderQuote | null;
  readonly currency: string;
  readonly onChange: (key: string, change: Partial<DraftLine>) => void;
  readonly onRemove: (key: string) => void;
}) {
  const counted = lines.filter(({ quantity }) => unitsOf(quantity) !== undefined);
  return (
    <table class="table stack top">
      <thead>
        <tr>
          <th scope="col">Item</th>
          <th scope="col">Units</th>
          <th scope="col">Price of one</th>
          <th scope="col">Discount</th>
          <th scope="col">Tax</th>
          <th scope="col">
            <span class="visually-hidden">Remove</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => {
          const quoted = quote?.lines[counted.indexOf(line)];
          const isSame = quoted?.channelSku === line.sku;
          return (
            <Row
              key={line.key}
              line={line}
              quoted={isSame ? quoted : undefined}
              exponent={quote?.sums.exponent ?? 2}
              currency={currency}
              onChange={(change) => onChange(line.key, change)}
              onRemove={() => onRemove(line.key)}
            />
          );
        })}
      </tbody>
    </table>
  );
}

function Row({
  line,
  quoted,
  exponent,
  currency,
  onChange,
  onRemove,
}: {
  readonly line: DraftLine;
  readonly quoted: QuotedLine | undefined;
  readonly exponent: number;
  readonly currency: string;
  readonly onChange: (change: Partial<DraftLine>) => void;
  readonly onRemove: () => void;
}) {
  const listed = quoted?.listPriceMinor ?? null;
  const amount = (
    name: "price" | "discount" | "tax",
    label: string,
    placeholder: string,
    required = false,
  ) => (
    <input
      class="input amount-input"
      aria-label={`${label} of ${line.sku}`}
      inputMode="decimal"
      pattern={AMOUNT_PATTERN}
      title="An amount such as 12.50"
      placeholder={placeholder}
      required={required}
      value={line[name]}
      onInput={(event) => onChange({ [name]: event.currentTarget.value })}
    />
  );
  return (
    <tr>
      <td class="full">
        <div>
          <div class="cell-title">{line.name}</div>
          <div class="cell-sub">
            <code>{line.sku}</code>
          </div>
          {quoted !== undefined && <Stock line={quoted} />}
        </div>
      </td>
      <td data-label="Units">
        <input
          class="input count-input"
          aria-label={`Units of ${line.sku}`}
          type="number"
          min={1}
          max={100_000}
          required
          value={line.quantity}
          onInput={(event) => onChange({ quantity: event.currentTarget.value })}
        />
      </td>
      <td data-label="Price of one">
        <div>
          {amount(
            "price",
            "Price",
            listed === null ? "0.00" : decimalText(listed, exponent),
            quoted !== undefined && listed === null,
          )}
          {listed !== null && amountOf(line.price) !== undefined && (
            <div class="cell-sub">listed {formatMoney(listed, currency, exponent)}</div>
          )}
        </div>
      </td>
      <td data-label="Discount">{amount("discount", "Discount", "0.00")}</td>
      <td data-label="Tax">{amount("tax", "Tax", "0.00")}</td>
      <td>
        <button type="button" class="button quiet icon-only" onClick={onRemove}>
          <Icon name="close" label={`Remove ${line.sku}`} />
        </button>
      </td>
    </tr>
  );
}

/** What there is, where, from where it would leave, and when the rest could be had. */
function Stock({ line }: { readonly line: QuotedLine }) {
  if (line.sku === null) return <div class="cell-sub warn-text">Not in the catalog of this channel.</div>;
  const places = line.stock.filter(({ units }) => units > 0);
  return (
    <>
      <div class={`cell-sub ${line.missing > 0 ? "warn-text" : ""}`}>
        {line.available === null || line.available === 0
          ? "None available"
          : `${line.available.toLocaleString()} available`}
        {places.length > 0 &&
          `: ${places.map(({ locationName, units }) => `${locationName} ${units.toLocaleString()}`).join(", ")}`}
      </div>
      {line.missing > 0 && (
        <div class="cell-sub warn-text">
          {line.missing.toLocaleString()} missing,{" "}
          {line.missingAt === null ? "with no date known" : `expected ${line.missingAt.slice(0, 10)}`}
          {line.queued > 0 && "; waits for the next stock, in its turn"}
        </div>
      )}
      {line.from.length > 0 && (
        <div class="cell-sub">
          Ships from {line.from.map(({ locationName, units }) => `${locationName} (${units})`).join(", ")}
        </div>
      )}
    </>
  );
}
