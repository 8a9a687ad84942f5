import { useState } from "preact/hooks";
import type { InspectReturnBody, ReturnView } from "../../../../contract/returns.ts";
import { pathOf, post } from "../../api/client.ts";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Panel } from "../../components/panel.tsx";
import { Stepper } from "../../components/stepper.tsx";
import { toast } from "../../components/toast.tsx";
import { counted } from "../../format/words.ts";
import { RefundWayFields, refundWayOf } from "./refund-way-fields.tsx";

type Disposition = InspectReturnBody["lines"][number]["disposition"];

const CHOICES: readonly (readonly [Disposition, string])[] = [
  ["restocked", "Like new: back to stock"],
  ["damaged", "Damaged: set apart"],
  ["refurbish", "To be refurbished"],
  ["quarantine", "Quarantine"],
  ["write_off", "Write off"],
  ["missing", "Not in the parcel"],
];

type Line = ReturnView["lines"][number];

/** Units by line and result: `1 restocked` -> 2. */
type Found = Readonly<Record<string, number>>;

const nameOf = (line: Line, disposition: Disposition) => `${line.lineId} ${disposition}`;

/**
 * What becomes of the units that wait for an inspection. A line may be split over several results; what is
 * left waits for the next look. The refund follows from what was received.
 */
export function InspectForm({
  view,
  locations,
  onDone,
}: {
  readonly view: ReturnView;
  readonly locations: readonly { readonly id: string; readonly name: string }[];
  readonly onDone: () => void;
}) {
  const [found, setFound] = useState<Found>({});
  const open = view.lines.filter((line) => line.uninspected > 0);
  const chosen = (line: Line, except?: Disposition) =>
    CHOICES.reduce(
      (sum, [disposition]) => (disposition === except ? sum : sum + (found[nameOf(line, disposition)] ?? 0)),
      0,
    );
  const total = open.reduce((sum, line) => sum + chosen(line), 0);
  return (
    <Panel title="Inspect">
      <Form
        submit={total === 0 ? "Finish inspection" : `Finish inspection of ${counted(total, "unit")}`}
        disabled={total === 0}
        onSubmit={async (fields, key) => {
          const locationId = textOf(fields, "location");
          const lines = open.flatMap((line) =>
            CHOICES.map(([disposition]) => ({
              lineId: line.lineId,
              disposition,
              quantity: found[nameOf(line, disposition)] ?? 0,
              ...(locationId === "" ? {} : { locationId }),
            })).filter(({ quantity }) => quantity > 0),
          );
          const note = textOf(fields, "note");
          await post(
            `${pathOf("returns", view.id)}/inspect`,
            { lines, ...(note === "" ? {} : { note }), ...refundWayOf(fields, view.refundTo) },
            key,
          );
          toast("good", `${counted(total, "unit")} of ${view.id} inspected.`);
          setFound({});
          onDone();
        }}
      >
        {open.map((line) => (
          <fieldset key={line.lineId} class="split">
            <legend class="field-label">
              {line.title}: {chosen(line)} of {counted(line.uninspected, "unit")}
            </legend>
            {CHOICES.map(([disposition, label]) => {
              const value = found[nameOf(line, disposition)] ?? 0;
              const most = line.uninspected - chosen(line, disposition);
              return (
                <div key={disposition} class="split-row">
                  <span>{label}</span>
                  <button
                    type="button"
                    class="button quiet small"
                    disabled={most === value}
                    aria-label={`All that are left of ${line.title}: ${label}`}
                    onClick={() => setFound({ ...found, [nameOf(line, disposition)]: most })}
                  >
                    All
                  </button>
                  <Stepper
                    label={`${line.title}, ${label}`}
                    value={value}
                    most={most}
                    onChange={(units) => setFound({ ...found, [nameOf(line, disposition)]: units })}
                  />
                </div>
              );
            })}
          </fieldset>
        ))}
        <div class="form-pair">
          <Field label="Goes to">
            <select class="select" name="location">
              <option value="">Where the return goes</option>
              {locations.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </Field>
          <Field label="Note (optional)">
            <input class="input" name="note" maxLength={500} autocomplete="off" />
          </Field>
        </div>
        <RefundWayFields now={view.refundTo} />
      </Form>
    </Panel>
  );
}
