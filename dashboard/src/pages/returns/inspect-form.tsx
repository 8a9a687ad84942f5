import type { ReturnView } from "../../../../contract/returns.ts";
import { pathOf, post } from "../../api/client.ts";
import { Form, textOf } from "../../components/form.tsx";
import { Panel } from "../../components/panel.tsx";
import { toast } from "../../components/toast.tsx";

type Disposition = NonNullable<ReturnView["lines"][number]["disposition"]>;

const CHOICES: readonly (readonly [Disposition, string])[] = [
  ["restocked", "Like new: back to stock"],
  ["damaged", "Damaged: set apart"],
  ["missing", "Not in the parcel"],
];

/** The inspection result of each line. The refund follows from what was received. */
export function InspectForm({ view, onDone }: { readonly view: ReturnView; readonly onDone: () => void }) {
  return (
    <Panel title="Inspect">
      <Form
        submit="Finish inspection"
        onSubmit={async (fields, key) => {
          const lines = view.lines.map((line) => ({
            lineId: line.lineId,
            disposition: textOf(fields, line.lineId) as Disposition,
          }));
          await post(`${pathOf("returns", view.id)}/inspect`, { lines }, key);
          toast("good", `${view.id} is inspected.`);
          onDone();
        }}
      >
        {view.lines.map((line) => (
          <fieldset key={line.lineId} class="choice-row">
            <legend class="field-label">
              {line.title}, {line.received} of {line.requested} received
            </legend>
            {CHOICES.map(([disposition, label]) => (
              <label key={disposition} class="choice">
                <input
                  type="radio"
                  name={line.lineId}
                  value={disposition}
                  required
                  defaultChecked={line.received === 0 && disposition === "missing"}
                />
                {label}
              </label>
            ))}
          </fieldset>
        ))}
      </Form>
    </Panel>
  );
}
