import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { Icon } from "./icon.tsx";

/** A page's title (also the document's), the page above it, and the actions on it. */
export function PageHead({
  title,
  documentTitle,
  parent,
  lead,
  children,
}: {
  readonly title: ComponentChildren;
  readonly documentTitle: string;
  readonly parent?: { readonly href: string; readonly label: string };
  readonly lead?: ComponentChildren;
  readonly children?: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${documentTitle} · Holdfast`;
  }, [documentTitle]);
  return (
    <header class="page-head">
      <div class="page-title">
        {parent !== undefined && (
          <a class="crumb" href={parent.href}>
            <Icon name="back" />
            {parent.label}
          </a>
        )}
        <h1>{title}</h1>
        {lead !== undefined && <p class="muted">{lead}</p>}
      </div>
      {children !== undefined && <div class="page-actions">{children}</div>}
    </header>
  );
}
