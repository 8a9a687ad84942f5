import { Icon } from "../../components/icon.tsx";
import { decimalText, minorUnits } from "../../format/money.ts";
import { parseAmount } from "../../format/parse-amount.ts";

/** As a person types it; `currency` of ISO 4217. */
export type AmountRow = { readonly amount: string; readonly currency: string };

/** Amounts, one a currency, as rows that can be added and taken away. */
export function AmountRows({
  label,
  rows,
  currency,
  onChange,
}: {
  readonly label: string;
  readonly rows: readonly AmountRow[];
  /** Of a row that is added. */
  readonly currency: string;
  readonly onChange: (rows: readonly AmountRow[]) => void;
}) {
  const set = (index: number, change: Partial<AmountRow>): void =>
    onChange(rows.map((row, at) => (at === index ? { ...row, ...change } : row)));
  return (
    <div class="amount-rows">
      {rows.map((row, index) => (
        <div class="amount-row" key={index}>
          <input
            class="input"
            aria-label={`${label}, amount`}
            inputMode="decimal"
            pattern="[0-9]{1,9}([.,][0-9]{1,3})?"
            required
            value={row.amount}
            onInput={(event) => set(index, { amount: event.currentTarget.value.trim() })}
          />
          <input
            class="input"
            aria-label={`${label}, currency`}
            pattern="[A-Za-z]{3}"
            maxLength={3}
            required
            value={row.currency}
            onInput={(event) => set(index, { currency: event.currentTarget.value.toUpperCase() })}
          />
          <button
            type="button"
            class="button quiet icon-only"
            onClick={() => onChange(rows.filter((_row, at) => at !== index))}
          >
            <Icon name="close" label={`Take away: ${label} ${row.amount} ${row.currency}`} />
          </button>
        </div>
      ))}
      <button
        type="button"
        class="button small quiet"
        onClick={() => onChange([...rows, { amount: "", currency: rows.length === 0 ? currency : "" }])}
      >
        <Icon name="plus" />
        {rows.length === 0 ? "Set an amount" : "Another currency"}
        <span class="visually-hidden"> for {label}</span>
      </button>
    </div>
  );
}

/** Amounts by currency, in minor units, as rows that people edit. */
export function rowsOf(minor: Readonly<Record<string, number>>): readonly AmountRow[] {
  return Object.entries(minor).map(([currency, amount]) => ({
    currency,
    amount: decimalText(amount, minorUnits(currency)),
  }));
}

/**
 * The rows as amounts by currency.
 *
 * @throws Error where a currency is there twice, or an amount has more places than its currency
 */
export function minorOf(rows: readonly AmountRow[]): Readonly<Record<string, number>> {
  const minor = rows.map(
    ({ amount, currency }) => [currency, parseAmount(amount, minorUnits(currency))] as const,
  );
  if (new Set(minor.map(([currency]) => currency)).size < minor.length)
    throw new Error("Give one amount for each currency.");
  return Object.fromEntries(minor);
}
