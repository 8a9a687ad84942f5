import { useRef, useState } from "preact/hooks";
import type { OrderSummary } from "../../../../contract/orders.ts";
import { messageOf, outcomeUnknown } from "../../api/problem.ts";
import { Badge } from "../../components/badge.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { counted } from "../../format/words.ts";
import { eachInTurn, type Outcome } from "../../lists/each-in-turn.ts";
import { orderPath } from "../order/order-path.ts";
import type { BulkAct } from "./bulk-acts.ts";

type Outcomes = readonly Outcome<OrderSummary>[];

/** Asks once, does it order by order, and says of each what came of it. What failed can be tried again. */
export function BulkDialog({
  act,
  orders: asked,
  onClose,
}: {
  readonly act: BulkAct;
  readonly orders: readonly OrderSummary[];
  readonly onClose: () => void;
}) {
  // Of those that were asked for: they leave the list below while it is done.
  const [orders] = useState(asked);
  const [outcomes, setOutcomes] = useState<Outcomes | null>(null);
  const [told, setTold] = useState("");
  const [isRunning, setRunning] = useState(false);
  const keys = useRef(new Map<string, string>());
  const count = counted(orders.length, "order");

  const run = async (text: string, which: readonly OrderSummary[], before: Outcomes): Promise<void> => {
    setRunning(true);
    const ofOthers = before.filter(({ item }) => !which.includes(item));
    const ended = await eachInTurn(
      which,
      (order) => act.run(order, text, keyOf(keys.current, order.id)),
      (now) => setOutcomes([...ofOthers, ...now]),
    );
    // A refusal has changed nothing: the next attempt is a new one. Where nobody knows, it is the same one.
    for (const outcome of ended) {
      if (outcome.state === "failed" && !outcomeUnknown(outcome.error)) keys.current.delete(outcome.item.id);
    }
    setRunning(false);
  };

  if (outcomes === null) {
    return (
      <Dialog title={act.title(count)} onClose={onClose}>
        <p>{act.says}</p>
        <Form
          submit={`${act.label}: ${count}`}
          danger={act.danger === true}
          onSubmit={async (fields) => {
            const text = textOf(fields, "told");
            setTold(text);
            void run(text, orders, []);
          }}
        >
          {act.asks !== null && (
            <Field label={act.asks.label} hint={act.asks.hint}>
              {act.asks.most > 100 ? (
                <textarea class="textarea" name="told" required maxLength={act.asks.most} />
              ) : (
                <input class="input" name="told" required maxLength={act.asks.most} autocomplete="off" />
              )}
            </Field>
          )}
        </Form>
      </Dialog>
    );
  }
  const failed = outcomes.filter(({ state }) => state === "failed");
  const done = outcomes.filter(({ state }) => state === "done").length;
  return (
    <Dialog title={`${act.label}: ${count}`} onClose={onClose}>
      <p role="status">
        {done} of {outcomes.length} done{failed.length > 0 && `, ${failed.length} not`}
      </p>
      <ul class="outcomes">
        {[...outcomes].sort(failedFirst).map((outcome) => (
          <li key={outcome.item.id}>
            <a href={orderPath(outcome.item.id)}>{outcome.item.externalNumber}</a>
            <Badge
              status={outcome.state}
              tone={outcome.state === "done" ? "good" : outcome.state === "failed" ? "bad" : "plain"}
            />
            {outcome.state === "failed" && <span class="cell-sub">{messageOf(outcome.error)}</span>}
          </li>
        ))}
      </ul>
      <div class="form-actions">
        {failed.length > 0 && (
          <button
            type="button"
            class="button"
            disabled={isRunning}
            onClick={() => {
              void run(
                told,
                failed.map(({ item }) => item),
                outcomes,
              );
            }}
          >
            Try the failed again
          </button>
        )}
        <button type="button" class="button primary" disabled={isRunning} onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

function keyOf(keys: Map<string, string>, orderId: string): string {
  const key = keys.get(orderId) ?? crypto.randomUUID();
  keys.set(orderId, key);
  return key;
}

function failedFirst(a: Outcome<OrderSummary>, b: Outcome<OrderSummary>): number {
  return Number(b.state === "failed") - Number(a.state === "failed");
}
