import { useState } from "preact/hooks";
import type { OrderLineView, OrderView } from "../../../../contract/orders.ts";
import { may } from "../../api/session.ts";
import { Panel } from "../../components/panel.tsx";
import { formatMoney } from "../../format/money.ts";
import { counted, words } from "../../format/words.ts";
import { shownFields, useCustomFields, valueText } from "../custom-fields/custom-fields.tsx";
import { AddLineDialog } from "./add-line-dialog.tsx";
import { LineDialog } from "./line-dialog.tsx";
import { valuesOf } from "./order-fields.tsx";
import { OrderSums } from "./order-sums.tsx";

type Money = OrderView["document"]["total"];

/** The lines with their line ledger, and what it all costs. */
export function OrderLines({ view, onChange }: { readonly view: OrderView; readonly onChange: () => void }) {
  const { document, lines } = view;
  const [changing, setChanging] = useState<OrderLineView | null>(null);
  const [adding, setAdding] = useState(false);
  const fields = useCustomFields("order_line");
  const canChange = view.supportedActions.includes("cancel") && may("orders.change");
  const done = () => {
    setChanging(null);
    setAdding(false);
    onChange();
  };
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
            <th scope="col" class="number">
              Amount
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
                      {line.kind !== "goods" && <> · {words(line.kind)}</>}
                      {line.substituteFor !== null && <> · sent instead of {line.substituteFor.title}</>}
                      {line.fulfilledBy !== "us" && <> · fulfilled by the {words(line.fulfilledBy)}</>}
                    </div>
                    {shownFields(fields, valuesOf(captured ?? {})).map((one) => (
                      <div key={one.field.key} class="cell-sub">
                        {one.field.label}: {valueText(one)}
                      </div>
                    ))}
                  </div>
                </td>
                <td class="full">
                  <Ledger line={line} />
                  {canChange && line.ordered > line.cancelled + line.shipped + line.fulfilledElsewhere && (
                    <button type="button" class="button quiet small" onClick={() => setChanging(line)}>
                      Change
                    </button>
                  )}
                </td>
                <td class="number full" data-label="Price">
                  {captured !== undefined && text(captured.unitPrice)}
                </td>
                <td class="number full" data-label="Amount">
                  {captured !== undefined &&
                    text({ ...captured.unitPrice, minor: captured.unitPrice.minor * captured.quantity })}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {canChange && (
        <div class="row wrap table-foot">
          <button type="button" class="button small" onClick={() => setAdding(true)}>
            Add a line
          </button>
        </div>
      )}
      <OrderSums view={view} />
      {changing !== null && (
        <LineDialog
          view={view}
          line={changing}
          fields={fields}
          onClose={() => setChanging(null)}
          onDone={done}
        />
      )}
      {adding && <AddLineDialog view={view} onClose={() => setAdding(false)} onDone={done} />}
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
    ["done elsewhere", line.fulfilledElsewhere],
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
