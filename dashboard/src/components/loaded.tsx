import type { ComponentChildren } from "preact";
import { messageOf } from "../api/problem.ts";
import type { Resource } from "../live/resource.ts";
import { Notice } from "./notice.tsx";

/**
 * The four states of loaded data: skeleton, error, content, and content with an error above it where
 * reloading failed.
 */
export function Loaded<T>({
  resource,
  skeleton,
  children,
}: {
  readonly resource: Resource<T>;
  readonly skeleton: ComponentChildren;
  readonly children: (data: T) => ComponentChildren;
}) {
  const { data, error, reload } = resource;
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
