/** A filter of a few values. The first choice is that all are shown. */
export function FilterSelect({
  label,
  all,
  value,
  options,
  onChange,
}: {
  readonly label: string;
  /** What no choice is called, e.g. `All channels`. */
  readonly all: string;
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly onChange: (value: string) => void;
}) {
  const isKnown = value === "" || options.some((option) => option.value === value);
  return (
    <select
      class={`select ${value === "" ? "" : "chosen"}`}
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    >
      <option value="">{all}</option>
      {!isKnown && <option value={value}>{value}</option>}
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </select>
  );
}
