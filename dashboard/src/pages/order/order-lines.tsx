import type { OrderLineView, OrderView } from "../../../../contract/orders.ts";
import { Panel } from "../../components/panel.tsx";
import { formatMoney } from "../../format/money.ts";
import { counted } from "../../format/words.ts";

type Money = OrderView["document"]["total"];

/** The lines with their line ledger, and what it all costs. */
export function OrderLines({ view }: { readonly view: OrderView }) {
  const { document, lines } = view;
  const documentLines = new Map(document.lines.map((line) => [line.lineId, line]));
  const text = (money: Money): string => formatMoney(money.minor, money.currency, money.exponent);
  return (
    <Panel title="Lines" aside={counted(view.summary.unitCount, "unit")} flush>
      <table class="table stack top">
        <thead>
          <tr>
            <th scope="col">Item</th>
            <th scope="col">Quantities</th>
            <th scope="col" class="number">
              Price
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => {
            const captured = documentLines.get(line.lineId);
            return (
              <tr key={line.lineId}>
                <td class="full">
                  <div>
                    <div class="cell-title">{line.title}</div>
                    <div class="cell-sub">
                      {line.sku === null ? (
                        <>
                          <code>{line.channelSku || "no SKU"}</code> is not in the catalog
                        </>
                      ) : (
                        <code>{line.sku}</code>
                      )}
                    </div>
                  </div>
                </td>
                <td class="full">
                  <Ledger line={line} />
                </td>
                <td class="number full" data-label="Price">
                  {captured !== undefined && text(captured.unitPrice)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <div class="sums">
        {document.discount.minor !== 0 && (
          <div>
            <span class="muted">Discount</span>
            <span>{text({ ...document.discount, minor: -Math.abs(document.discount.minor) })}</span>
          </div>
        )}
        <div>
          <span class="muted">Shipping</span>
          <span>{text(document.shippingPrice)}</span>
        </div>
        <div>
          <span class="muted">Tax</span>
          <span>{text(document.tax)}</span>
        </div>
        <div class="total">
          <span>Total</span>
          <span>{text(document.total)}</span>
        </div>
      </div>
    </Panel>
  );
}

/** Only quantities that are not zero: for most lines that is two words. */
function Ledger({ line }: { readonly line: OrderLineView }) {
  const counts: readonly (readonly [string, number])[] = [
    ["ordered", line.ordered],
    ["allocated", line.allocated],
    ["fulfilled", line.fulfilled],
    ["shipped", line.shipped],
    ["delivered", line.delivered],
    ["return requested", line.returnRequested],
    ["returned", line.returnReceived],
  ];
  return (
    <div class="ledger">
      {counts
        .filter(([, count]) => count > 0)
        .map(([name, count]) => (
          <span key={name}>
            {name} <b>{count}</b>
          </span>
        ))}
      {line.cancelled > 0 && (
        <span class="bad">
          cancelled <b>{line.cancelled}</b>
        </span>
      )}
    </div>
  );
}
