import { useState } from "preact/hooks";
import type { ReturnView } from "../../../../contract/returns.ts";
import { pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { NotYours } from "../../components/not-yours.tsx";
import { Panel } from "../../components/panel.tsx";
import { toast } from "../../components/toast.tsx";
import { RefundWayFields, refundWayOf } from "./refund-way-fields.tsx";

/** A return that the rules leave to a person, or have declined. */
export function DecidePanel({
  view,
  onChange,
}: {
  readonly view: ReturnView;
  readonly onChange: () => void;
}) {
  const [declining, setDeclining] = useState(false);
  const path = pathOf("returns", view.id);
  const isDeclined = view.status === "declined";
  return (
    <Panel title={isDeclined ? "Declined" : "Your decision"}>
      <p>{view.decision}</p>
      {may("returns.decide") ? (
        <>
          <Form
            submit={isDeclined ? "Approve after all" : "Approve"}
            onSubmit={async (fields, key) => {
              await post(`${path}/approve`, refundWayOf(fields, view.refundTo), key);
              toast("good", `${view.id} is approved.`);
              onChange();
            }}
          >
            <RefundWayFields now={view.refundTo} />
          </Form>
          <div class="row">
            {!isDeclined && (
              <button type="button" class="button danger" onClick={() => setDeclining(true)}>
                Decline
              </button>
            )}
          </div>
        </>
      ) : (
        <NotYours action="decide about returns" />
      )}
      {declining && (
        <Dialog title={`Decline ${view.id}?`} onClose={() => setDeclining(false)}>
          <Form
            submit="Decline the return"
            danger
            onSubmit={async (fields, key) => {
              await post(`${path}/decline`, { reason: textOf(fields, "reason") }, key);
              toast("good", `${view.id} is declined.`);
              setDeclining(false);
              onChange();
            }}
          >
            <Field label="Reason" hint="The customer reads it.">
              <textarea class="textarea" name="reason" required maxLength={500} />
            </Field>
          </Form>
        </Dialog>
      )}
    </Panel>
  );
}
