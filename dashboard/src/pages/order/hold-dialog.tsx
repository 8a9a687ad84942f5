import { useState } from "preact/hooks";
import type { HoldReasonView } from "../../../../contract/settings/hold-reasons.ts";
import { post } from "../../api/client.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";

/** Stops an order, or a part of it, until somebody releases it. */
export function HoldDialog({
  path,
  what,
  ownReasons = [],
  onClose,
  onDone,
}: {
  /** Of the order or the fulfillment order. */
  readonly path: string;
  readonly what: string;
  /** The company's own, where one may be chosen. */
  readonly ownReasons?: readonly HoldReasonView[];
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const [code, setCode] = useState("");
  const chosen = ownReasons.find((reason) => reason.code === code);
  return (
    <Dialog title={`Put ${what} on hold?`} onClose={onClose}>
      <p>Nothing of it goes on until somebody releases it. What has left the building is not stopped.</p>
      <Form
        submit="Put on hold"
        onSubmit={async (fields, key) => {
          const reason = textOf(fields, "reason");
          const said = reason === "" ? {} : { reason };
          await post(`${path}/hold`, code === "" ? said : { ...said, ownReason: code }, key);
          toast("good", `${what} is on hold.`);
          onDone();
        }}
      >
        {ownReasons.some(({ active }) => active) && (
          <Field label="Why" {...(chosen === undefined ? {} : { hint: guidanceOf(chosen) })}>
            <select class="select" value={code} onChange={(event) => setCode(event.currentTarget.value)}>
              <option value="">As written below</option>
              {ownReasons
                .filter(({ active }) => active)
                .map((reason) => (
                  <option key={reason.code} value={reason.code}>
                    {reason.label}
                  </option>
                ))}
            </select>
          </Field>
        )}
        <Field label="Reason" hint="Whoever releases it reads this.">
          <textarea class="textarea" name="reason" required={code === ""} maxLength={500} />
        </Field>
      </Form>
    </Dialog>
  );
}

function guidanceOf({ guidance, keepsStock }: HoldReasonView): string {
  const stock = keepsStock ? "The order keeps its stock." : "What nobody has begun to pick goes back.";
  return guidance === "" ? stock : `${guidance} ${stock}`;
}
