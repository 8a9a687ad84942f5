import type { OrderQuote } from "../../../../contract/requests/order-quote.ts";
import { Badge } from "../../components/badge.tsx";
import { Facts } from "../../components/facts.tsx";
import { Notice } from "../../components/notice.tsx";
import { Panel } from "../../components/panel.tsx";
import { formatMoney } from "../../format/money.ts";
import type { Quoting } from "./use-quote.ts";

const OUTCOMES: Readonly<
  Record<OrderQuote["outcome"], readonly [label: string, tone: "good" | "warn" | "bad"]>
> = {
  accepted: ["Can be captured", "good"],
  held: ["Would be on hold", "warn"],
  refused: ["Not yet", "bad"],
};

/** What the order would come to, as of a moment ago. */
export function QuotePanel({ quote, isCurrent, error, again }: Quoting) {
  if (quote === null)
    return (
      <Panel title="The order">
        {error === null ? (
          <p class="muted">Find a product: price, stock and dates stand here as you type.</p>
        ) : (
          <Notice tone="bad" action={{ label: "Try again", run: again }}>
            {error}
          </Notice>
        )}
      </Panel>
    );
  const { sums, promise, problem, holdReasons } = quote;
  const [label, tone] = OUTCOMES[quote.outcome];
  const text = (minor: number) => formatMoney(minor, quote.currency, sums.exponent);
  const parts: readonly (readonly [string, number])[] = [
    ["Shipping", sums.shippingMinor],
    ["Charges", sums.chargesMinor],
    ["Taxes", sums.taxesMinor],
    ["Discounts", -sums.discountsMinor],
  ];
  return (
    <Panel title="The order" aside={<Badge status={quote.outcome} label={label} tone={tone} />}>
      <div aria-live="polite" aria-busy={!isCurrent}>
        <Facts
          facts={[
            ["Lines", text(sums.linesMinor)],
            ...parts.filter(([, minor]) => minor !== 0).map(([name, minor]) => [name, text(minor)] as const),
            ["Total", <b key="total">{text(sums.totalMinor)}</b>],
            ["Ships by", promise?.shipBy ?? "not known"],
            ["Delivered by", promise?.deliverBy ?? "not known"],
          ]}
        />
        {problem !== null && <p class="bad-text">{problem.detail}</p>}
        {holdReasons.map((reason) => (
          <p key={`${reason.code} ${reason.detail}`} class="warn-text">
            {reason.detail}
          </p>
        ))}
        {error !== null && <p class="bad-text">{error}</p>}
      </div>
    </Panel>
  );
}
