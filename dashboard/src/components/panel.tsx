import type { ComponentChildren } from "preact";

export function Panel({
  title,
  aside,
  flush,
  children,
}: {
  readonly title?: ComponentChildren;
  readonly aside?: ComponentChildren;
  /** Content that reaches the panel's edges, such as a table. */
  readonly flush?: boolean;
  readonly children: ComponentChildren;
}) {
  return (
    <section class={`panel ${flush ? "flush" : ""}`}>
      {title !== undefined && (
        <header class="panel-head">
          <h2>{title}</h2>
          {aside !== undefined && <div class="panel-aside">{aside}</div>}
        </header>
      )}
      <div class="panel-body">{children}</div>
    </section>
  );
}
