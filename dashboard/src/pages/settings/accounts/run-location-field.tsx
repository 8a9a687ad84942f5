/** Which location of ours a channel's vendor runs: it keeps and sends the goods that lie there. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { LocationView } from "../../../../../contract/catalog.ts";
import type { ChannelKindView } from "../../../../../contract/channels.ts";
import { Field } from "../../../components/field.tsx";

export function RunLocationField({
  keeper,
  locations,
  value,
  problem,
}: {
  readonly keeper: NonNullable<ChannelKindView["keepsGoods"]>;
  readonly locations: readonly LocationView[];
  readonly value: string | null;
  /** Why what was chosen was not taken; null: nothing is wrong. */
  readonly problem: string | null;
}) {
  const [chosen, setChosen] = useState(value ?? "");
  const select = useRef<HTMLSelectElement>(null);
  useEffect(() => {
    if (problem !== null) select.current?.focus();
  }, [problem]);
  const isListed = value === null || locations.some(({ id }) => id === value);
  return (
    <Field
      label="Location of ours that it runs"
      hint={`Orders from there are sent by ${keeper.where} and not packed by you, and its stock is what lies there.${
        keeper.needs === null ? "" : ` The account needs ${keeper.needs}.`
      }`}
      problem={problem}
    >
      <select
        ref={select}
        class="select"
        name="runsLocation"
        value={chosen}
        onChange={(event) => setChosen(event.currentTarget.value)}
        aria-invalid={problem !== null}
      >
        <option value="">None</option>
        {!isListed && <option value={value}>{value}</option>}
        {locations.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </Field>
  );
}
