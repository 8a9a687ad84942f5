import type { ComponentChildren } from "preact";

/**
 * A labelled control with its hint, and what is wrong with it. The control is the child: the label covers it.
 */
export function Field({
  label,
  hint,
  problem,
  children,
}: {
  readonly label: string;
  readonly hint?: string;
  /** Null: nothing is wrong. */
  readonly problem?: string | null;
  readonly children: ComponentChildren;
}) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child.
    <label class="field">
      <span class="field-label">{label}</span>
      {children}
      {hint !== undefined && <span class="field-hint">{hint}</span>}
      {problem != null && (
        <span class="field-problem" role="alert">
          {problem}
        </span>
      )}
    </label>
  );
}
