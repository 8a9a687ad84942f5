import type { PackBody, WaitingFulfillmentOrder } from "../../../../contract/fulfillment.ts";
import { Field } from "../../components/field.tsx";
import { textOf } from "../../components/form.tsx";

type Lines = WaitingFulfillmentOrder["lines"];

const skusOf = (lines: Lines, check: Lines[number]["check"]): readonly string[] => [
  ...new Set(lines.filter((line) => line.check === check).map(({ sku }) => sku)),
];

/** Whether the packer has to scan, weigh or count before it is packed. */
export function needsCheck(lines: Lines): boolean {
  return lines.some(({ check }) => check !== null);
}

/**
 * What the packer says of goods without tags whose product asks for it. What is right is for the server to
 * say.
 */
export function CheckFields({ lines }: { readonly lines: Lines }) {
  const [toScan, toWeigh, toCount] = [skusOf(lines, "scan"), skusOf(lines, "weigh"), skusOf(lines, "count")];
  return (
    <>
      {toScan.length > 0 && (
        <Field label={`Scan each unit of ${toScan.join(", ")}`} hint="One code a line.">
          <textarea class="input" name="scans" rows={4} autocomplete="off" required />
        </Field>
      )}
      {toCount.map((sku) => (
        <Field key={sku} label={`How many units of ${sku}?`}>
          <input class="input" type="number" name={`count ${sku}`} min={0} required />
        </Field>
      ))}
      {toWeigh.length > 0 && (
        <Field
          label="Weight of all that goes in, in grams"
          hint={`Without the carton; for ${toWeigh.join(", ")}.`}
        >
          <input class="input" type="number" name="grams" min={0} required />
        </Field>
      )}
    </>
  );
}

/** What was filled in; nothing where nothing is asked for. */
export function checkedOf(fields: FormData, lines: Lines): Pick<PackBody, "checked"> {
  if (!needsCheck(lines)) return {};
  const codes = textOf(fields, "scans").split(/[\r\n]+/);
  return {
    checked: {
      ...(skusOf(lines, "scan").length === 0
        ? {}
        : { scans: codes.map((code) => code.trim()).filter(Boolean) }),
      ...(skusOf(lines, "weigh").length === 0 ? {} : { grams: Number(textOf(fields, "grams")) }),
      ...(skusOf(lines, "count").length === 0
        ? {}
        : {
            counts: skusOf(lines, "count").map((sku) => ({
              sku,
              quantity: Number(textOf(fields, `count ${sku}`)),
            })),
          }),
    },
  };
}
