import { useState } from "preact/hooks";
import type { ReturnView } from "../../../../contract/returns.ts";
import { pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { Badge } from "../../components/badge.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Panel } from "../../components/panel.tsx";
import { Time } from "../../components/time.tsx";
import { toast } from "../../components/toast.tsx";

type Inspection = ReturnView["inspections"][number];

/** What was found, look by look. A look that was wrong is reopened, and its units are inspected anew. */
export function Inspections({
  view,
  onChange,
}: {
  readonly view: ReturnView;
  readonly onChange: () => void;
}) {
  const [reopening, setReopening] = useState<Inspection | null>(null);
  if (view.inspections.length === 0) return null;
  return (
    <Panel title="Inspections">
      {view.inspections.map((inspection) => (
        <div key={inspection.id} class="subcard">
          <div class="row spread">
            <span class="muted">
              <Time at={inspection.at} /> by {inspection.by}
            </span>
            {inspection.reopenedAt !== null ? (
              <Badge status="reopened" />
            ) : !may("returns.inspect") ||
              inspection.pieces.some(({ disposition }) => disposition === "kept") ? null : (
              <button type="button" class="button small" onClick={() => setReopening(inspection)}>
                Reopen
              </button>
            )}
          </div>
          <ul class={inspection.reopenedAt === null ? "" : "struck"}>
            {inspection.pieces.map((piece, index) => (
              <li key={`${index}`}>
                {piece.quantity} × <code>{piece.sku}</code> <Badge status={piece.disposition} />
                {piece.locationId !== null && <span class="muted"> at {piece.locationId}</span>}
                {piece.serials.length > 0 && <span class="muted"> {piece.serials.join(", ")}</span>}
              </li>
            ))}
          </ul>
          {inspection.note !== "" && <p class="muted">{inspection.note}</p>}
          {!inspection.settled && <p class="muted">Stock and refund are being worked out.</p>}
        </div>
      ))}
      {reopening !== null && (
        <Dialog title="Reopen this inspection?" onClose={() => setReopening(null)}>
          <p>
            Its units leave the stock again and wait for a new inspection. More that comes of it is refunded;
            what was refunded too much is told to finance.
          </p>
          <Form
            submit="Reopen"
            onSubmit={async (fields, key) => {
              const body = { inspectionId: reopening.id, reason: textOf(fields, "reason") };
              await post(`${pathOf("returns", view.id)}/reopen`, body, key);
              toast("good", "The inspection is reopened.");
              setReopening(null);
              onChange();
            }}
          >
            <Field label="What was wrong?" hint="Kept in the order's timeline.">
              <textarea class="textarea" name="reason" required maxLength={500} />
            </Field>
          </Form>
        </Dialog>
      )}
    </Panel>
  );
}
