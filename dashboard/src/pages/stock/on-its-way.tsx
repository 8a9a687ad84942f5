import { useState } from "preact/hooks";
import type { StockExplanation } from "../../../../contract/stock.ts";
import { may } from "../../api/session.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Panel } from "../../components/panel.tsx";
import { Time } from "../../components/time.tsx";
import { toast } from "../../components/toast.tsx";
import { counted } from "../../format/words.ts";
import { changeStock, receiveTransfer } from "./change-stock.ts";

type Expected = StockExplanation["expected"][number];

/** What will come to a position: deliveries that were announced, and transfers; each is taken in here. */
export function OnItsWay({
  position,
  expected,
  onDone,
}: {
  readonly position: StockExplanation["position"];
  readonly expected: StockExplanation["expected"];
  readonly onDone: () => void;
}) {
  const [taken, setTaken] = useState<Expected | null>(null);
  if (expected.length === 0) return null;
  return (
    <Panel title="On its way here" aside={counted(position.incoming, "unit")} flush>
      <table class="table stack">
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Since</th>
            <th scope="col" class="number">
              Units
            </th>
            <th scope="col">
              <span class="visually-hidden">Action</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {expected.map((one) => (
            <tr key={one.reference}>
              <td class="full break">
                {one.isTransfer ? "Transfer" : "Delivery"} <code>{one.reference}</code>
              </td>
              <td data-label="Since">
                <Time at={one.since} />
              </td>
              <td class="number" data-label="Units">
                {one.units.toLocaleString()}
              </td>
              <td class="number full">
                {may(one.isTransfer ? "stock.transfer" : "stock.receive") && (
                  <button type="button" class="button small" onClick={() => setTaken(one)}>
                    Take in<span class="visually-hidden"> {one.reference}</span>
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {taken !== null && (
        <TakeInDialog
          position={position}
          expected={taken}
          onClose={() => setTaken(null)}
          onDone={() => {
            setTaken(null);
            onDone();
          }}
        />
      )}
    </Panel>
  );
}

function TakeInDialog({
  position,
  expected,
  onClose,
  onDone,
}: {
  readonly position: StockExplanation["position"];
  readonly expected: Expected;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const [openedAtMs] = useState(Date.now);
  const { reference, units, isTransfer } = expected;
  return (
    <Dialog title={`Take in ${reference}`} onClose={onClose}>
      <Form
        submit="Take in"
        onSubmit={async (fields, key) => {
          const quantity = Number(textOf(fields, "quantity"));
          const { onHand } = isTransfer
            ? await receiveTransfer(
                position,
                { transferId: reference, quantity, isAll: fields.get("all") === "on" },
                key,
                openedAtMs,
              )
            : await changeStock(
                position,
                { kind: "receive", quantity, reason: `delivery ${reference}`, reference },
                key,
                openedAtMs,
              );
          toast("good", `Now ${onHand.toLocaleString()} on hand.`);
          onDone();
        }}
      >
        <Field label="Units that came" hint={`${units.toLocaleString()} are on their way.`}>
          <input
            class="input"
            type="number"
            name="quantity"
            min={isTransfer ? "0" : "1"}
            max="1000000"
            step="1"
            required
            defaultValue={String(units)}
          />
        </Field>
        {isTransfer && (
          <label class="check">
            <input type="checkbox" name="all" /> Nothing more of it comes: what is missing is written down
          </label>
        )}
      </Form>
    </Dialog>
  );
}
