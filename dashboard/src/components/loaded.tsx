import type { ComponentChildren } from "preact";
import { messageOf, RequestError } from "../api/problem.ts";
import type { Resource } from "../live/resource.ts";
import { Empty } from "./empty.tsx";
import { Notice } from "./notice.tsx";
import { PageHead } from "./page-head.tsx";
import { Panel } from "./panel.tsx";

/**
 * The states of loaded data: skeleton, error, content, content with an error above it where reloading failed,
 * and for a page of one thing that there is no such thing.
 */
export function Loaded<T>({
  resource,
  skeleton,
  missing,
  children,
}: {
  readonly resource: Resource<T>;
  readonly skeleton: ComponentChildren;
  /** What a page is about, e.g. `order`, with its name, and the list that it is of. */
  readonly missing?: {
    readonly what: string;
    readonly name: string;
    readonly list: { readonly href: string; readonly label: string };
  };
  readonly children: (data: T) => ComponentChildren;
}) {
  const { data, error, reload } = resource;
  const isMissing = error instanceof RequestError && error.code === "not_found";
  if (missing !== undefined && isMissing && data === undefined) {
    return (
      <>
        <PageHead
          title={`There is no such ${missing.what}`}
          documentTitle={`No such ${missing.what}`}
          parent={missing.list}
        />
        <Panel>
          <Empty icon="search" title={missing.name}>
            <p>Look whether the number is right: it may have been cut when it was copied.</p>
            <p>
              <a class="button" href={`${missing.list.href}?q=${encodeURIComponent(missing.name)}`}>
                Search for it in {missing.list.label}
              </a>
            </p>
          </Empty>
        </Panel>
      </>
    );
  }
  const notice = error !== undefined && (
    <Notice tone="bad" action={{ label: "Try again", run: reload }}>
      {messageOf(error)}
    </Notice>
  );
  if (data === undefined) {
    return notice || <div aria-busy="true">{skeleton}</div>;
  }
  return (
    <>
      {notice}
      {children(data)}
    </>
  );
}
