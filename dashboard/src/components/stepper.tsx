/** A small whole number, changed by thumb. */
export function Stepper({
  label,
  value,
  most,
  onChange,
}: {
  readonly label: string;
  readonly value: number;
  readonly most: number;
  readonly onChange: (value: number) => void;
}) {
  return (
    <span class="stepper">
      <button
        type="button"
        disabled={value === 0}
        aria-label={`One ${label} less`}
        onClick={() => onChange(value - 1)}
      >
        −
      </button>
      <output aria-label={`${label}: ${value}`}>{value}</output>
      <button
        type="button"
        disabled={value >= most}
        aria-label={`One ${label} more`}
        onClick={() => onChange(value + 1)}
      >
        +
      </button>
    </span>
  );
}
